import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, In, MoreThan } from 'typeorm';
import type { Call } from '../../call.js';
import { Changes } from '../../changes/changes.js';
import { requireNotDeleted } from './key-life-cycle.js';
import { KeyRepository } from './key.repository.js';
import { checkTags } from './tag-rules.js';
import { Tag } from './tag.entity.js';

/** The tags of keys. Every method throws ResourceNotFoundException or AccessDeniedException for a key out of reach. */
@Injectable()
export class TagRepository {
  constructor(
    private readonly database: DataSource,
    private readonly keys: KeyRepository,
    private readonly changes: Changes,
  ) {}

  /**
   * Adds tags; one whose key the key has already gets the new value.
   *
   * @throws ValidationException for what a key can't have, counted with the tags that it has
   */
  async put(call: Call, keyArn: string, tags: readonly { Key: string; Value: string }[]): Promise<void> {
    await this.#withLock(call, keyArn, async (manager) => {
      const present = await manager.find(Tag, { where: { keyArn }, select: { key: true } });
      checkTags(
        tags,
        present.map(({ key }) => key),
      );
      const rows = tags.map(({ Key: key, Value: value }) => ({ keyArn, key, value }));
      await manager.upsert(Tag, rows, ['keyArn', 'key']);
    });
  }

  /** Takes tags away; those that the key doesn't have are none of them. */
  async remove(call: Call, keyArn: string, tagKeys: readonly string[]): Promise<void> {
    await this.#withLock(call, keyArn, (manager) => manager.delete(Tag, { keyArn, key: In(tagKeys) }));
  }

  /**
   * A page of a key's tags in the order of their keys.
   *
   * @param after key of the last tag of the page before
   * @returns one tag more than `limit` where there is another page
   */
  async list(call: Call, keyArn: string, { after, limit }: { after?: string; limit: number }): Promise<Tag[]> {
    await this.keys.get(call, keyArn);
    return this.database.manager.find(Tag, {
      where: { keyArn, ...(after !== undefined && { key: MoreThan(after) }) },
      order: { key: 'ASC' },
      take: limit + 1,
    });
  }

  /** Others who tag the key wait, and so does its deletion: what is counted stays true until the commit. */
  async #withLock(call: Call, keyArn: string, work: (manager: EntityManager) => Promise<unknown>): Promise<void> {
    await this.changes.transaction(call, async (manager, changed) => {
      requireNotDeleted(await this.keys.lock(call, manager, keyArn, 'pessimistic_write'));
      await work(manager);
      changed(keyArn);
    });
  }
}
