import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource, type EntityManager, LessThanOrEqual } from 'typeorm';
import type { Token } from '../../hsm/token.js';
import { LOGGER } from '../../logger.js';
import { KmsKey } from '../keys/kms-key.entity.js';
import { KmsCustomKeyStore } from './kms-custom-key-store.entity.js';
import { KmsTokenKeyRemoval, noteRemoval } from './kms-token-key-removal.entity.js';
import { StoreConnections } from './store-connections.js';
import { tokenKeyId } from './token-keys.js';

/**
 * Time for CreateKey before the key on the token counts as orphaned: longer than opening a token and generating a key
 * can take with any time limit. A key generated later would have no record.
 */
const CREATION_MS = 300_000;
const BATCH = 100;

/** Destroys orphaned keys on tokens. */
@Injectable()
export class TokenKeyRemovals {
  constructor(
    private readonly database: DataSource,
    private readonly connections: StoreConnections,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Records, before a key is generated on a token, that it must be destroyed unless its KMS key is stored in time. */
  async noteCreation(keyArn: string, customKeyStoreId: string, now: Date): Promise<void> {
    const dueAt = new Date(now.getTime() + CREATION_MS);
    await noteRemoval(this.database.manager, { keyArn, customKeyStoreId, dueAt });
  }

  /** Keeps the key, because its KMS key is stored. @returns false if the key has been destroyed already */
  async keep(manager: EntityManager, keyArn: string): Promise<boolean> {
    const { affected } = await manager.delete(KmsTokenKeyRemoval, { keyArn });
    return affected === 1;
  }

  /** Returns the ARNs of KMS keys whose keys may remain on the token of a store that is being deleted. */
  async leftIn(manager: EntityManager, customKeyStoreId: string): Promise<string[]> {
    const rows = await manager.find(KmsTokenKeyRemoval, { where: { customKeyStoreId }, order: { keyArn: 'ASC' } });
    return rows.map(({ keyArn }) => keyArn);
  }

  /** Destroys the keys that are due on the tokens of connected stores. */
  async sweep(now: Date): Promise<void> {
    const stores = await this.database.manager
      .createQueryBuilder(KmsTokenKeyRemoval, 'removal')
      .select('DISTINCT removal.customKeyStoreId', 'id')
      .innerJoin(KmsCustomKeyStore, 'store', 'store.id = removal.customKeyStoreId')
      .where('removal.dueAt <= :now', { now })
      .andWhere(`store.connectionState = 'CONNECTED'`)
      .getRawMany<{ id: string }>();
    for (const { id } of stores) await this.#sweepStore(id, now);
  }

  /** Stops at the first failure: a token that fails one call is likely to fail the next. */
  async #sweepStore(customKeyStoreId: string, now: Date): Promise<void> {
    const due = await this.database.manager.find(KmsTokenKeyRemoval, {
      where: { customKeyStoreId, dueAt: LessThanOrEqual(now) },
      order: { dueAt: 'ASC' },
      take: BATCH,
    });
    for (const { keyArn } of due) {
      try {
        await this.#remove(keyArn, await this.connections.token(customKeyStoreId));
      } catch (error) {
        const { message } = error as Error;
        this.logger.warn({ keyArn, store: customKeyStoreId, error: message }, 'key on a token not destroyed');
        return;
      }
    }
  }

  async #remove(keyArn: string, token: Token): Promise<void> {
    // The row's lock keeps a slow CreateKey from storing its KMS key meanwhile.
    await this.database.transaction(async (manager) => {
      const [row] = await manager.find(KmsTokenKeyRemoval, { where: { keyArn }, lock: { mode: 'pessimistic_write' } });
      if (!row) return;
      if (await manager.existsBy(KmsKey, { arn: keyArn })) {
        await manager.delete(KmsTokenKeyRemoval, { keyArn });
        this.logger.error({ keyArn, store: row.customKeyStoreId }, 'key on a token not destroyed: its KMS key exists');
        return;
      }
      const destroyed = await token.run('destroyKey', { label: keyArn, id: tokenKeyId(keyArn) });
      await manager.delete(KmsTokenKeyRemoval, { keyArn });
      this.logger.info({ keyArn, store: row.customKeyStoreId, destroyed }, 'key on a token destroyed');
    });
  }
}
