import type { Logger } from 'pino';

export interface RoundsOptions {
  intervalMs: number;
  /** Does the work of one round. */
  round: () => void | Promise<void>;
  logger: Logger;
  /** The message of the log if a round fails; its error is logged beside it. */
  failure: string;
}

/**
 * Work that a process repeats in the background, such as looking for due deletions. Rounds never overlap: one that is
 * due while another is still running is skipped. A failure is logged once for as long as it stays the same.
 */
export class Rounds {
  readonly #options: RoundsOptions;
  #timer?: NodeJS.Timeout;
  #running?: Promise<void>;
  #problem?: string;
  #isStopped = false;

  constructor(options: RoundsOptions) {
    this.#options = options;
  }

  /** Starts the timer, which doesn't keep the process alive. The first round is an interval away. */
  start(): void {
    this.#timer = setInterval(() => void this.run(), this.#options.intervalMs).unref();
  }

  /** True once the rounds are being stopped: long work may end early. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Stops the timer and waits for the round that is running. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#running;
  }

  /** Runs a round at once, or waits for the one that is running. Never rejects. */
  run(): Promise<void> {
    this.#running ??= this.#attempt().finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #attempt(): Promise<void> {
    const { round, logger, failure } = this.#options;
    try {
      await round();
      this.#problem = undefined;
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.#problem) logger.error({ error: message }, failure);
      this.#problem = message;
    }
  }
}
