import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, In, MoreThan } from 'typeorm';
import { type Call, isDataCall, scopeOf } from '../../call.js';
import { Changes } from '../../changes/changes.js';
import { inTime } from '../../changes/in-time.js';
import { AccessDeniedException } from '../../errors/exceptions.js';
import { rowsByKey } from '../../provider/rows-by-key.js';
import { whenReady } from '../../when-ready.js';
import { KmsAlias } from '../aliases/kms-alias.entity.js';
import { authorize, authorizeKey } from '../authorization/authorize.js';
import { readKeyPolicy } from '../authorization/key-policies.js';
import { KmsException } from '../exceptions.js';
import type { EncryptionContext, Tag } from '../fields.js';
import { GrantCache, grantsAllowing } from '../grants/grant-cache.js';
import { KmsMaterial, type NewKmsMaterial } from '../materials/kms-material.entity.js';
import type { KmsCustomKeyStore } from '../stores/kms-custom-key-store.entity.js';
import { findStore } from '../stores/read-store.js';
import { KmsTag } from '../tags/kms-tag.entity.js';
import { identityOf, isMultiRegionId, type KmsIdentifier, kmsArn, parseKeyId } from './key-id.js';
import { requireState, stateOf } from './key-state.js';
import { KmsKeyCache, type KnownKey } from './kms-key-cache.js';
import { KmsKey, type NewKmsKey } from './kms-key.entity.js';
import { KmsQuotas } from './kms-quotas.js';

/** Options for finding the key of an operation. */
export interface KeyUse {
  /** The operation to authorize and to check the key's state for; the call's by default. */
  operation?: string;
  /** True if the operation accepts alias names and alias ARNs. */
  takesAlias?: boolean;
  /** The encryption context that policies and grants see. */
  encryptionContext?: EncryptionContext;
  /**
   * A material of the key that a ciphertext names. Another node may have just added it, so it is looked up in the
   * database.
   */
  materialId?: string;
  /** Identifier of the other key of ReEncrypt. */
  otherKeyId?: string;
  /** Refuses an unsuitable key before the key's state is checked. */
  require?: (key: KmsKey) => void;
}

/** A key that a transaction has locked. */
export interface LockedKey extends KnownKey {
  readonly manager: EntityManager;
  /** Drops the key, or the resource of an ARN, from all caches once the transaction commits. */
  readonly changed: (arn?: string) => void;
}

/** A new key with its dependent rows. */
export interface KeyParts {
  key: NewKmsKey;
  materials: readonly NewKmsMaterial[];
  tags: readonly Tag[];
}

/**
 * The only access to stored KMS keys. Every method is limited to the caller's account and Region, and returns only keys
 * on which policies and grants allow the operation; `read`, `arnOf` and `released` leave that to the caller.
 */
@Injectable()
export class KmsKeyRepository {
  constructor(
    private readonly database: DataSource,
    private readonly cache: KmsKeyCache,
    private readonly grants: GrantCache,
    private readonly changes: Changes,
    private readonly quotas: KmsQuotas,
  ) {}

  /**
   * Stores a new key, in a transaction of its own with the call's audit event.
   *
   * @param before runs first in the transaction
   * @throws LimitExceededException
   */
  async add(call: Call, parts: KeyParts, before?: (manager: EntityManager) => Promise<void>): Promise<void> {
    await this.changes.transaction(call, async (manager, changed) => {
      await before?.(manager);
      await this.insert(manager, parts);
      call.record.uses(parts.key.arn);
      call.record.created({ keyMetadata: { keyId: parts.key.keyId, arn: parts.key.arn } });
      changed(parts.key.arn);
    });
  }

  /** Inserts a key with its materials and tags. @throws LimitExceededException */
  async insert(manager: EntityManager, { key, materials, tags }: KeyParts): Promise<void> {
    await manager.insert(KmsKey, manager.create(KmsKey, key));
    for (const material of materials) await manager.insert(KmsMaterial, manager.create(KmsMaterial, material));
    for (const { TagKey, TagValue } of tags)
      await manager.insert(KmsTag, manager.create(KmsTag, { keyArn: key.arn, key: TagKey, value: TagValue }));
    await this.quotas.checkKeys(manager, key);
  }

