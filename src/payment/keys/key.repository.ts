import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, In, MoreThan } from 'typeorm';
import { resourceStatements, Statements } from '../../policy/policy.js';
import type { ServiceAct } from '../../audit/audit-event.js';
import { type Call, isDataCall, scopeOf } from '../../call.js';
import { lockTransaction, LOCKS } from '../../database/locks.js';
import { AccessDeniedException, ResourceNotFoundException } from '../../errors/exceptions.js';
import { CONTROL_PLANE } from '../api.js';
import { authorize, type KeyAccess } from '../authorization/authorize.js';
import { KEY_POLICIES } from '../authorization/key-policies.js';
import { Alias } from './alias.entity.js';
import { type Identifier, parseIdentifier, resourceArn } from './arn.js';
import type { KeyState } from './key-attributes.js';
import { KeyCache, type KnownKey } from './key-cache.js';
import { sealOf, sorted } from '../../provider/bound.subscriber.js';
import { changeRows, removeRows } from '../../provider/changed-rows.js';
import { Changes } from '../../changes/changes.js';
import { isNotHeld } from '../../changes/destruction-hold.entity.js';
import { inTime } from '../../changes/in-time.js';
import { type KeyChange, requireEnabled } from './key-life-cycle.js';
import { IS_AUTHORITY, Key, type NewKey } from './key.entity.js';
import { checkRequirement, type KeyRequirement } from './key-rules.js';
import { multiRegionKeyType, requireNotReplica } from './multi-region.js';
import { defaultReplicationRegions, Regions } from './regions.js';
import { ReplicationWork } from './replication-work.js';
import { PublicKeyCertificate } from './public-key-certificate.entity.js';
import { Quotas } from './quotas.js';
import { ResourcePolicy } from './resource-policy.entity.js';
import { Tag } from './tag.entity.js';
import { whenReady } from '../../when-ready.js';

/**
 * Checks that a stored key is enabled and that an operation accepts it.
 *
 * @throws ValidationException that names its state, or the first attribute that doesn't fit
 */
export function checkUsable(needs: KeyRequirement, key: Key): void {
  requireEnabled(key);
  checkRequirement(needs, key, `the input key ${key.arn}`);
}

/** Result of one batch of due deletions: ARNs of keys. */
export interface EndedDeletions {
  deleted: string[];
  modified: string[];
  last?: string | undefined;
}

/**
 * Keys deleted per transaction. A statement takes at most 65,535 parameters, and other transactions wait for the locks.
 */
const DELETION_BATCH = 500;

/**
 * The only access to stored keys. Methods that take a call are limited to its account and Region, and return only keys
 * on which policies allow its operation.
 */
@Injectable()
export class KeyRepository {
  /** Every key with a `sequence` up to this one is committed. */
  #settled = 0n;

  constructor(
    private readonly database: DataSource,
    private readonly cache: KeyCache,
    private readonly changes: Changes,
    private readonly regions: Regions,
    private readonly replications: ReplicationWork,
    private readonly quotas: Quotas,
  ) {}

  /**
   * Stores a new key with its tags.
   *
   * @param replicationRegions by default, for an exportable key, the default Regions of its account and Region
   *   that are served
   * @param alongside runs last in the transaction
   */
  async add(
    call: Call,
    key: NewKey,
    tags: readonly { Key: string; Value: string }[],
    replicationRegions?: readonly string[],
    alongside?: (manager: EntityManager, note: (act: ServiceAct) => void) => Promise<unknown>,
  ): Promise<Key> {
    return this.changes.transaction(call, async (manager, _, note) => {
      const enabled = key.exportable ? await defaultReplicationRegions(manager, key) : [];
      const defaults = enabled.filter((region) => this.regions.isServed(region));
      const regions = replicationRegions ?? defaults;
      const isDecided = replicationRegions !== undefined || defaults.length > 0;
      const stored = manager.create(Key, {
        ...key,
        primaryRegion: regions.length > 0 ? key.region : null,
        usingDefaultReplicationRegions: isDecided ? replicationRegions === undefined : null,
      });
      await manager.insert(Key, stored);
      await this.replications.enqueueCreation(manager, key.arn, regions);
      if (tags.length > 0)
        await manager.insert(
          Tag,
          tags.map((tag) => ({ keyArn: key.arn, key: tag.Key, value: tag.Value })),
        );
      await this.quotas.checkKeys(manager, key);
      call.record.uses(stored.arn);
      call.record.created({ key: { keyArn: stored.arn } });
      await alongside?.(manager, note);
      return stored;
    });
  }

