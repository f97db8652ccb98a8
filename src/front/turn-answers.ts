import type { ServerResponse } from 'node:http';
import type { Logger } from 'pino';

interface Answer {
  readonly response: ServerResponse;
  readonly status: number;
  /** Alternating names and values. */
  readonly headers: readonly string[];
  readonly body: string;
}

/**
 * Sends answers at the end of the event loop's turn, all together: a write wakes the client, and a client that runs on
 * the same machine then competes with the other requests of the turn. See docs/adr/0018.
 */
export class TurnAnswers {
  #waiting: Answer[] = [];

  constructor(private readonly logger: Logger) {}

  send(answer: Answer): void {
    if (this.#waiting.push(answer) === 1) setImmediate(() => this.#sendAll());
  }

  #sendAll(): void {
    const answers = this.#waiting;
    this.#waiting = [];
    for (const { response, status, headers, body } of answers)
      try {
        response.writeHead(status, headers as string[]).end(body);
      } catch (error) {
        this.logger.error({ error: (error as Error).message }, 'an answer could not be sent');
        response.destroy();
      }
  }
}
