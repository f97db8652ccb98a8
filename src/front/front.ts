import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { AuditLog } from '../audit/audit-log.js';
import type { CredentialStore } from '../auth/credentials.js';
import { SigV4Verifier } from '../auth/sigv4.js';
import { type Call, CallRecord, type Principal } from '../call.js';
import type { StaleServing } from '../changes/stale-serving.js';
import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import {
  ApprovalRequiredException,
  RequestEntityTooLargeException,
  type ServiceException,
  UnknownOperationException,
} from '../errors/exceptions.js';
import type { Api } from '../http/api.js';
import type { Authenticator } from '../http/authenticator.js';
import { HeaderValues } from '../http/header-values.js';
import type { RequestParts } from '../http/input.js';
import type { Metrics } from '../http/metrics.js';
import type { Log } from '../logger.js';
import { endSpan, traceRequest, withinRequest } from '../tracing/tracing.js';
import { whenReady } from '../when-ready.js';
import { readBody } from './body.js';
import { recordCall } from './call-record.js';
import { Exchange } from './exchange.js';
import type { Rates } from './rates.js';
import { exceptionOf } from './refusals.js';
import { RequestLog } from './request-log.js';
import { readConnection, RequestOrigin } from './request-origin.js';
import { Routes, type ServedOperation } from './routes.js';
import { TokenBuckets } from './token-buckets.js';
import { TurnAnswers } from './turn-answers.js';

/** Interval at which a stopping service checks for requests in progress. */
const POLL_MS = 20;

/** HTTP status of an answer without a body. */
const NO_CONTENT = 204;

/** The caller of a request, and the time at which the caller was authenticated. */
interface Caller {
  principal: Principal;
  region: string;
  now: Date;
}

export interface FrontOptions {
  config: Config;
  log: Log;
  metrics: Metrics;
  audit: AuditLog;
  rates: Rates;
  clock: Clock;
  staleServing: Pick<StaleServing, 'now'>;
  /**
   * The APIs in the order that `Apis` needs, each with the access keys that may sign its requests, or with the
   * authenticator of unsigned requests.
   */
  apis: ReadonlyMap<Api, CredentialStore | Authenticator>;
  operations: readonly ServedOperation[];
  /** Called with every call that succeeded, before it is recorded and answered. */
  succeeded: (call: Call) => void;
  /** Called with every call that was refused, before it is recorded and answered. */
  refused: (call: Call) => void;
}

/**
 * Serves every operation of every API, directly on Node.js's requests: there are no other layers between the socket and
 * the operation. See docs/adr/0023.
 */
export class Front {
  readonly #options: FrontOptions;
  readonly #routes: Routes;
  readonly #verifier: SigV4Verifier;
  readonly #buckets: Record<ReturnType<Api['rateOf']>, TokenBuckets | undefined>;
  readonly #log: RequestLog;
  readonly #answers: TurnAnswers;
  /** The requests that have no answer yet. */
  readonly #inProgress = new Set<Exchange>();

  constructor(options: FrontOptions) {
    const { apis, operations, log, config } = options;
    this.#options = options;
    this.#routes = new Routes([...apis.keys()], operations);
    this.#verifier = new SigV4Verifier(config);
    this.#buckets = { controlPlane: bucketsOf(config.controlPlaneRate), dataPlane: bucketsOf(config.dataPlaneRate) };
    this.#log = new RequestLog(log, config.requestLog);
    this.#answers = new TurnAnswers(log.logger);
  }

