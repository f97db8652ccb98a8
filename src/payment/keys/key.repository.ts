import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, In, MoreThan } from 'typeorm';
import { resourceStatements, Statements } from '../../policy/policy.js';
import { readResourcePolicy } from '../../policy/policy-document.js';
import type { Call } from '../../call.js';
import { AccessDeniedException, ResourceNotFoundException, ValidationException } from '../../errors/exceptions.js';
import { authorize, type KeyAccess } from '../authorization/authorize.js';
import { Alias } from './alias.entity.js';
import { type Identifier, keyArn, parseIdentifier, resourceArn } from './arn.js';
import type { KeyAlgorithm, KeyMode, KeyState, KeyUsage } from './key-attributes.js';
import { KeyCache, type KnownKey } from './key-cache.js';
import { Changes } from '../../changes/changes.js';
import { type KeyChange, requireEnabled } from './key-life-cycle.js';
import { IS_AUTHORITY, Key, type NewKey } from './key.entity.js';
import { multiRegionKeyType, requireNotReplica } from './multi-region.js';
import { defaultReplicationRegions, Regions } from './regions.js';
import { ReplicationWork } from './replication-work.js';
import { PublicKeyCertificate } from './public-key-certificate.entity.js';
import { Quotas } from './quotas.js';
import { ResourcePolicy } from './resource-policy.entity.js';
import { Tag } from './tag.entity.js';

/** What an operation wants of a key. */
export interface KeyRequirement {
  usages: readonly KeyUsage[];
  algorithms: readonly KeyAlgorithm[];
  /** All of them; a key of NoRestrictions may do whatever its usage can do. */
  modes: readonly KeyMode[];
  /** Message that refuses a key of NoRestrictions where AWS does. */
  unrestrictedRefusal?: string;
}

/**
 * Checks that a key serves, in AWS's order.
 *
 * @param key  without a usage or an algorithm where it has none that any rule names
 * @param name what the message calls the key
 * @throws ValidationException that names the first attribute which doesn't fit
 */
export function checkRequirement(
  { usages, algorithms, modes, unrestrictedRefusal }: KeyRequirement,
  key: Pick<Key, 'modes'> & Partial<Pick<Key, 'usage' | 'algorithm'>>,
  name: string,
): void {
  const invalid = (what: string) => new ValidationException(`${what} of ${name} is invalid for the operation.`);
  if (key.usage === undefined || !usages.includes(key.usage)) throw invalid('KeyUsage');
  if (key.algorithm === undefined || !algorithms.includes(key.algorithm)) throw invalid('KeyAlgorithm');
  if (unrestrictedRefusal !== undefined && key.modes.NoRestrictions) throw new ValidationException(unrestrictedRefusal);
  if (!key.modes.NoRestrictions && !modes.every((mode) => key.modes[mode])) throw invalid('KeyModesOfUse');
}

/**
 * Checks that a stored key is enabled and serves.
 *
 * @throws ValidationException that names its state, or the first attribute which doesn't fit
 */
export function checkUsable(needs: KeyRequirement, key: Key): void {
  requireEnabled(key);
  checkRequirement(needs, key, `the input key ${key.arn}`);
}

/**
 * Shared by every transaction that adds keys, from before it numbers them to its commit (a trigger on the table sees to it).
 * "key order" on a telephone's keys.
 */
const KEY_ORDER_LOCK = 53967337;

/** How many waiting periods end in one transaction: a statement takes 65,535 parameters, and others wait for what is locked. */
const DELETION_BATCH = 500;

/**
 * The one door to stored keys. Every method sees the caller's account and Region only, and lends no key that policies don't
 * allow the call's operation on.
 */
@Injectable()
export class KeyRepository {
  /** No key with a `sequence` up to this one is still being added. */
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
   * @param replicationRegions where it is replicated to; unless given, an exportable key goes to the defaults of its account
   *   and Region that are served
   */
  async add(
    call: Call,
    key: NewKey,
    tags: readonly { Key: string; Value: string }[],
    replicationRegions?: readonly string[],
  ): Promise<Key> {
    return this.changes.transaction(call, async (manager) => {
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
      await this.replications.begin(manager, key.arn, regions);
      if (tags.length > 0)
        await manager.insert(
          Tag,
          tags.map((tag) => ({ keyArn: key.arn, key: tag.Key, value: tag.Value })),
        );
      await this.quotas.checkKeys(manager, key);
      call.keyArns.push(stored.arn);
      call.made = { key: { keyArn: stored.arn } };
      return stored;
    });
  }

  /**
   * The key of an identifier, in whatever state, with its sealed material. Not to be changed: others read it too.
   *
   * @param identifier key ARN, alias ARN or alias name
   * @throws ResourceNotFoundException, AccessDeniedException for another account's
   */
  async get(call: Call, identifier: string): Promise<Key> {
    const parsed = withinReach(call, identifier);
    const known = await this.#known(parsed);
    if (!known) throw missing(call, parsed, identifier);
    const { key, access } = known;
    call.keyArns.push(key.arn);
    authorize(call, { resource: key.arn, key: access, requestAlias: aliasOf(parsed) });
    return key;
  }