  /**
   * Returns a key in any state, with its sealed material. The object is frozen and shared: see KeyCache.
   *
   * @param identifier key ARN, alias ARN or alias name
   * @returns a promise only if the key isn't cached
   * @throws ResourceNotFoundException; AccessDeniedException, even for a key of another account
   */
  get(call: Call, identifier: string): Key | Promise<Key> {
    const parsed = withinReach(call, identifier);
    return whenReady(this.#known(call, parsed), (known) => {
      if (!known) throw missing(call, parsed, identifier);
      const { key, access } = known;
      call.record.uses(key.arn);
      authorize(call, { resource: key.arn, key: access, requestAlias: aliasOf(parsed) });
      return key;
    });
  }

  /** Returns the ARN of a key without authorization, or undefined if the call's account and Region have no such key. */
  async arnOf(call: Call, identifier: string): Promise<string | undefined> {
    const parsed = parseIdentifier(identifier, scopeOf(call));
    return isKey(parsed) ? resourceArn(parsed) : (await this.#known(call, parsed))?.key.arn;
  }

  /**
   * Authorizes a call for a key as the transaction sees it.
   *
   * @param alias name of the alias by which the caller named the key
   * @throws AccessDeniedException
   */
  async authorize(call: Call, manager: EntityManager, arn: string, alias?: string): Promise<void> {
    call.record.uses(arn);
    authorize(call, { resource: arn, key: await accessOf(manager, arn), requestAlias: alias });
  }

  /**
   * Locks a key until the transaction ends and returns it, without its sealed material.
   *
   * @param mode pessimistic_write excludes all other locks, pessimistic_read only pessimistic_write
   * @throws ResourceNotFoundException; AccessDeniedException, even for a key of another account
   */
  async lock(
    call: Call,
    manager: EntityManager,
    arn: string,
    mode: 'pessimistic_read' | 'pessimistic_write',
  ): Promise<Key> {
    const parsed = withinReach(call, arn);
    const key = await manager.findOne(Key, { where: { arn }, lock: { mode } });
    if (!key) throw missing(call, parsed, arn);
    await this.authorize(call, manager, arn);
    return key;
  }

  /** Returns an enabled key of any usage. @throws ValidationException if it isn't enabled */
  async getEnabled(call: Call, identifier: string): Promise<Key> {
    const key = await this.get(call, identifier);
    requireEnabled(key);
    return key;
  }

  /**
   * Returns an enabled key that an operation accepts.
   *
   * @returns a promise only if the key isn't cached
   * @throws ValidationException for any other key
   */
  getFor(call: Call, needs: KeyRequirement, identifier: string): Key | Promise<Key> {
    return whenReady(this.get(call, identifier), (key) => {
      checkUsable(needs, key);
      return key;
    });
  }

  /** Returns the caller's enabled public keys of certificate authorities, with their sealed material. */
  async authorities(call: Call): Promise<Key[]> {
    return this.database
      .createQueryBuilder(Key, 'key')
      .addSelect('key.sealed')
      .where(scopeOf(call))
      .andWhere(IS_AUTHORITY)
      .andWhere({ state: 'CREATE_COMPLETE' })
      .getMany();
  }

  /** Returns the caller's imported public keys in the order of their creation, with their sealed material. */
  publicKeys(call: Call, take: number): Promise<Key[]> {
    return this.database
      .createQueryBuilder(Key, 'key')
      .addSelect('key.sealed')
      .where({ ...scopeOf(call), class: 'PUBLIC_KEY' })
      .andWhere('key.sealed IS NOT NULL')
      .orderBy('key.sequence')
      .take(take)
      .getMany();
  }

  /**
   * Returns a page of keys in the order of their creation. If there is another page, every key that is committed
   * later sorts after the last key of this page: see docs/adr/0009.
   *
   * @param after `sequence` of the last key of the previous page
   * @returns one key more than `limit` if there is another page
   */
  async list(call: Call, { state, after, limit }: { state?: KeyState; after?: string; limit: number }): Promise<Key[]> {
    const read = (manager: EntityManager) =>
      manager.find(Key, {
        where: {
          ...scopeOf(call),
          ...(state && { state }),
          ...(after !== undefined && { sequence: MoreThan(after) }),
        },
        order: { sequence: 'ASC' },
        take: limit + 1,
      });
    const settled = this.#settled;
    const found = await read(this.database.manager);
    // The last page is always correct, and so is a page that ends at a settled key.
    const last = found.length > limit ? found[limit - 1] : undefined;
    if (!last || BigInt(last.sequence) <= settled) return found;

    return this.database.transaction(async (manager) => {
      // Waits for transactions that are adding keys; transactions that begin later get higher numbers.
      await lockTransaction(manager, LOCKS.keyOrder);
      const [given] = await manager.query<{ last: string }[]>('SELECT last_value AS last FROM keys_sequence_seq');
      if (given) this.#settled = BigInt(given.last);
      return read(manager);
    });
  }

  /**
   * Works on a key while holding its lock. Until the transaction ends, other transactions can neither change the key
   * nor point the alias by which the caller named it to another key.
   *
   * @param identifier key ARN, alias ARN or alias name
   * @param work       calls `changed` if it changes the key
   * @throws ResourceNotFoundException; AccessDeniedException, even for a key of another account; ValidationException
   *   for a replica
   */
  async withLock<T>(
    call: Call,
    identifier: string,
    work: (key: Key, manager: EntityManager, changed: () => void) => Promise<T>,
  ): Promise<T> {
    const named = withinReach(call, identifier);
    for (;;) {
      // Read from the database, because the cache may not know yet that the alias names another key.
      const arn = isKey(named) ? resourceArn(named) : (await findAlias(this.database.manager, named))?.keyArn;
      if (arn == null) throw missing(call, named, identifier);
      try {
        return await this.changes.transaction(call, async (manager, changed) => {
          const key = await manager.findOne(Key, { where: { arn }, lock: { mode: 'pessimistic_write' } });
          // A replica no longer exists once its Region is removed.
          if (!key) throw missing(call, named, identifier);
          // Every transaction locks the key before its alias, so the alias may name another key by now.
          if (!isKey(named) && (await findAlias(manager, named, { mode: 'pessimistic_read' }))?.keyArn !== arn)
            throw new AliasMoved();
          await this.authorize(call, manager, arn, aliasOf(named));
          requireNotReplica(key);
          return work(key, manager, () => changed(arn));
        });
      } catch (error) {
        if (!(error instanceof AliasMoved)) throw error;
      }
    }
  }

  /**
   * Applies a step of the life cycle to a key and enqueues the update of its replicas.
   *
   * @param identifier key ARN, alias ARN or alias name
   * @param step       returns the columns to change, or throws
   * @returns the changed key
   * @throws ResourceNotFoundException; AccessDeniedException, even for a key of another account
   */
  async change(call: Call, identifier: string, step: (key: Key) => KeyChange): Promise<Key> {
    return this.withLock(call, identifier, async (key, manager, changed) => {
      const change = step(key);
      if (Object.keys(change).length === 0) return key;
      const changedKey = await manager.save(Object.assign(key, change));
      if (multiRegionKeyType(key) === 'PRIMARY') await this.replications.enqueue(manager, [key.arn]);
      changed();
      return changedKey;
    });
  }

  /**
   * Deletes a batch of keys, of any account and Region, whose waiting period has ended, with their policies and
   * certificates. Their aliases remain without a key. Enqueues the update of their replicas. If two nodes run this at
   * the same time, the second waits for the first and finds the keys deleted. A key whose row was modified in the
   * database is left as it is.
   *
   * @param change columns of a deleted key
   * @param after  ARN of the last key of the previous batch
   * @returns keys deleted, keys whose rows were modified, and the last key of the batch, which is undefined if
   *   no key was due
   */
  async endDeletions(now: Date, change: KeyChange, after = ''): Promise<EndedDeletions> {
    return this.changes.ownTransaction(async (manager, changed, note) => {
      const batch = await this.#due(manager, now, after);
      const metadata = this.database.getMetadata(Key);
      const { intact, modified } = sorted(sealOf(this.database), metadata, batch);
      const due = intact.map(({ arn }) => arn);
      const ended = { deleted: due, modified: modified.map(({ arn }) => arn), last: batch.at(-1)?.arn };
      if (due.length === 0) return ended;
      await manager.save(intact.map((key) => Object.assign(key, change)));
      await changeRows(manager, Alias, { keyArn: In(due) }, { keyArn: null });
      await removeRows(manager, ResourcePolicy, { keyArn: In(due) });
      await this.replications.enqueue(manager, due);
      await manager.delete(PublicKeyCertificate, { keyArn: In(due) });
      for (const arn of due) {
        changed(arn);
        note({ api: CONTROL_PLANE, name: 'DeleteKey', keyArn: arn });
      }
      return ended;
    });
  }

  /** Counts the keys that are due for destruction but on hold. */
  countHeldDeletions(now: Date): Promise<number> {
    return this.database
      .createQueryBuilder(Key, 'key')
      .where(`key.state = 'DELETE_PENDING' AND key.deletePendingAt <= :now`, { now })
      .andWhere('(key.primaryRegion IS NULL OR key.primaryRegion = key.region)')
      .andWhere(`NOT ${isNotHeld('key.deletePendingAt')}`)
      .getCount();
  }

  /**
   * Locks a batch of due keys and reads them without verifying their MACs. A replica is never due itself: it follows
   * its primary key, which may have been restored.
   */
  #due(manager: EntityManager, now: Date, after: string): Promise<Key[]> {
    return manager
      .createQueryBuilder(Key, 'key')
      .callListeners(false)
      .where(`key.state = 'DELETE_PENDING' AND key.deletePendingAt <= :now`, { now })
      .andWhere('key.arn > :after', { after })
      .andWhere('(key.primaryRegion IS NULL OR key.primaryRegion = key.region)')
      .andWhere(isNotHeld('key.deletePendingAt'))
      .orderBy('key.arn')
      .limit(DELETION_BATCH)
      .setLock('pessimistic_write')
      .getMany();
  }

  #known(call: Call, identifier: Identifier): KnownKey | Promise<KnownKey | null> {
    return this.cache.get(resourceArn(identifier), isDataCall(call), () => inTime(this.#readWithAccess(identifier)));
  }

  async #readWithAccess(identifier: Identifier): Promise<KnownKey | null> {
    const key = await this.#read(identifier);
    return key && { key: Object.freeze(key), access: await accessOf(this.database.manager, key.arn) };
  }

  async #read(identifier: Identifier): Promise<Key | null> {
    const arn = isKey(identifier)
      ? resourceArn(identifier)
      : (await findAlias(this.database.manager, identifier))?.keyArn;
    if (arn == null) return null;
    return this.database.createQueryBuilder(Key, 'key').addSelect('key.sealed').where({ arn }).getOne();
  }
}