  /** Accepts a request whose head has arrived, and serves it when its body has arrived, too. */
  take(request: IncomingMessage, response: ServerResponse): void {
    const { audit, config } = this.#options;
    const { method = '', url = '/' } = request;
    const headers = new HeaderValues(request.rawHeaders);
    const found = this.#routes.find(method, url, headers);
    const exchange = new Exchange(request, response, headers, found);
    this.#inProgress.add(exchange);
    exchange.trace = traceRequest(headers);

    // Every call is audited, so requests are refused while the queue of the audit log is full. A request whose peer
    // address is already gone is refused, too: its event could not name a source, and the peer would not receive the
    // response.
    const isReset = !readConnection(request.socket);
    if (audit.isFull || isReset) {
      this.#refuse(exchange, found.api.exceptions.unavailable());
      return;
    }
    readBody(request, headers.get('content-length'), config.bodyLimitBytes, (body, error) => {
      exchange.isCutOff = error instanceof RequestEntityTooLargeException;
      if (!found.operation) exchange.found = this.#routes.findAction(found, method, body);
      const { operation } = exchange.found;
      if (error) this.#refuse(exchange, error);
      else if (operation) void withinRequest(exchange.trace?.span, () => this.#serve(exchange, operation, body));
      else this.#refuse(exchange, this.#unknown(exchange));
    });
  }

  /**
   * Waits for the requests in progress, which outlast their connections if the clients have disconnected. Requests that
   * exceed the deadline are refused, so that they have an audit event.
   *
   * @param deadlineMs by the monotonic clock
   */
  async finish(deadlineMs: number): Promise<void> {
    while (this.#inProgress.size > 0 && performance.now() < deadlineMs) await pause(POLL_MS);
    for (const exchange of this.#inProgress) this.#refuse(exchange, exchange.found.api.exceptions.unavailable());
  }

  /** Serves a request whose body has arrived. */
  async #serve(exchange: Exchange, operation: ServedOperation, body: Buffer): Promise<void> {
    const { request, headers, found } = exchange;
    const { api, name, status, parameters, authorize, execute } = operation;
    try {
      // Authenticate before parsing: a signature covers the body as it was sent.
      const caller = this.#callerOf(exchange, operation, body);
      const { principal, region, now } = caller instanceof Promise ? await caller : caller;
      const origin = new RequestOrigin(request.socket, headers, now);
      const record = new CallRecord();
      const { id: requestId, trace } = exchange;
      const call = { requestId, traceId: trace?.traceId, api, operation: name, principal, region, origin, record };
      exchange.call = call;
      const plane = api.rateOf(name);
      if (this.#buckets[plane]?.take(`${api.name}/${principal.accountId}/${region}`) === false) {
        this.#options.metrics.countThrottled(plane);
        throw api.exceptions.throttled();
      }

      // Validate the input. The body is validated first: its violations are reported before those of path parameters.
      const parts: RequestParts = { path: found.path, query: found.query, body };
      const inputs: unknown[] = [];
      for (let i = parameters.length - 1; i >= 0; i--) inputs[i] = parameters[i]?.read(parts);
      noteInputs(record, operation, inputs);

      // Authorize the call, then run the operation.
      const authorizing = authorize(call, inputs);
      if (authorizing) await authorizing;
      const output = execute(call, ...inputs);
      const result = output instanceof Promise ? await output : output;
      const answer = api.textOf ? api.textOf(result, exchange.id, name) : JSON.stringify(result);
      this.#options.succeeded(call);
      this.#answer(exchange, status, answer);
    } catch (error) {
      this.#refuse(exchange, error);
      // Without a call, only the caller lookup can have failed.
      const { call, exception } = exchange;
      if (!call && exception && exception.status < 500) this.#options.metrics.countSignatureFailure(exception.name);
    }
  }

  /**
   * Finds the caller of a request.
   *
   * @returns a promise only if something isn't cached
   */
  #callerOf(exchange: Exchange, { api, name }: ServedOperation, body: Buffer): Caller | Promise<Caller> {
    const { apis, clock } = this.#options;
    const { headers } = exchange;
    const source = apis.get(api);
    if (!source) throw new Error(`Nothing authenticates the callers of ${name} of ${api.name}`);
    if (!('authenticate' in source)) return this.#signerOf(exchange, api, name, source, body);
    const now = clock.now();
    const claims = (userName: string) => {
      exchange.claimedUserName = userName;
    };
    return source.authenticate({ operation: name, headers, body, now, claims }).then((caller) => ({ ...caller, now }));
  }

  /** Verifies the signature of a request. */
  #signerOf({ request, headers }: Exchange, api: Api, name: string, credentials: CredentialStore, body: Buffer) {
    const { method = '', url = '/' } = request;
    const { staleServing, config } = this.#options;
    const claim = this.#verifier.read({ method, url, headers, body });
    const mayBeStale = api.audit.isDataEvent(name);
    return whenReady(credentials.find(claim.accessKeyId, mayBeStale), (known): Caller => {
      const now = staleServing.now(mayBeStale);
      const credential = this.#verifier.verify(claim, known, api, now);
      credentials.noteUse?.(credential, now);
      return {
        principal: credential.principal,
        region: api.signatures?.ofAnyRegion ? config.region : claim.region,
        now,
      };
    });
  }