  /** ARN of the key that an identifier names, whoever asks; undefined where there is none in the call's Region. */
  async arnOf(call: Call, identifier: string): Promise<string | undefined> {
    const parsed = parseIdentifier(identifier, { accountId: call.principal.accountId, region: call.region });
    return isKey(parsed) ? resourceArn(parsed) : (await this.#known(parsed))?.key.arn;
  }

  /**
   * Asks policies about a key within a transaction, as the key is there.
   *
   * @param alias that the caller named the key by
   * @throws AccessDeniedException
   */
  async permit(call: Call, manager: EntityManager, arn: string, alias?: string): Promise<void> {
    call.keyArns.push(arn);
    authorize(call, { resource: arn, key: await accessOf(manager, arn), requestAlias: alias });
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
    const parsed = withinReach(call, arn);
    const key = await manager.findOne(Key, { where: { arn }, lock: { mode } });
    if (!key) throw missing(call, parsed, arn);
    await this.permit(call, manager, arn);
    return key;
  }

  /** A key that is in use, whatever it is for; else ValidationException. */
  async getEnabled(call: Call, identifier: string): Promise<Key> {
    const key = await this.get(call, identifier);
    requireEnabled(key);
    return key;
  }

  /** A key an operation may use: enabled, of its usages and algorithms, allowing its modes; else ValidationException. */
  async getFor(call: Call, needs: KeyRequirement, identifier: string): Promise<Key> {
    const key = await this.get(call, identifier);
    checkUsable(needs, key);
    return key;
  }

  /** The public keys of the caller that vouch for others and are in use, with their sealed material. */
  async authorities(call: Call): Promise<Key[]> {
    return this.database
      .createQueryBuilder(Key, 'key')
      .addSelect('key.sealed')
      .where({ accountId: call.principal.accountId, region: call.region })
      .andWhere(IS_AUTHORITY)
      .getMany();
  }

  /**
   * A page of keys in the order of their creation. Where there is another page, no key that is added later, or is being
   * added now, comes before the last of them: see docs/adr/0009.
   *
   * @param after `sequence` of the last key of the page before
   * @returns one key more than `limit` where there is another page
   */
  async list(call: Call, { state, after, limit }: { state?: KeyState; after?: string; limit: number }): Promise<Key[]> {
    const read = (manager: EntityManager) =>
      manager.find(Key, {
        where: {
          accountId: call.principal.accountId,
          region: call.region,
          ...(state && { state }),
          ...(after !== undefined && { sequence: MoreThan(after) }),
        },
        order: { sequence: 'ASC' },
        take: limit + 1,
      });
    const settled = this.#settled;
    const found = await read(this.database.manager);
    // Nobody goes on behind the last page, and what was settled before it was read stays in its place.
    const last = found.length > limit ? found[limit - 1] : undefined;
    if (!last || BigInt(last.sequence) <= settled) return found;

    return this.database.transaction(async (manager) => {
      // Whoever is adding keys comes to an end first, and whoever begins gets higher numbers.
      await manager.query('SELECT pg_advisory_xact_lock($1)', [KEY_ORDER_LOCK]);
      const [given] = await manager.query<{ last: string }[]>('SELECT last_value AS last FROM keys_sequence_seq');
      if (given) this.#settled = BigInt(given.last);
      return read(manager);
    });
  }

  /**
   * Works on a key alone with it: others who want to change it wait, and so do those who want the alias that it was named
   * by to name another.
   *
   * @param identifier key ARN, alias ARN or alias name
   * @param work       calls `changed` when it changes the key
   * @throws ResourceNotFoundException, AccessDeniedException for another account's, ValidationException for a replica
   */
  async alone<T>(
    call: Call,
    identifier: string,
    work: (key: Key, manager: EntityManager, changed: () => void) => Promise<T>,
  ): Promise<T> {
    const named = withinReach(call, identifier);
    for (;;) {
      // What is remembered of an alias won't do: the alias may have been taken from that key a moment ago.
      const arn = isKey(named) ? resourceArn(named) : (await findAlias(this.database.manager, named))?.keyArn;
      if (arn == null) throw missing(call, named, identifier);
      try {
        return await this.changes.transaction(call, async (manager, changed) => {
          const key = await manager.findOne(Key, { where: { arn }, lock: { mode: 'pessimistic_write' } });
          // A replica goes with its Region.
          if (!key) throw missing(call, named, identifier);
          // The key before the alias, in the order of all who lock both: so the alias may name another by now.
          if (!isKey(named) && (await findAlias(manager, named, { mode: 'pessimistic_read' }))?.keyArn !== arn)
            throw new AliasMoved();
          await this.permit(call, manager, arn, aliasOf(named));
          requireNotReplica(key);
          return work(key, manager, () => changed(arn));
        });
      } catch (error) {
        if (!(error instanceof AliasMoved)) throw error;
      }
    }
  }

  /**
   * One step of a key's life, alone with the key, which its replicas follow.
   *
   * @param identifier key ARN, alias ARN or alias name
   * @param step       says what changes, or throws to change nothing
   * @returns the key after it
   * @throws ResourceNotFoundException, AccessDeniedException for another account's
   */
  async change(call: Call, identifier: string, step: (key: Key) => KeyChange): Promise<Key> {
    return this.alone(call, identifier, async (key, manager, changed) => {
      const change = step(key);
      if (Object.keys(change).length === 0) return key;
      await manager.update(Key, { arn: key.arn }, change);
      if (multiRegionKeyType(key) === 'PRIMARY') await this.replications.follow(manager, [key.arn]);
      changed();
      return Object.assign(key, change);
    });
  }

  /**
   * Ends the waiting period of keys, of any account and Region, whose time has come, some at a time; their replicas follow.
   * Many nodes may do it at once: who comes second waits for the first and finds those gone.
   *
   * @param change what becomes of them; their aliases lose them, their policies and certificates go
   * @returns their ARNs; none when no time has come
   */
  async endDeletions(now: Date, change: KeyChange): Promise<string[]> {
    return this.changes.ownTransaction(async (manager, changed, note) => {
      const due = await this.#due(manager, now);
      if (due.length === 0) return [];
      await manager.update(Key, due, change);
      await manager.update(Alias, { keyArn: In(due) }, { keyArn: null });
      await manager.delete(ResourcePolicy, { keyArn: In(due) });
      await this.replications.follow(manager, due);
      await manager.delete(PublicKeyCertificate, { keyArn: In(due) });
      for (const arn of due) {
        changed(arn);
        note({ name: 'DeleteKey', keyArn: arn });
      }
      return due;
    });
  }

  /** A replica is never due by itself: its primary key may have been restored. */
  async #due(manager: EntityManager, now: Date): Promise<string[]> {
    const due = await manager
      .createQueryBuilder(Key, 'key')
      .select(['key.arn'])
      .where(`key.state = 'DELETE_PENDING' AND key.deletePendingAt <= :now`, { now })
      .andWhere('(key.primaryRegion IS NULL OR key.primaryRegion = key.region)')
      .orderBy('key.arn')
      .limit(DELETION_BATCH)
      .setLock('pessimistic_write')
      .getMany();
    return due.map(({ arn }) => arn);
  }

