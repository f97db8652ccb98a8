import type { Logger } from 'pino';
import { callEvent, unauthenticatedEvent } from '../audit/audit-event.js';
import type { AuditLog } from '../audit/audit-log.js';
import { type Call, CallRecord, isDataCall, type Principal } from '../call.js';
import type { StaleServing } from '../changes/stale-serving.js';
import type { Clock } from '../clock.js';
import type { TokenBuckets } from '../front/token-buckets.js';
import type { Metrics } from '../http/metrics.js';
import { CONTROL_PLANE } from '../payment/api.js';
import { quoted } from '../quoted.js';
import { whenReady } from '../when-ready.js';
import { HOST_COMMANDS } from './api.js';
import { HostCall, type HostCommand, type HostServices, type ListenerServices, type Reply } from './command.js';
import { framed, type Message } from './framing.js';
import { replyCode } from './layouts/layout.js';
import { hostErrorOf } from './host-error-of.js';
import { HostError, type HostErrorCode } from './host-error.js';
import type { HostPrincipals } from './host-principals.js';
import { RequestFields } from './layouts/request-fields.js';
import type { ListenerCounts } from './listener-reports.js';
import { HostOrigin, type Peer } from './peer.js';

const COMMAND_MS = 10_000;
const NO_FIELDS: Reply = { fields: [] };

/** The listener that a dispatcher serves. */
export interface Served {
  /** Address for audit events and the log, e.g. `127.0.0.1:1500`. */
  readonly name: string;
  readonly headerLength: number;
  readonly maxConnections: number;
  readonly region: string;
  readonly accountId: string;
  readonly counts: ListenerCounts;
}

export interface DispatcherOptions {
  readonly served: Served;
  /** The commands that are on. */
  readonly commands: readonly HostCommand[];
  readonly services: Omit<HostServices, 'listener'>;
  readonly checkValue: ListenerServices['checkValue'];
  readonly principals: HostPrincipals;
  readonly audit: AuditLog;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly staleServing: Pick<StaleServing, 'now'>;
  readonly logger: Logger;
  /** True for a call of Payment Cryptography that needs approvals. */
  readonly needsApproval: (call: Call) => boolean | Promise<boolean>;
  /** Undefined for no limit. */
  readonly rate: TokenBuckets | undefined;
}

/** An enabled command, with its requirements. */
interface Row {
  readonly command: HostCommand;
  readonly operation: string;
  /** `requestParameters` of its events: JSON without the closing brace. */
  readonly parameters: string;
}

/** A message and its reply. */
class Exchange {
  readonly api = HOST_COMMANDS;
  readonly record = new CallRecord();
  readonly receivedAtMs = performance.now();
  /** Set once the caller is known. */
  call?: Call;
  trailer?: Buffer;
  isAnswered = false;
  /** Check values of the keys under an LMK that the command uses. */
  readonly checkValues: string[] = [];

  constructor(
    readonly message: Buffer,
    readonly headerLength: number,
    readonly code: string,
    readonly row: Row | undefined,
    readonly peer: Peer,
  ) {}

  get operation(): string {
    return this.row?.operation ?? 'Unknown';
  }

  /** Identifies the command in the log and in its audit event: no host sees it, so one identifier is enough. */
  get id(): string {
    return this.record.eventId;
  }
}

