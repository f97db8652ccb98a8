import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { type Claim, ReplicationWork } from '../../keys/replication-work.js';
import { LOGGER } from '../../../logger.js';
import { Replicas } from './replicas.js';

const INTERVAL_MS = 1000;

/** Synchronizes replicas with their primary keys, within about a second. Every node runs this worker. */
@Injectable()
export class ReplicationWorker implements OnApplicationBootstrap, OnApplicationShutdown {
  #timer?: NodeJS.Timeout;
  #round: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(
    private readonly work: ReplicationWork,
    private readonly replicas: Replicas,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#next();
  }

  async onApplicationShutdown(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  /** Runs until no replication is due. */
  async run(): Promise<void> {
    for (;;) {
      const claims = await this.work.claim();
      for (const claim of claims) await this.#replicate(claim);
      if (claims.length === 0 || this.#stopped) return;
    }
  }

  #next(): void {
    this.#timer = setTimeout(() => {
      this.#round = this.run()
        .catch((error: unknown) => {
          this.logger.error(
            { error: (error as Error).message },
            'keys could not be replicated; tried again in a second',
          );
        })
        .finally(() => this.#stopped || this.#next());
    }, INTERVAL_MS).unref();
  }

  async #replicate(claim: Claim): Promise<void> {
    const { primaryArn: keyArn, region: replicationRegion } = claim;
    try {
      const done = await this.work.settle(claim, async ({ primary, region, isRemoval }, manager, changed) => {
        changed(await this.replicas[isRemoval ? 'remove' : 'put'](manager, primary, region));
      });
      if (!done) return;
      const what = done.isRemoval ? 'replica removed' : 'replica synchronized';
      this.logger.info({ event: 'SynchronizeMultiRegionKey', keyArn, replicationRegion }, what);
    } catch (error) {
      const { name, message } = error as Error;
      const what = { keyArn, replicationRegion, error: { name, message } };
      this.logger.error(what, 'key could not be replicated; tried again later');
      await this.work.postpone(claim);
    }
  }
}
