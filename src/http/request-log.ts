import type { FastifyRequest } from 'fastify';
import { type Logger, pino } from 'pino';
import type { Call } from '../call.js';
import type { Outcome } from './metrics.js';

/** What pino has for who writes lines of its log. */
interface Parts {
  [pino.symbols.chindingsSym]: string;
  [pino.symbols.streamSym]: { write: (line: string) => unknown };
}

/** What became of a request. */
interface Answered {
  operation: string;
  outcome: Outcome;
  status: number;
  /** Since the request came. */
  durationMs: number;
}

/**
 * One line of the log for every request, as pino would make it. It is written out here because there is one for every request:
 * pino looks for the JSON of any object there may be, and takes several times as long.
 */
export class RequestLog {
  readonly #isOn: boolean;
  /** Up to the time. */
  readonly #beginning: string;
  /** What every line of the log has. */
  readonly #bindings: string;
  readonly #stream: Parts[typeof pino.symbols.streamSym];

  constructor(logger: Logger) {
    const parts = logger as unknown as Parts;
    this.#isOn = logger.isLevelEnabled('info');
    this.#beginning = `{"level":${logger.levels.values['info']},"time":`;
    this.#bindings = parts[pino.symbols.chindingsSym];
    this.#stream = parts[pino.symbols.streamSym];
  }

  write({ id, call }: FastifyRequest, { operation, outcome, status, durationMs }: Answered): void {
    if (!this.#isOn) return;
    this.#stream.write(
      `${this.#beginning}${Date.now()}${this.#bindings},"requestId":"${id}","operation":"${operation}"${call ? callerOf(call) : ''},` +
        `"outcome":"${outcome}","status":${status},"durationMs":${Math.round(durationMs * 1000) / 1000}}\n`,
    );
  }
}

function callerOf({ record: { keyArns }, principal }: Call): string {
  const arns = keyArns.length === 0 ? '' : `"${keyArns.join('","')}"`;
  return `,"keyArns":[${arns}],"principal":${JSON.stringify(principal.arn)}`;
}