  /**
   * Returns a key in any state. The objects are frozen and shared: see KmsKeyCache.
   *
   * @param identifier key id or key ARN or, if the operation accepts them, alias name or alias ARN
   * @returns a promise only if something isn't cached
   * @throws KmsException NotFoundException, InvalidArnException
   * @throws AccessDeniedException
   */
  find(call: Call, identifier: string, use: KeyUse = {}): KnownKey | Promise<KnownKey> {
    const named = parseKeyId(identifier, scopeOf(call), use.takesAlias === true);
    const { materialId } = use;
    const suffices = (known: KnownKey) =>
      materialId === undefined || known.materials.some((material) => material.materialId === materialId);
    return whenReady(this.#known(call, named, suffices), (known) => {
      if (!known) throw missing(call, named, use.operation);
      call.record.uses(known.key.arn);
      const { otherKeyId } = use;
      if (otherKeyId === undefined) return whenReady(this.#authorize(call, known, named, use), () => known);
      return whenReady(this.#isNamed(call, known, otherKeyId), (isOnSameKey) =>
        whenReady(this.#authorize(call, known, named, { ...use, isOnSameKey }), () => known),
      );
    });
  }

  /**
   * Returns a key in a state in which the operation works.
   *
   * @returns a promise only if something isn't cached
   * @throws KmsException NotFoundException, InvalidArnException, DisabledException, KMSInvalidStateException
   * @throws AccessDeniedException
   */
  usable(call: Call, identifier: string, use: KeyUse = {}): KnownKey | Promise<KnownKey> {
    return whenReady(this.find(call, identifier, use), (known) => {
      use.require?.(known.key);
      requireUsable(call, known, use.operation);
      return known;
    });
  }

  /**
   * Works on a key while holding its lock and those of all related keys, in a transaction with the call's audit event.
   *
   * @param work calls `changed` if it changes the key or its dependent rows
   * @throws as `usable`
   */
  change<T>(call: Call, identifier: string, use: KeyUse, work: (locked: LockedKey) => Promise<T>): Promise<T> {
    const named = parseKeyId(identifier, scopeOf(call), false);
    return this.changes.transaction(call, async (manager, changed) => {
      const locked = await this.lock(call, manager, named, use, changed);
      return work(locked);
    });
  }

  /** Locks a key and all related keys within a transaction, authorizes the call for it and checks its state. @throws as `usable` */
  async lock(
    call: Call,
    manager: EntityManager,
    named: KmsIdentifier,
    use: KeyUse,
    changed: (arn: string) => void,
  ): Promise<LockedKey> {
    if (named.accountId !== call.principal.accountId) throw foreign(call, named, use.operation);
    const arn = kmsArn(named);
    const key = await lockKey(manager, arn);
    if (!key) throw missing(call, named, use.operation);
    const known = await knownOf(manager, key);
    call.record.uses(arn);
    await this.#authorize(call, known, named, use, manager);
    use.require?.(key);
    requireUsable(call, known, use.operation);
    return { ...known, manager, changed: (other = arn) => changed(other) };
  }

  /**
   * Reads a key in any state within a transaction, and leaves the authorization to the caller.
   *
   * @throws as `find`, but for policies of the key
   */
  async read(call: Call, manager: EntityManager, named: KmsIdentifier): Promise<KnownKey> {
    if (named.accountId !== call.principal.accountId) throw foreign(call, named);
    const arn = kmsArn(named);
    const key = await manager.findOneBy(KmsKey, { arn });
    if (!key) throw missing(call, named);
    call.record.uses(arn);
    return knownOf(manager, key);
  }

  /** Reads a key in any state within a transaction, and authorizes the call for it. @throws as `find` */
  async authorized(call: Call, manager: EntityManager, named: KmsIdentifier): Promise<KnownKey> {
    const known = await this.read(call, manager, named);
    await this.#authorize(call, known, named, {}, manager);
    return known;
  }

  /**
   * Returns the ARN of a key of the account, for callers that may list all keys.
   *
   * @throws KmsException NotFoundException
   */
  async arnOf(call: Call, named: KmsIdentifier): Promise<string> {
    if (named.accountId !== call.principal.accountId) throw foreign(call, named);
    const arn = kmsArn(named);
    if (!(await this.database.manager.existsBy(KmsKey, { arn }))) throw unknown(named);
    return arn;
  }

  /**
   * Returns a key in any state and Region, without evaluating policies or grants: an operator has released it to the
   * caller. The objects are frozen and shared.
   *
   * @param suffices returns true if the cached key has the required material, which another node may have just added;
   *   otherwise the key is read again
   * @returns a promise only if something isn't cached; null for a key that doesn't exist
   * @throws AccessDeniedException for a key of another account
   */
  released(
    call: Call,
    arn: string,
    suffices: (known: KnownKey) => boolean,
  ): KnownKey | null | Promise<KnownKey | null> {
    const [, , , region = '', accountId = '', resource = ''] = arn.split(':');
    return this.#known(call, { region, accountId, resource }, suffices);
  }

  /**
   * Returns a page of the account's keys in the Region, by key id.
   * @param after the last key id of the previous page
   */
  list(call: Call, { after, limit }: { after?: string; limit: number }): Promise<KmsKey[]> {
    return this.database.manager.find(KmsKey, {
      where: { ...scopeOf(call), ...(after !== undefined && { keyId: MoreThan(after) }) },
      order: { keyId: 'ASC' },
      take: limit + 1,
    });
  }

  /**
   * Reads keys by their ARNs, and leaves out those on which the caller may not call DescribeKey. The call doesn't use these
   * keys, so its audit event doesn't name them.
   */
  async visible(call: Call, arns: readonly string[]): Promise<KnownKey[]> {
    const { manager } = this.database;
    const keys = await manager.findBy(KmsKey, { ...scopeOf(call), arn: In(arns) });
    const visible: KnownKey[] = [];
    for (const known of await knownOfAll(manager, keys)) {
      const authorized = { resource: known.key.arn, key: known, operation: 'DescribeKey' };
      try {
        await authorizeKey(call, authorized, (...asked) => this.grants.of(...asked));
        visible.push(known);
      } catch (error) {
        if (!(error instanceof AccessDeniedException)) throw error;
      }
    }
    return visible;
  }

  /** Returns the related keys of a multi-Region key, including itself, by Region. */
  related(key: KmsKey): Promise<KmsKey[]> {
    return relatedTo(key, this.database.manager);
  }

  /** True if an identifier names the key; false for one that the operation is going to refuse. */
  #isNamed(call: Call, { key }: KnownKey, identifier: string): boolean | Promise<boolean> {
    let named: KmsIdentifier;
    try {
      named = parseKeyId(identifier, scopeOf(call), true);
    } catch {
      return false;
    }
    if (named.accountId !== key.accountId) return false;
    if (named.resource.startsWith('key/')) return kmsArn(named) === key.arn;
    return whenReady(
      this.#known(call, named, () => true),
      (other) => other?.key.arn === key.arn,
    );
  }

