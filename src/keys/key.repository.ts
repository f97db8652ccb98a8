import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, In, MoreThan } from 'typeorm';
import type { Call } from '../call.js';
import { AccessDeniedException, ResourceNotFoundException, ValidationException } from '../errors/exceptions.js';
import { Alias } from './alias.entity.js';
import { type Identifier, keyArn, parseIdentifier, resourceArn } from './arn.js';
import type { KeyAlgorithm, KeyMode, KeyState, KeyUsage } from './key-attributes.js';
import { KeyCache } from './key-cache.js';
import { KeyChanges } from './key-changes.js';
import type { KeyChange } from './key-life-cycle.js';
import { Key } from './key.entity.js';
import { ResourcePolicy } from './resource-policy.entity.js';
import { Tag } from './tag.entity.js';

/** What an operation wants of a key. */
export interface KeyRequirement {
  usages: readonly KeyUsage[];
  algorithms: readonly KeyAlgorithm[];
  /** NoRestrictions serves for any. */
  mode: KeyMode;
}

/** A key that has no place in the order of creation yet. */
export type NewKey = Omit<Key, 'sequence'>;

/** The one door to stored keys. Every method sees the caller's account and Region only. */
@Injectable()
export class KeyRepository {
  constructor(
    private readonly database: DataSource,
    private readonly cache: KeyCache,
    private readonly changes: KeyChanges,
  ) {}

  /** Stores a new key with its tags. */
  async add(call: Call, key: NewKey, tags: readonly { Key: string; Value: string }[]): Promise<Key> {
    const stored = this.database.manager.create(Key, key);
    await this.database.transaction(async (manager) => {
      await manager.insert(Key, stored);
      if (tags.length > 0)
        await manager.insert(
          Tag,
          tags.map((tag) => ({ keyArn: key.arn, key: tag.Key, value: tag.Value })),
        );
    });
    call.keyArns.push(stored.arn);
    return stored;
  }

  /**
   * The key of an identifier, in whatever state, with its sealed material. Not to be changed: others read it too.
   *
   * @param identifier key ARN, alias ARN or alias name
   * @throws ResourceNotFoundException, AccessDeniedException for another account's
   */
  async get(call: Call, identifier: string): Promise<Key> {
    const parsed = withinReach(call, identifier);
    const key = await this.cache.get(resourceArn(parsed), () => this.#read(parsed));
    if (!key) throw new ResourceNotFoundException(identifier);
    call.keyArns.push(key.arn);
    return key;
  }

  /**
   * The key of an ARN as it is now, without its sealed material. Nobody changes it until the transaction ends.
   *
   * @param mode pessimistic_write to be alone with what belongs to it, pessimistic_read if others may be there too
   * @throws ResourceNotFoundException, AccessDeniedException for another account's
   */
  async lock(
    call: Call,
    manager: EntityManager,
    arn: string,
    mode: 'pessimistic_read' | 'pessimistic_write',
  ): Promise<Key> {
    withinReach(call, arn);
    const key = await manager.findOne(Key, { where: { arn }, lock: { mode } });
    if (!key) throw new ResourceNotFoundException(arn);
    call.keyArns.push(key.arn);
    return key;
  }

  /** A key an operation may use: enabled, of its usages and algorithms, allowing its mode; else ValidationException. */
  async getFor(call: Call, { usages, algorithms, mode }: KeyRequirement, identifier: string): Promise<Key> {
    const key = await this.get(call, identifier);
    if (!key.enabled || key.state !== 'CREATE_COMPLETE')
      throw new ValidationException(`Key ${key.arn} is not in an enabled state.`);
    const invalid = (what: string) =>
      new ValidationException(`${what} of the input key ${key.arn} is invalid for the operation.`);
    if (!usages.includes(key.usage)) throw invalid('KeyUsage');
    if (!algorithms.includes(key.algorithm)) throw invalid('KeyAlgorithm');
    if (!key.modes[mode] && !key.modes.NoRestrictions) throw invalid('KeyModesOfUse');
    return key;
  }

  /**
   * A page of keys in the order of their creation.
   *
   * @param after `sequence` of the last key of the page before
   * @returns one key more than `limit` where there is another page
   */
  async list(call: Call, { state, after, limit }: { state?: KeyState; after?: string; limit: number }): Promise<Key[]> {
    return this.database.manager.find(Key, {
      where: {
        accountId: call.principal.accountId,
        region: call.region,
        ...(state && { state }),
        ...(after !== undefined && { sequence: MoreThan(after) }),
      },
      order: { sequence: 'ASC' },
      take: limit + 1,
    });
  }

  /**
   * One step of a key's life, alone with the key: others who want to change it wait.
   *
   * @param step says what changes, or throws to change nothing
   * @returns the key after it
   */
  async change(call: Call, identifier: string, step: (key: Key) => KeyChange): Promise<Key> {
    const { arn } = await this.get(call, identifier);
    return this.changes.transaction(async (manager, changed) => {
      const key = await manager.findOneOrFail(Key, { where: { arn }, lock: { mode: 'pessimistic_write' } });
      const change = step(key);
      if (Object.keys(change).length === 0) return key;
      await manager.update(Key, { arn }, change);
      changed(arn);
      return Object.assign(key, change);
    });
  }

  /**
   * Ends the waiting period of every key, of any account and Region, whose time has come. Many nodes may do it at once:
   * who comes second waits for the first and finds nothing left.
   *
   * @param change what becomes of them; their aliases lose them, their policies go
   * @returns their ARNs
   */
  async endDeletions(now: Date, change: KeyChange): Promise<string[]> {
    return this.changes.transaction(async (manager, changed) => {
      const due = await this.#due(manager, now);
      if (due.length === 0) return [];
      await manager.update(Key, due, change);
      await manager.update(Alias, { keyArn: In(due) }, { keyArn: null });
      await manager.delete(ResourcePolicy, { keyArn: In(due) });
      due.forEach(changed);
      return due;
    });
  }

  async #due(manager: EntityManager, now: Date): Promise<string[]> {
    const due = await manager
      .createQueryBuilder(Key, 'key')
      .select(['key.arn'])
      .where(`key.state = 'DELETE_PENDING' AND key.deletePendingAt <= :now`, { now })
      .orderBy('key.arn')
      .setLock('pessimistic_write')
      .getMany();
    return due.map(({ arn }) => arn);
  }

  #read({ accountId, region, resource }: Identifier): Promise<Key | null> {
    const query = this.database.createQueryBuilder(Key, 'key').addSelect('key.sealed');
    if (resource.startsWith('key/'))
      return query.where({ arn: keyArn({ accountId, region }, resource.slice('key/'.length)) }).getOne();
    return query
      .innerJoin(Alias, 'alias', 'alias.keyArn = key.arn')
      .where('alias.accountId = :accountId AND alias.region = :region AND alias.name = :name', {
        accountId,
        region,
        name: resource,
      })
      .getOne();
  }
}

/** An identifier taken apart, when it is of the caller's account and Region; what it names may not exist. */
function withinReach(call: Call, identifier: string): Identifier {
  const home = { accountId: call.principal.accountId, region: call.region };
  const parsed = parseIdentifier(identifier, home);
  if (parsed.accountId !== home.accountId)
    throw new AccessDeniedException(
      `User: ${call.principal.arn} is not authorized to perform: payment-cryptography:${call.operation} ` +
        `on resource: ${identifier} because no resource-based policy allows the payment-cryptography:${call.operation} action`,
    );
  if (parsed.region !== home.region) throw new ResourceNotFoundException(identifier);
  return parsed;
}
