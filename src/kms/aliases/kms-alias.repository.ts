import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, MoreThan } from 'typeorm';
import { type Call, type Scope, scopeOf } from '../../call.js';
import { Changes } from '../../changes/changes.js';
import { KmsException, LimitExceededException } from '../exceptions.js';
import { kmsArn, parseKeyId } from '../keys/key-id.js';
import { KmsKeyRepository } from '../keys/kms-key.repository.js';
import type { KnownKey } from '../keys/kms-key-cache.js';
import { requireReplaceable } from './alias-targets.js';
import { KmsAlias } from './kms-alias.entity.js';

/** Maximum number of aliases per key. */
const MAX_ALIASES = 50;

/**
 * The aliases of the caller's account and Region. The authorizer has already authorized the call for the alias itself.
 */
@Injectable()
export class KmsAliasRepository {
  constructor(
    private readonly database: DataSource,
    private readonly keys: KmsKeyRepository,
    private readonly changes: Changes,
  ) {}

  /**
   * Creates an alias.
   *
   * @param keyId of the key that it will name
   * @throws KmsException AlreadyExistsException if the name is taken, even by a concurrent call
   * @throws KmsException NotFoundException, KMSInvalidStateException, LimitExceededException
   */
  async add(call: Call, name: string, keyId: string): Promise<void> {
    const now = call.origin.time;
    await this.keys.change(call, keyId, {}, async (key) => {
      const alias = { ...scopeOf(call), name, keyArn: key.key.arn, createdAt: now, updatedAt: now };
      const inserted = await key.manager
        .createQueryBuilder()
        .insert()
        .into(KmsAlias)
        .values(alias)
        .orIgnore()
        .returning(['name'])
        .execute();
      if ((inserted.raw as unknown[]).length === 0)
        throw new KmsException('AlreadyExistsException', `An alias with the name ${arnOf(alias)} already exists`);
      requireRoom(key);
      key.changed(arnOf(alias));
      key.changed();
    });
  }

  /**
   * Points an alias at another key.
   *
   * @throws KmsException NotFoundException for the alias or a key, KMSInvalidStateException, LimitExceededException
   * @throws ValidationException for a key that can't replace the other
   */
  async update(call: Call, name: string, keyId: string): Promise<void> {
    const id = { ...scopeOf(call), name };
    const named = parseKeyId(keyId, scopeOf(call), false);
    await this.changes.transaction(call, async (manager, changed) => {
      // Locks the key before the alias, in the same order as the end of a deletion.
      const key = await this.keys.lock(call, manager, named, {}, changed);
      const alias = await this.#lock(manager, id);
      const former = await this.keys.authorized(call, manager, parseKeyId(alias.keyArn, scopeOf(call), false));
      requireReplaceable(name, former.key, key.key);
      if (alias.keyArn !== key.key.arn) requireRoom(key);
      // The keys count as changed, too, because policies may have conditions on aliases.
      for (const arn of [arnOf(id), alias.keyArn, key.key.arn]) changed(arn);
      await manager.save(Object.assign(alias, { keyArn: key.key.arn, updatedAt: call.origin.time }));
    });
  }

  /** Deletes an alias. @throws KmsException NotFoundException */
  async remove(call: Call, name: string): Promise<void> {
    const id = { ...scopeOf(call), name };
    await this.changes.transaction(call, async (manager, changed) => {
      const alias = await this.#lock(manager, id);
      await this.keys.authorized(call, manager, parseKeyId(alias.keyArn, scopeOf(call), false));
      for (const arn of [arnOf(id), alias.keyArn]) changed(arn);
      await manager.remove(alias);
    });
  }

  /**
   * Returns a page of aliases, by name.
   *
   * @param keyArn of the key whose aliases are returned; undefined for all
   * @param after name of the last alias of the previous page
   */
  list(call: Call, { keyArn, after, limit }: { keyArn?: string; after?: string; limit: number }): Promise<KmsAlias[]> {
    return this.database.manager.find(KmsAlias, {
      where: {
        ...scopeOf(call),
        ...(keyArn !== undefined && { keyArn }),
        ...(after !== undefined && { name: MoreThan(after) }),
      },
      order: { name: 'ASC' },
      take: limit + 1,
    });
  }

  async #lock(manager: EntityManager, id: Scope & { name: string }): Promise<KmsAlias> {
    const alias = await manager.findOne(KmsAlias, { where: id, lock: { mode: 'pessimistic_write' } });
    if (!alias) throw new KmsException('NotFoundException', `Alias ${arnOf(id)} is not found.`);
    return alias;
  }
}

/** ARN of an alias. */
export function arnOf({ name, ...scope }: Scope & { name: string }): string {
  return kmsArn({ ...scope, resource: name });
}

/** @param key locked, with its previous aliases */
function requireRoom({ key, aliases }: KnownKey): void {
  if (aliases.length >= MAX_ALIASES)
    throw new LimitExceededException(`${key.arn} has the ${MAX_ALIASES} aliases that a key may have: delete some.`);
}
