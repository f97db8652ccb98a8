import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { Rounds } from '../../../changes/rounds.js';
import { Clock } from '../../../clock.js';
import { endDeletion } from '../../keys/key-life-cycle.js';
import { KeyRepository } from '../../keys/key.repository.js';
import { LOGGER } from '../../../logger.js';

const INTERVAL_MS = 60_000;

/** Destroys keys within a minute of the end of their waiting period. Every node runs this worker. */
@Injectable()
export class KeyDeletionWorker implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #rounds: Rounds;

  constructor(
    private readonly keys: KeyRepository,
    private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    const failure = 'keys due for deletion could not be destroyed; retrying every minute';
    this.#rounds = new Rounds({ intervalMs: INTERVAL_MS, round: () => this.run(), logger, failure });
  }

  onApplicationBootstrap(): void {
    this.#rounds.start();
    void this.#rounds.run();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#rounds.stop();
  }

  /** Runs until no key is due. */
  async run(): Promise<void> {
    const now = this.clock.now();
    for (;;) {
      const deleted = await this.keys.endDeletions(now, endDeletion(now));
      for (const keyArn of deleted) this.logger.info({ keyArn }, 'key deleted');
      if (deleted.length === 0 || this.#rounds.isStopped) return;
    }
  }
}