  #unknown({ request, headers }: Exchange): UnknownOperationException {
    const { method = '', url = '/' } = request;
    const methods = this.#routes.methodsAt(url, headers);
    return methods.length > 0 && !methods.includes(method)
      ? new UnknownOperationException(`Operations are called here with the method ${methods.join(' or ')}.`, 405)
      : new UnknownOperationException('No operation has this target, or this method and path.');
  }

  /** Answers an exception in the form of the API that was called. */
  #refuse(exchange: Exchange, thrown: unknown): void {
    const { api } = exchange.found;
    const error = exceptionOf(thrown, api, exchange.id, this.#options.log.logger);
    exchange.exception = error;
    if (thrown instanceof ApprovalRequiredException) exchange.approvals = thrown.sessionArns;
    if (exchange.call) this.#options.refused(exchange.call);
    const body = api.bodyOf(error, exchange.id);
    this.#answer(exchange, api.statusOf(error), api.textOf ? api.textOf(body, exchange.id) : JSON.stringify(body));
  }

  /** Records the call before answering, so that a call whose client disconnects is recorded, too. */
  #answer(exchange: Exchange, status: number, body: string): void {
    // A stopping service may have refused the request meanwhile.
    if (!this.#inProgress.delete(exchange)) return;
    const { audit, config, clock, metrics, rates } = this.#options;
    const { id, response, receivedAtMs, found, exception, trace } = exchange;
    recordCall(exchange, audit, config, clock);
    const operation = found.operation?.name ?? 'unknown';
    const outcome = exception?.name ?? 'ok';
    const durationMs = performance.now() - receivedAtMs;
    metrics.count(found.api.name, operation, outcome, durationMs / 1000);
    rates.count(found.api.name, operation, !exception, durationMs / 1000);
    this.#log.write(exchange, { operation, outcome, status, durationMs });
    if (trace?.span) endSpan(trace.span, { api: found.api.name, operation, outcome }, status >= 500);

    const headers = ['x-amzn-requestid', id];
    if (status === NO_CONTENT) {
      this.#answers.send({ response, status, headers, body: '' });
      return;
    }
    headers.push('content-type', found.api.contentType);
    if (exception) headers.push(...this.#refusalHeaders(exchange, exception));
    headers.push('content-length', String(Buffer.byteLength(body)));
    this.#answers.send({ response, status, headers, body });
  }

  #refusalHeaders({ request, headers, isCutOff, approvals }: Exchange, { name, status }: ServiceException): string[] {
    const result = ['x-amzn-errortype', name];
    if (status === 405) result.unshift('allow', this.#routes.methodsAt(request.url ?? '/', headers).join(', '));
    if (status === 401) result.push('www-authenticate', 'Bearer');
    if (approvals) result.push('x-keyblock-approval', approvals.join(', '));
    if (isCutOff) result.push('connection', 'close');
    return result;
  }
}

/** Records the inputs of an operation for its audit event, and the request body for policies. */
function noteInputs(record: CallRecord, { parameters }: ServedOperation, inputs: readonly unknown[]): void {
  let input: object | undefined;
  const others: Record<string, unknown> = {};
  for (const [i, { from, name }] of parameters.entries())
    if (from === 'body') input = inputs[i] as object;
    else if (name !== undefined) others[name] = inputs[i];
    else if (from !== 'text') Object.assign(others, inputs[i]);
  record.reads(others, input);
}

function bucketsOf(perSecond: number | undefined): TokenBuckets | undefined {
  return perSecond === undefined ? undefined : new TokenBuckets(perSecond);
}