/**
 * Runs the commands of a listener: finds the caller, reads the fields, executes, and records each command before it is
 * answered.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #rows: ReadonlyMap<string, Row>;
  readonly #services: HostServices;
  readonly #bucket: string;
  /** Number of pending commands. */
  #waiting = 0;

  constructor(options: DispatcherOptions) {
    const { served, commands, services, checkValue } = options;
    this.#options = options;
    this.#rows = new Map(
      commands.map((command) => {
        const parameters = this.#parameters(command.code);
        return [command.code, { command, operation: command.operation ?? command.code, parameters }];
      }),
    );
    const run: ListenerServices['run'] = (host, message, headerLength) => this.#within(host, message, headerLength);
    this.#services = { ...services, listener: { ...served, checkValue, run } };
    this.#bucket = `${HOST_COMMANDS.name}/${served.accountId}/${served.region}`;
  }

  /** Number of pending commands, including those of disconnected hosts. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Answers a message. Never throws or rejects.
   *
   * @returns the reply with its length; a promise only if something isn't cached, or takes a long time
   */
  answer({ bytes, isTooLong }: Message, peer: Peer): Buffer | Promise<Buffer> {
    const exchange = this.#exchange(bytes, this.#options.served.headerLength, peer);
    if (isTooLong) return this.#refuse(exchange, new HostError('80', 'The message is longer than the listener takes'));
    return this.#execute(exchange);
  }

  #exchange(message: Buffer, headerLength: number, peer: Peer): Exchange {
    const code = message.toString('latin1', headerLength, headerLength + 2);
    return new Exchange(message, headerLength, code, this.#rows.get(code), peer);
  }

  #execute(exchange: Exchange): Buffer | Promise<Buffer> {
    const { audit, principals } = this.#options;
    try {
      if (audit.isFull) throw new HostError('41', 'Too many audit events wait to be written');
      const principal = principals.get(exchange.peer.principalArn, isDataCall(exchange));
      if (principal instanceof Promise)
        return this.#later(
          exchange,
          principal.then((found) => this.#run(exchange, found)),
        );
      const reply = this.#run(exchange, principal);
      return reply instanceof Promise ? this.#later(exchange, reply) : this.#complete(exchange, reply);
    } catch (error) {
      return this.#refuse(exchange, error);
    }
  }

  #run(exchange: Exchange, principal: Principal | undefined): Reply | Promise<Reply> {
    const { id, record, row, code, peer, message, headerLength, checkValues } = exchange;
    const { served, staleServing, metrics, rate } = this.#options;
    if (!principal) throw new HostError('68', `The caller ${peer.principalArn} doesn't exist`);
    const call: Call = {
      requestId: id,
      api: exchange.api,
      operation: exchange.operation,
      principal,
      region: served.region,
      origin: new HostOrigin(peer, staleServing.now(isDataCall(exchange))),
      record,
    };
    exchange.call = call;
    if (!row) throw new HostError('68', `The command ${shown(code)} is unknown or off`);
    if (rate?.take(this.#bucket) === false) {
      metrics.countThrottled('dataPlane');
      throw new HostError('41', 'Rate exceeded');
    }

    const { settings } = this.#services;
    const fields = new RequestFields(message, headerLength + 2, settings);
    const request = row.command.parse(fields);
    const named = fields.lmk();
    const lmk = named ?? settings.defaultLmk;
    const trailer = fields.end();
    if (trailer.length > 0) exchange.trailer = trailer;
    if (!settings.lmks.has(lmk)) throw new HostError('13', `LMK identifier: there is no LMK ${lmk}`);
    const origin = { command: code, namesLmk: named !== undefined, checkValues };
    const host = new HostCall(call, lmk, this.#services, origin);
    const isExport = row.operation === 'ExportKey' || row.command.exports?.(request) === true;
    if (!isExport) return row.command.execute(request, host);
    const exporting = { ...call, api: CONTROL_PLANE, operation: 'ExportKey' };
    return whenReady(this.#options.needsApproval(exporting), (isNeeded) => {
      if (isNeeded) throw new HostError('29', 'Exports need an approval, which a host command cannot wait for');
      return row.command.execute(request, host);
    });
  }

  /** Waits for a reply, up to the time limit of a command. */
  #later(exchange: Exchange, running: Promise<Reply>): Promise<Buffer> {
    this.#waiting++;
    return new Promise<Buffer>((resolve) => {
      const timer = setTimeout(() => {
        resolve(this.#refuse(exchange, new HostError('41', `The command took longer than ${COMMAND_MS / 1000} s`)));
      }, COMMAND_MS);
      void running
        .then(
          (reply) => this.#complete(exchange, reply),
          (error: unknown) => this.#refuse(exchange, error),
        )
        .then((reply) => {
          clearTimeout(timer);
          this.#waiting--;
          resolve(reply);
        });
    });
  }

  #complete(exchange: Exchange, reply: Reply): Buffer {
    if (reply.code !== undefined) exchange.record.created({ code: reply.code });
    const framedReply = this.#framed(exchange, reply.code ?? '00', reply);
    if (!framedReply) return this.#refuse(exchange, new HostError('80', 'The reply is longer than a message can be'));
    this.#record(exchange, reply.code ?? '00');
    return framedReply;
  }

  #refuse(exchange: Exchange, thrown: unknown): Buffer {
    const error = hostErrorOf(thrown, exchange.id, this.#options.logger);
    this.#record(exchange, error.code, error);
    return this.#framed(exchange, error.code, NO_FIELDS) as Buffer;
  }

  #framed({ message, headerLength, code, trailer }: Exchange, error: HostErrorCode | '00', { fields }: Reply) {
    return framed({ message, headerLength, code: replyCode(code), error, fields, trailer });
  }

  /** Records a command before it is answered, so that it is recorded even if its host has disconnected. */
  #record(exchange: Exchange, code: HostErrorCode | '00', error?: HostError): void {
    // It may already have been answered because of the time limit.
    if (exchange.isAnswered) return;
    exchange.isAnswered = true;
    const { audit, metrics, logger, served } = this.#options;
    const { id, call, record, row, receivedAtMs } = exchange;
    const failure = error && { name: error.code, message: error.message };
    if (call) {
      if (!record.isWritten) audit.record(callEvent(call, failure, this.#parametersOf(exchange)));
      record.written();
    } else if (failure && !audit.isFull) audit.record(this.#anonymousEvent(exchange, failure));

    const durationMs = performance.now() - receivedAtMs;
    const command = row?.command.code ?? 'unknown';
    metrics.count(HOST_COMMANDS.name, command, code, durationMs / 1000);
    served.counts.count(command, error?.code ?? (code === '00' ? undefined : code));
    if (logger.isLevelEnabled('debug'))
      logger.debug(
        {
          requestId: id,
          api: HOST_COMMANDS.name,
          listener: served.name,
          command,
          code,
          reason: error?.message,
          durationMs,
        },
        'host command',
      );
  }

  #parameters(command: string): string {
    return JSON.stringify({ listener: this.#options.served.name, command }).slice(0, -1);
  }

  /**
   * Formats `requestParameters`. They contain only the command's code and the check values of its keys: fields hold
   * keys, PIN blocks and account numbers.
   */
  #parametersOf({ row, code, checkValues }: Exchange): string {
    const parameters = row?.parameters ?? this.#parameters(shown(code));
    if (checkValues.length === 0) return `${parameters}}`;
    return `${parameters},"keyCheckValues":[${checkValues.map(quoted).join()}]}`;
  }

  #anonymousEvent({ id, api, operation, peer }: Exchange, failure: { name: string; message: string }): string {
    const { served, clock } = this.#options;
    const { accountId, region } = served;
    const request = { requestId: id, api, operation, accountId, region };
    return unauthenticatedEvent({ ...request, origin: new HostOrigin(peer, clock.now()) }, failure);
  }

  #within({ call }: HostCall, message: Buffer, headerLength: number): Buffer | Promise<Buffer> {
    const { origin, principal } = call;
    const { sourceIp, secureTransport, tlsDetails } = origin;
    const peer = { sourceIp, secureTransport, tlsDetails, principalArn: principal.principalArn };
    const reply = this.#execute(this.#exchange(message, headerLength, peer));
    return reply instanceof Promise ? reply.then(withoutLength) : withoutLength(reply);
  }
}

function withoutLength(reply: Buffer): Buffer {
  return reply.subarray(2);
}

/** Returns a command code for events: hexadecimal unless it consists of letters and digits. */
function shown(code: string): string {
  return /^[A-Za-z0-9]{2}$/.test(code) ? code : Buffer.from(code, 'latin1').toString('hex');
}
