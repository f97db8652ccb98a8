import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, In, MoreThan } from 'typeorm';
import type { Call } from '../../call.js';
import { Changes } from '../../changes/changes.js';
import { removeRows } from '../../provider/changed-rows.js';
import { requireNotDeleted } from './key-life-cycle.js';
import { KeyRepository } from './key.repository.js';
import { checkTags } from './tag-rules.js';
import { Tag } from './tag.entity.js';

/**
 * The tags of keys. Every method throws ResourceNotFoundException or AccessDeniedException for a key that the call
 * can't use.
 */
@Injectable()
export class TagRepository {
  constructor(
    private readonly database: DataSource,
    private readonly keys: KeyRepository,
    private readonly changes: Changes,
  ) {}

  /**
   * Adds tags, and replaces the values of tags that the key already has.
   *
   * @throws ValidationException for invalid tags, or if the key would have too many
   */
  async put(call: Call, keyArn: string, tags: readonly { Key: string; Value: string }[]): Promise<void> {
    await this.#withLock(call, keyArn, async (manager) => {
      const present = await manager.findBy(Tag, { keyArn });
      checkTags(
        tags,
        present.map(({ key }) => key),
      );
      const rows = tags.map(({ Key: key, Value: value }) => ({ keyArn, key, value }));
      await manager.save(Tag, rows);
    });
  }

  /** Removes tags; ignores those that the key doesn't have. */
  async remove(call: Call, keyArn: string, tagKeys: readonly string[]): Promise<void> {
    await this.#withLock(call, keyArn, (manager) => removeRows(manager, Tag, { keyArn, key: In(tagKeys) }));
  }

  /**
   * Returns a page of a key's tags, ordered by tag key.
   *
   * @param after tag key of the last tag of the previous page
   * @returns one tag more than `limit` if there is another page
   */
  async list(call: Call, keyArn: string, { after, limit }: { after?: string; limit: number }): Promise<Tag[]> {
    await this.keys.get(call, keyArn);
    return this.database.manager.find(Tag, {
      where: { keyArn, ...(after !== undefined && { key: MoreThan(after) }) },
      order: { key: 'ASC' },
      take: limit + 1,
    });
  }

  /**
   * Locks the key until the commit, so that the number of its tags can't change and the key can't be deleted meanwhile.
   */
  async #withLock(call: Call, keyArn: string, work: (manager: EntityManager) => Promise<unknown>): Promise<void> {
    await this.changes.transaction(call, async (manager, changed) => {
      requireNotDeleted(await this.keys.lock(call, manager, keyArn, 'pessimistic_write'));
      await work(manager);
      changed(keyArn);
    });
  }
}
