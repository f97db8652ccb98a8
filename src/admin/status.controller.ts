import { Inject } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Call } from '../call.js';
import { auditSinkText } from '../config/audit-sinks.js';
import { CONFIG, type Config } from '../config/config.js';
import { epochSeconds } from '../http/fields.js';
import { OperationsController } from '../http/operation.js';
import { TokenStatus } from '../provider/token-status.js';
import { AdminOperation } from './admin-operation.js';
import { presentVerification } from './audit.presenter.js';
import { ChainVerification } from './chain-verification.js';
import { masterKeyStatus } from './master-key-status.js';
import { type Node, Nodes } from './nodes.js';
import { GetStatusOutput } from './status.schema.js';

@OperationsController('status')
export class StatusController {
  constructor(
    private readonly database: DataSource,
    private readonly nodes: Nodes,
    private readonly verification: ChainVerification,
    private readonly token: TokenStatus,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @AdminOperation({
    name: 'GetStatus',
    route: ['GET', 'status'],
    resource: 'nothing',
    summary: 'Gets the state of the deployment',
    description:
      'Returns the processes that run with their listeners for host commands, and the state of the database, the master key, ' +
      'replication and the audit log. ' +
      'It contains no secrets, and no data about individual keys.',
    example: 'http://127.0.0.1:8080/admin/status',
    output: GetStatusOutput,
  })
  async get(_call: Call): Promise<GetStatusOutput> {
    const nodes = await this.nodes.list();
    return {
      Nodes: nodes.map(({ host, pid, version, workers, startedAt, lastSeenAt, auditWaiting }) => ({
        Host: host,
        Pid: pid,
        Version: version,
        Workers: workers,
        Started: epochSeconds(startedAt),
        LastSeen: epochSeconds(lastSeenAt),
        AuditWaiting: auditWaiting,
      })),
      Database: await this.#databaseStatus(),
      MasterKey: await masterKeyStatus(this.database.manager, this.config),
      Token: this.#tokenStatus(),
      Replication: await this.#replicationStatus(),
      Audit: { Sinks: this.config.audit.map(auditSinkText), Verified: await this.#verified() },
      Listeners: nodes.flatMap(listenersOf),
    };
  }

  async #databaseStatus(): Promise<GetStatusOutput['Database']> {
    const [row] = await this.database.query<{ Version: string; Migration: string }[]>(
      `SELECT current_setting('server_version') AS "Version",
              (SELECT name FROM migrations ORDER BY id DESC LIMIT 1) AS "Migration"`,
    );
    const { Version = '', Migration = '' } = row ?? {};
    return { Kind: this.config.databaseUrls === undefined ? 'embedded' : 'external', Version, Migration };
  }

  #tokenStatus(): GetStatusOutput['Token'] {
    const { label, state } = this.token;
    return label === undefined
      ? undefined
      : { Label: label, Reachable: state === 'reachable', Sessions: this.config.tokens.sessions };
  }

  /** Due times are by the database's clock, as in replication itself. */
  #replicationStatus(): Promise<GetStatusOutput['Replication']> {
    return this.database.query<GetStatusOutput['Replication']>(
      `SELECT region AS "Region", count(due_at)::int AS "Waiting",
              greatest(0, coalesce(extract(epoch FROM now() - min(due_at)), 0))::float8 AS "OldestSeconds",
              (count(*) FILTER (WHERE status = 'FAILED'))::int AS "Failed"
         FROM replications GROUP BY region ORDER BY region`,
    );
  }

  async #verified(): Promise<GetStatusOutput['Audit']['Verified']> {
    const latest = await this.verification.latest();
    if (!latest) return undefined;
    const { State, Ended } = presentVerification(latest);
    return { State, Ended };
  }
}

function listenersOf({ host, pid, listeners }: Node): GetStatusOutput['Listeners'] {
  return (listeners ?? []).map((listener) => ({
    Host: host,
    Pid: pid,
    Address: listener.address,
    Region: listener.region,
    Tls: listener.tls,
    ClientCertificate: listener.clientCertificate,
    AllowedPeers: listener.peers.map(({ certificate, principal }) => ({
      Certificate: certificate,
      Principal: principal,
    })),
    AllowedPeerCount: listener.peerCount,
    Connections: listener.connections,
    MaxConnections: listener.maxConnections,
    RefusedConnections: listener.refusedConnections,
    Commands: listener.commands.map(({ command, served, refused }) => ({
      Command: command,
      Served: served,
      Refused: refused,
    })),
    Errors: listener.errors.map(({ code, count }) => ({ Code: code, Count: count })),
  }));
}