/** Thrown to restart a transaction if the alias that the caller used names another key by now. */
class AliasMoved extends Error {
  override readonly name = 'AliasMoved';
}

/** Reads the data of a key that policies need. */
export async function accessOf(manager: EntityManager, arn: string): Promise<KeyAccess> {
  const of = { keyArn: arn };
  const tags = await manager.findBy(Tag, of);
  const aliases = await manager.find(Alias, { where: of, order: { name: 'ASC' } });
  const policy = await manager.findOneBy(ResourcePolicy, of);
  const statements = policy && resourceStatements(arn, KEY_POLICIES.read(policy.policy));
  return {
    tags: tags.map(({ key, value }) => ({ key, value })),
    aliases: aliases.map(({ name }) => name),
    policy: statements ? new Statements(statements) : undefined,
  };
}

/** Returns the error for a missing key, once the caller is authorized to know that it is missing. */
function missing(call: Call, named: Identifier, identifier: string): Error {
  authorize(call, { resource: resourceArn(named), requestAlias: aliasOf(named) });
  return new ResourceNotFoundException(identifier);
}

/** Returns the name of the alias by which a key was named, or undefined if it was named by its ARN. */
function aliasOf(named: Identifier): string | undefined {
  return isKey(named) ? undefined : named.resource;
}

function isKey({ resource }: Identifier): boolean {
  return resource.startsWith('key/');
}

function findAlias(
  manager: EntityManager,
  { accountId, region, resource: name }: Identifier,
  lock?: { mode: 'pessimistic_read' },
): Promise<Alias | null> {
  return manager.findOne(Alias, { where: { accountId, region, name }, lock });
}

/**
 * Parses an identifier of the caller's account and Region; the key need not exist.
 *
 * @throws AccessDeniedException for another account
 */
function withinReach(call: Call, identifier: string): Identifier {
  const scope = scopeOf(call);
  const parsed = parseIdentifier(identifier, scope);
  if (parsed.accountId !== scope.accountId)
    throw new AccessDeniedException(
      `User: ${call.principal.arn} is not authorized to perform: ${call.api.name}:${call.operation} ` +
        `on resource: ${identifier} because no resource-based policy allows the ${call.api.name}:${call.operation} action`,
    );
  if (parsed.region !== scope.region) throw missing(call, parsed, identifier);
  return parsed;
}
