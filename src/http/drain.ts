import type { Server } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * The period between the signal to stop and the stop, in which load balancers learn from `/readyz` to send requests
 * elsewhere. Requests are served as before, but each response closes its connection, so that clients open the next one
 * elsewhere.
 */
export class Drain {
  #hasBegun = false;

  /** @param seconds 0 to stop without a drain */
  constructor(private readonly seconds: number) {}

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Begins the drain, and returns at its end. */
  async run(server: Server): Promise<void> {
    this.#hasBegun = true;
    server.prependListener('request', (_request, response) => response.setHeader('connection', 'close'));
    await pause(this.seconds * 1000);
  }
}
