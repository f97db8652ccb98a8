import { Injectable } from '@nestjs/common';

/** Allowed peers that a report lists. */
const MAX_PEERS = 100;

/** The report of a listener for host commands about itself. Counts begin with the process. */
export interface ListenerReport {
  /** Address and port. */
  address: string;
  region: string;
  tls: boolean;
  /** True if hosts must have a client certificate. */
  clientCertificate: boolean;
  /** Principals by certificate, at most 100; without a certificate, any host has the principal. */
  peers: { certificate?: string; principal: string }[];
  peerCount: number;
  connections: number;
  maxConnections: number;
  refusedConnections: number;
  commands: { command: string; served: number; refused: number }[];
  /** Refused commands by the error code of their replies. */
  errors: { code: string; count: number }[];
}

/** The part of a listener's configuration that its report shows. */
export interface ReportedConfig {
  readonly region: string;
  readonly principal?: string | undefined;
  readonly principals: ReadonlyMap<string, string>;
  readonly maxConnections: number;
  readonly tls?: { readonly ca?: unknown } | undefined;
}

/** Counts a listener's connections, commands and errors. */
export class ListenerCounts {
  connections = 0;
  refusedConnections = 0;
  readonly #commands = new Map<string, { served: number; refused: number }>();
  readonly #errors = new Map<string, number>();

  /**
   * Counts an answered command.
   *
   * @param command one of the listener's commands, or `unknown`
   * @param error error code of the reply; undefined for a successful command
   */
  count(command: string, error: string | undefined): void {
    let counts = this.#commands.get(command);
    if (!counts) this.#commands.set(command, (counts = { served: 0, refused: 0 }));
    if (error === undefined) counts.served += 1;
    else {
      counts.refused += 1;
      this.#errors.set(error, (this.#errors.get(error) ?? 0) + 1);
    }
  }

  report(address: string, { region, principal, principals, maxConnections, tls }: ReportedConfig): ListenerReport {
    const { connections, refusedConnections } = this;
    const peers =
      principal === undefined
        ? [...principals].map(([certificate, owner]) => ({ certificate, principal: owner }))
        : [{ principal }];
    return {
      ...{ address, region, maxConnections, connections, refusedConnections },
      tls: tls !== undefined,
      clientCertificate: tls?.ca !== undefined,
      peers: peers.slice(0, MAX_PEERS),
      peerCount: peers.length,
      commands: [...this.#commands].map(([command, counts]) => ({ command, ...counts })),
      errors: [...this.#errors].map(([code, count]) => ({ code, count })),
    };
  }
}

/** The reports of this process's listeners, which all processes of the deployment can show. */
@Injectable()
export class ListenerReports {
  readonly #reporters: (() => ListenerReport)[] = [];

  add(report: () => ListenerReport): void {
    this.#reporters.push(report);
  }

  all(): ListenerReport[] {
    return this.#reporters.map((report) => report());
  }
}
