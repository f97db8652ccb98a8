import { type Logger, pino } from 'pino';
import type { Call } from '../call.js';
import type { Config } from '../config/config.js';
import type { Outcome } from '../http/metrics.js';
import type { Exchange } from './exchange.js';

/** Internals of pino's logger: the JSON of its bindings, and its stream. */
interface PinoInternals {
  [pino.symbols.chindingsSym]: string;
  [pino.symbols.streamSym]: { write: (line: string) => unknown };
}

interface Response {
  operation: string;
  outcome: Outcome;
  status: number;
  /** Time since the arrival of the request. */
  durationMs: number;
}

/**
 * Writes one line of the log for each request, or for those that fail, in pino's format. pino itself serializes arbitrary objects, which takes
 * several times as long as this template.
 */
export class RequestLog {
  readonly #requests: Config['requestLog'];
  /** JSON of a line up to the time. */
  readonly #beginning: string;
  /** JSON of the members that every line has. */
  readonly #bindings: string;
  readonly #stream: PinoInternals[typeof pino.symbols.streamSym];

  constructor(logger: Logger, requests: Config['requestLog']) {
    const parts = logger as unknown as PinoInternals;
    this.#requests = logger.isLevelEnabled('info') ? requests : 'off';
    this.#beginning = `{"level":${logger.levels.values['info']},"time":`;
    this.#bindings = parts[pino.symbols.chindingsSym];
    this.#stream = parts[pino.symbols.streamSym];
  }

  write({ id, found: { api }, call }: Exchange, { operation, outcome, status, durationMs }: Response): void {
    if (this.#requests === 'off' || (this.#requests === 'errors' && outcome === 'ok')) return;
    this.#stream.write(
      `${this.#beginning}${Date.now()}${this.#bindings},"requestId":"${id}","api":"${api.name}","operation":"${operation}"${call ? callerOf(call) : ''},` +
        `"outcome":"${outcome}","status":${status},"durationMs":${Math.round(durationMs * 1000) / 1000}}\n`,
    );
  }
}

function callerOf({ record: { keyArns }, principal }: Call): string {
  const arns = keyArns.length === 0 ? '' : `"${keyArns.join('","')}"`;
  return `,"keyArns":[${arns}],"principal":${JSON.stringify(principal.arn)}`;
}
