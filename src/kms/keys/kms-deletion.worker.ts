import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { DestructionWatch } from '../../changes/destruction-watch.js';
import { DueWorker } from '../../changes/due-worker.js';
import { LOGGER } from '../../logger.js';
import { BoundRowError } from '../../provider/row-seal.js';
import { DueKeys } from './due-keys.js';

/** Deletes KMS keys within a minute of the end of their waiting period, unless destruction is held. */
@Injectable()
export class KmsDeletionWorker extends DueWorker {
  constructor(
    private readonly keys: DueKeys,
    watch: DestructionWatch,
    @Inject(LOGGER) logger: Logger,
  ) {
    super(watch, logger, 'KMS keys due for deletion could not be deleted; retrying every minute');
  }

  async doDue(now: Date): Promise<void> {
    await this.inBatches(async (after) => {
      const due = await this.keys.deletions(now, after);
      for (const keyArn of due) await this.#delete(keyArn, now);
      return due.at(-1);
    });
    if (this.watch.holds.length > 0) this.watch.report('kmsKeys', await this.keys.countHeldDeletions(now));
  }

  async #delete(keyArn: string, now: Date): Promise<void> {
    try {
      if (await this.keys.delete(keyArn, now)) this.logger.info({ keyArn }, 'KMS key deleted');
    } catch (error) {
      if (!(error instanceof BoundRowError)) throw error;
      this.logger.error({ keyArn, error: error.message }, 'a KMS key that is due is not deleted');
    }
  }
}
