import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { Rounds } from '../../../changes/rounds.js';
import { type Claim, ReplicationWork } from '../../keys/replication-work.js';
import { LOGGER } from '../../../logger.js';
import { Replicas } from './replicas.js';

const INTERVAL_MS = 1000;

/** Synchronizes replicas with their primary keys, within about a second. Every node runs this worker. */
@Injectable()
export class ReplicationWorker implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #rounds: Rounds;

  constructor(
    private readonly work: ReplicationWork,
    private readonly replicas: Replicas,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    const failure = 'due replications could not be looked up; retrying every second';
    this.#rounds = new Rounds({ intervalMs: INTERVAL_MS, round: () => this.run(), logger, failure });
  }

  onApplicationBootstrap(): void {
    this.#rounds.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#rounds.stop();
  }

  /** Runs until no replication is due. */
  async run(): Promise<void> {
    for (;;) {
      const claims = await this.work.claim();
      for (const claim of claims) await this.#replicate(claim);
      if (claims.length === 0 || this.#rounds.isStopped) return;
    }
  }

  async #replicate(claim: Claim): Promise<void> {
    const { primaryArn: keyArn, region: replicationRegion } = claim;
    try {
      const done = await this.work.complete(claim, async ({ primary, region, isRemoval }, manager, changed) => {
        changed(await this.replicas[isRemoval ? 'remove' : 'put'](manager, primary, region));
      });
      if (!done) return;
      const what = done.isRemoval ? 'replica removed' : 'replica synchronized';
      this.logger.info({ event: 'SynchronizeMultiRegionKey', keyArn, replicationRegion }, what);
    } catch (error) {
      const { name, message } = error as Error;
      const what = { keyArn, replicationRegion, error: { name, message } };
      this.logger.error(what, 'key could not be replicated; trying again later');
      await this.work.retry(claim);
    }
  }
}
