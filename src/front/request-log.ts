import type { Call } from '../call.js';
import type { Config } from '../config/config.js';
import type { Outcome } from '../http/metrics.js';
import type { Log, LogDestination } from '../logger.js';
import { quoted } from '../quoted.js';
import type { Exchange } from './exchange.js';

interface Response {
  operation: string;
  outcome: Outcome;
  status: number;
  /** Time since the arrival of the request. */
  durationMs: number;
}

/**
 * Writes one line of the log for each request, or for those that fail, in pino's format. pino itself serializes
 * arbitrary objects, which takes several times as long as this template.
 */
export class RequestLog {
  readonly #requests: Config['requestLog'];
  /** JSON of a line up to the time. */
  readonly #beginning: string;
  /** JSON of the members that every line has. */
  readonly #bindings: string;
  readonly #destination: LogDestination;

  constructor({ logger, destination }: Log, requests: Config['requestLog']) {
    this.#requests = logger.isLevelEnabled('info') ? requests : 'off';
    this.#beginning = `{"level":${logger.levels.values['info']},"time":`;
    this.#bindings = Object.entries(logger.bindings())
      .map(([name, value]) => `,${quoted(name)}:${JSON.stringify(value)}`)
      .join('');
    this.#destination = destination;
  }

  write({ id, found: { api }, call }: Exchange, { operation, outcome, status, durationMs }: Response): void {
    if (this.#requests === 'off' || (this.#requests === 'errors' && outcome === 'ok')) return;
    this.#destination.write(
      `${this.#beginning}${Date.now()}${this.#bindings},"requestId":${quoted(id)},"api":${quoted(api.name)},` +
        `"operation":${quoted(operation)},${call ? callerOf(call) : ''}"outcome":${quoted(outcome)},"status":${status},` +
        `"durationMs":${Math.round(durationMs * 1000) / 1000}}\n`,
    );
  }
}

function callerOf({ record: { keyArns }, principal }: Call): string {
  return `"keyArns":[${keyArns.map(quoted).join()}],"principal":${quoted(principal.arn)},`;
}
