import type { Logger } from 'pino';

export interface RoundsOptions {
  intervalMs: number;
  /** Does the work of one round. */
  round: () => void | Promise<void>;
  logger: Logger;
  /** Log message for a round that fails; the error is logged with it. */
  failure: string;
}

/**
 * Work that a process repeats in the background, such as looking for due deletions. Rounds never overlap: a round that
 * is due while another is still running is skipped. A repeated failure is logged only once.
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

  /** Starts the timer, which doesn't keep the process alive. The first round runs after one interval. */
  start(): void {
    this.#timer = setInterval(() => void this.run(), this.#options.intervalMs).unref();
  }

  /** True once the rounds are being stopped, so that long work can end early. */
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
