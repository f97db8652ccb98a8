import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { DestructionWatch } from '../../../changes/destruction-watch.js';
import { DueWorker } from '../../../changes/due-worker.js';
import { endDeletion } from '../../keys/key-life-cycle.js';
import { KeyRepository } from '../../keys/key.repository.js';
import { LOGGER } from '../../../logger.js';

/** Destroys keys within a minute of the end of their waiting period, unless destruction is on hold. */
@Injectable()
export class KeyDeletionWorker extends DueWorker {
  constructor(
    private readonly keys: KeyRepository,
    watch: DestructionWatch,
    @Inject(LOGGER) logger: Logger,
  ) {
    super(watch, logger, 'keys due for deletion could not be destroyed; retrying every minute');
  }

  async doDue(now: Date): Promise<void> {
    await this.inBatches(async (after) => {
      const { deleted, modified, last } = await this.keys.endDeletions(now, endDeletion(now), after);
      for (const keyArn of deleted) this.logger.info({ keyArn }, 'key deleted');
      for (const keyArn of modified)
        this.logger.error({ keyArn }, 'a key due for deletion is kept because its row was modified in the database');
      return last;
    });
    if (this.watch.holds.length > 0) this.watch.report('keys', await this.keys.countHeldDeletions(now));
  }
}