  /** @param manager of the transaction that reads the key; without one, grants may come from the cache */
  #authorize(
    call: Call,
    known: KnownKey,
    named: KmsIdentifier,
    { operation, encryptionContext, isOnSameKey }: KeyUse & { isOnSameKey?: boolean },
    manager?: EntityManager,
  ): void | Promise<void> {
    const requestAlias = named.resource.startsWith('alias/') ? named.resource : undefined;
    const authorized = { resource: known.key.arn, key: known, requestAlias, operation, encryptionContext, isOnSameKey };
    return authorizeKey(call, authorized, (arn, principal, granted) =>
      manager ? grantsAllowing(manager, arn, principal, granted) : this.grants.of(arn, principal, granted),
    );
  }

  #known(
    call: Call,
    named: KmsIdentifier,
    suffices: (known: KnownKey) => boolean,
  ): KnownKey | null | Promise<KnownKey | null> {
    if (named.accountId !== call.principal.accountId) throw foreign(call, named);
    const read = () => inTime(this.#read(named));
    return whenReady(this.cache.get(kmsArn(named), isDataCall(call), read), (known) =>
      known && !suffices(known) ? read() : known,
    );
  }

  async #read(named: KmsIdentifier): Promise<KnownKey | null> {
    const { manager } = this.database;
    const arn = named.resource.startsWith('key/') ? kmsArn(named) : await targetOf(manager, named);
    const key = arn === undefined ? null : await manager.findOneBy(KmsKey, { arn });
    return key && knownOf(manager, Object.freeze(key));
  }
}

