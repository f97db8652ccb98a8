import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { Clock } from '../../../clock.js';
import { endDeletion } from '../../keys/key-life-cycle.js';
import { KeyRepository } from '../../keys/key.repository.js';
import { LOGGER } from '../../../logger.js';

const INTERVAL_MS = 60_000;

/** Destroys keys within a minute of the end of their waiting period. Every node runs this worker. */
@Injectable()
export class KeyDeletionWorker implements OnApplicationBootstrap, OnApplicationShutdown {
  #timer?: NodeJS.Timeout;
  #run: Promise<void> = Promise.resolve();

  constructor(
    private readonly keys: KeyRepository,
    private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    const run = () => {
      this.#run = this.run().catch((error: unknown) => {
        this.logger.error(
          { error: (error as Error).message },
          'keys due for deletion could not be destroyed; tried again in a minute',
        );
      });
    };
    run();
    this.#timer = setInterval(run, INTERVAL_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.#run;
  }

  /** Runs until no key is due. */
  async run(): Promise<void> {
    const now = this.clock.now();
    for (;;) {
      const deleted = await this.keys.endDeletions(now, endDeletion(now));
      for (const keyArn of deleted) this.logger.info({ keyArn }, 'key deleted');
      if (deleted.length === 0) return;
    }
  }
}