  #known(identifier: Identifier): KnownKey | Promise<KnownKey | null> {
    return this.cache.get(resourceArn(identifier), async () => {
      const key = await this.#read(identifier);
      return key && { key: Object.freeze(key), access: await accessOf(this.database.manager, key.arn) };
    });
  }

  #read(identifier: Identifier): Promise<Key | null> {
    const { accountId, region, resource } = identifier;
    const query = this.database.createQueryBuilder(Key, 'key').addSelect('key.sealed');
    if (isKey(identifier))
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

/** The alias that a key was named by names another: the transaction ends, and begins again with that one. */
class AliasMoved extends Error {
  override readonly name = 'AliasMoved';
}

/** What policies ask of a key, in one query. */
export async function accessOf(manager: EntityManager, arn: string): Promise<KeyAccess> {
  const [found] = await manager.query<[Omit<KeyAccess, 'policy'> & { policy: string | null }]>(
    `SELECT
       (SELECT coalesce(json_agg(json_build_object('key', key, 'value', value)), '[]') FROM tags WHERE key_arn = $1) AS tags,
       (SELECT coalesce(json_agg(name ORDER BY name), '[]') FROM aliases WHERE key_arn = $1) AS aliases,
       (SELECT policy FROM resource_policies WHERE key_arn = $1) AS policy`,
    [arn],
  );
  const { tags, aliases, policy } = found;
  const statements = policy === null ? undefined : resourceStatements(arn, readResourcePolicy(policy));
  return { tags, aliases, policy: statements && new Statements(statements) };
}

/** Who isn't allowed to ask isn't told that there is no such key. */
function missing(call: Call, named: Identifier, identifier: string): Error {
  authorize(call, { resource: resourceArn(named), requestAlias: aliasOf(named) });
  return new ResourceNotFoundException(identifier);
}

/** Name of the alias that a key was named by. */
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

/** An identifier taken apart, when it is of the caller's account and Region; what it names may not exist. */
function withinReach(call: Call, identifier: string): Identifier {
  const home = { accountId: call.principal.accountId, region: call.region };
  const parsed = parseIdentifier(identifier, home);
  if (parsed.accountId !== home.accountId)
    throw new AccessDeniedException(
      `User: ${call.principal.arn} is not authorized to perform: payment-cryptography:${call.operation} ` +
        `on resource: ${identifier} because no resource-based policy allows the payment-cryptography:${call.operation} action`,
    );
  if (parsed.region !== home.region) throw missing(call, parsed, identifier);
  return parsed;
}