async function targetOf(manager: EntityManager, { accountId, region, resource: name }: KmsIdentifier) {
  return (await manager.findOneBy(KmsAlias, { accountId, region, name }))?.keyArn;
}

/** Returns the keys with the same id, including the key itself, by Region: for a single-Region key, only itself. */
export function relatedTo({ accountId, keyId }: KmsKey, manager: EntityManager): Promise<KmsKey[]> {
  return manager.find(KmsKey, { where: { accountId, keyId }, order: { region: 'ASC' } });
}

/**
 * Locks a key. Related keys change together, so all of them are locked, always in the same order to avoid deadlocks.
 */
export async function lockKey(manager: EntityManager, arn: string): Promise<KmsKey | null> {
  const { accountId, keyId } = identityOf(arn);
  if (isMultiRegionId(keyId))
    await manager.query('SELECT FROM kms_keys WHERE account_id = $1 AND key_id = $2 ORDER BY arn FOR UPDATE', [
      accountId,
      keyId,
    ]);
  return manager.findOne(KmsKey, { where: { arn }, lock: { mode: 'pessimistic_write' } });
}

/** Reads the dependent rows of a key. */
export async function knownOf(manager: EntityManager, key: KmsKey): Promise<KnownKey> {
  const [known] = await knownOfAll(manager, [key]);
  return known as KnownKey;
}

/** Reads the dependent rows of several keys. */
async function knownOfAll(manager: EntityManager, keys: readonly KmsKey[]): Promise<KnownKey[]> {
  const of = { keyArn: In(keys.map(({ arn }) => arn)) };
  const materials = rowsByKey(
    await manager
      .createQueryBuilder(KmsMaterial, 'material')
      .addSelect('material.sealed')
      .where(of)
      .orderBy('material.sequence')
      .getMany(),
  );
  const stores = new Map<string, KmsCustomKeyStore | null>();
  for (const { customKeyStoreId: id } of keys)
    if (id !== null && !stores.has(id)) stores.set(id, await findStore(manager, id));
  const aliases = rowsByKey(await manager.find(KmsAlias, { where: of, order: { name: 'ASC' } }));
  const tags = rowsByKey(await manager.find(KmsTag, { where: of, order: { sequence: 'ASC' } }));
  return keys.map((key) => {
    const store = stores.get(key.customKeyStoreId ?? '');
    return {
      key,
      materials: materials.get(key.arn) ?? [],
      ...(store && { store }),
      aliases: (aliases.get(key.arn) ?? []).map(({ name }) => name),
      tags: (tags.get(key.arn) ?? []).map(({ key: name, value }) => ({ key: name, value })),
      policy: readKeyPolicy(key.arn, key.policy),
    };
  });
}

/** Checks that a key is in a state in which an operation works. */
export function requireUsable(call: Call, { key, materials, store }: KnownKey, operation = call.operation): void {
  requireState(key.arn, stateOf(key, materials, call.origin.time, store), operation);
}

/** Returns the error for a missing key, once the caller's own policies allow the operation on it. */
function missing(call: Call, named: KmsIdentifier, operation?: string): KmsException {
  authorize(call, { resource: kmsArn(named), operation });
  return unknown(named);
}

function unknown(named: KmsIdentifier): KmsException {
  return named.resource.startsWith('alias/')
    ? new KmsException('NotFoundException', `Alias ${kmsArn(named)} is not found.`)
    : new KmsException('NotFoundException', `Key '${kmsArn(named)}' does not exist`);
}

/** Returns the exception for another account's key, whose policies this service doesn't have. */
function foreign({ principal, api, operation: called }: Call, named: KmsIdentifier, operation = called): Error {
  const action = `${api.name}:${operation}`;
  return new AccessDeniedException(
    `User: ${principal.arn} is not authorized to perform: ${action} on resource: ${kmsArn(named)} ` +
      `because no resource-based policy allows the ${action} action`,
  );
}
