import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource, LessThanOrEqual } from 'typeorm';
import { isNotHeld } from '../../changes/destruction-hold.entity.js';
import { DestructionWatch } from '../../changes/destruction-watch.js';
import { DueWorker } from '../../changes/due-worker.js';
import { LOGGER } from '../../logger.js';
import { BoundRowError } from '../../provider/row-seal.js';
import { KMS } from '../api.js';
import { DueKeys } from '../keys/due-keys.js';
import { KmsMaterial } from '../materials/kms-material.entity.js';
import { eraseMaterial } from '../materials/pending-material.js';
import { KmsWrappingKey } from './kms-wrapping-key.entity.js';

/**
 * Erases imported key material and wrapping keys within a minute of their expiry, unless destruction is held. They are unusable from
 * their expiry on.
 */
@Injectable()
export class KmsExpiryWorker extends DueWorker {
  constructor(
    private readonly database: DataSource,
    private readonly keys: DueKeys,
    watch: DestructionWatch,
    @Inject(LOGGER) logger: Logger,
  ) {
    super(watch, logger, 'expired KMS key material could not be erased; retrying every minute');
  }

  async doDue(now: Date): Promise<void> {
    await this.inBatches(async (after) => {
      const due = await this.keys.expiries(now, after);
      for (const keyArn of due) await this.#erase(keyArn, now);
      return due.at(-1);
    });
    await this.database
      .createQueryBuilder()
      .delete()
      .from(KmsWrappingKey)
      .where(`valid_to <= :now AND ${isNotHeld('valid_to')}`, { now })
      .execute();
    if (this.watch.holds.length > 0) this.watch.report('kmsMaterials', await this.keys.countHeldExpiries(now));
  }

  /** Erases the expired materials of a key, unless they were imported again meanwhile. */
  async #erase(keyArn: string, now: Date): Promise<void> {
    try {
      await this.keys.change(keyArn, async (key, { manager, changed, note }) => {
        const expired = await manager
          .createQueryBuilder(KmsMaterial, 'material')
          .addSelect('material.sealed')
          .where({ keyArn, validTo: LessThanOrEqual(now) })
          .andWhere(isNotHeld('material.validTo'))
          .getMany();
        for (const material of expired) await eraseMaterial({ manager, key, changed }, material);
        if (expired.length > 0) note({ api: KMS, name: 'DeleteExpiredKeyMaterial', keyArn });
      });
    } catch (error) {
      if (!(error instanceof BoundRowError)) throw error;
      this.logger.error({ keyArn, error: error.message }, 'expired material of a KMS key is not erased');
    }
  }
}
