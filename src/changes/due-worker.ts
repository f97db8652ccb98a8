import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import type { DestructionWatch } from './destruction-watch.js';
import { Rounds } from './rounds.js';

const INTERVAL_MS = 60_000;

/** Processes items that are due by the database's clock, at the start and every minute. Every node runs it. */
export abstract class DueWorker implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #rounds: Rounds;

  /** @param failure log message for a round that fails */
  constructor(
    protected readonly watch: DestructionWatch,
    protected readonly logger: Logger,
    failure: string,
  ) {
    this.#rounds = new Rounds({ intervalMs: INTERVAL_MS, round: () => this.run(), logger, failure });
  }

  onApplicationBootstrap(): void {
    this.#rounds.start();
    void this.#rounds.run();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#rounds.stop();
  }

  /** Processes all items that are due now. */
  async run(): Promise<void> {
    await this.doDue(await this.watch.look());
  }

  /** Processes all items that are due at a time of the database's clock. */
  abstract doDue(now: Date): Promise<void>;

  /**
   * Works batch by batch, until none is left or the process stops.
   *
   * @param work processes the batch after a position, or the first one; returns its last position, or undefined if
   *   nothing was due
   */
  protected async inBatches(work: (after: string | undefined) => Promise<string | undefined>): Promise<void> {
    let after: string | undefined;
    do after = await work(after);
    while (after !== undefined && !this.#rounds.isStopped);
  }
}
