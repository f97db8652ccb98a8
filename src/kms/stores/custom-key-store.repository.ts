import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, MoreThan } from 'typeorm';
import { type Call, scopeOf } from '../../call.js';
import { Changes } from '../../changes/changes.js';
import { KmsException } from '../exceptions.js';
import { KmsCustomKeyStore } from './kms-custom-key-store.entity.js';
import { findStore } from './read-store.js';
import { storeArn } from './store-arn.js';

/** A custom key store that a transaction has locked. */
export interface LockedStore {
  readonly manager: EntityManager;
  readonly store: KmsCustomKeyStore;
  /** Drops the store and its keys from all caches once the transaction commits. */
  readonly changed: () => void;
}

/** The custom key stores of the caller's account and Region. The authorizer has authorized the call for `*`. */
@Injectable()
export class CustomKeyStoreRepository {
  constructor(
    private readonly database: DataSource,
    private readonly changes: Changes,
  ) {}

  /** Returns all custom key stores of the account and Region, which are few, within a transaction if there is one. */
  all(call: Call, manager = this.database.manager): Promise<KmsCustomKeyStore[]> {
    return manager.find(KmsCustomKeyStore, { where: scopeOf(call), order: { id: 'ASC' } });
  }

  /** @throws KmsException CustomKeyStoreNotFoundException */
  async get(call: Call, id: string): Promise<KmsCustomKeyStore> {
    const store = await this.database.manager.findOneBy(KmsCustomKeyStore, { ...scopeOf(call), id });
    if (!store) throw storeNotFound(id);
    return store;
  }

  /** Returns a page of the custom key stores. @param after the last id of the previous page */
  list(call: Call, { after, limit }: { after?: string; limit: number }): Promise<KmsCustomKeyStore[]> {
    return this.database.manager.find(KmsCustomKeyStore, {
      where: { ...scopeOf(call), ...(after !== undefined && { id: MoreThan(after) }) },
      order: { id: 'ASC' },
      take: limit + 1,
    });
  }

  /** @throws KmsException CustomKeyStoreNotFoundException */
  async named(call: Call, name: string): Promise<KmsCustomKeyStore> {
    const store = await this.database.manager.findOneBy(KmsCustomKeyStore, { ...scopeOf(call), name });
    if (!store) throw storeNotFound(name);
    return store;
  }

  /** Returns a custom key store with its sealed value. @throws KmsException CustomKeyStoreNotFoundException */
  async getWithSecret(call: Call, id: string): Promise<KmsCustomKeyStore> {
    const store = await this.withSecret(id);
    const { accountId, region } = scopeOf(call);
    if (store?.accountId !== accountId || store.region !== region) throw storeNotFound(id);
    return store;
  }

  /** Reads a custom key store with its sealed value. */
  withSecret(id: string): Promise<KmsCustomKeyStore | null> {
    return findStore(this.database.manager, id);
  }

  /** Works in a transaction with the call's audit event. */
  create<T>(call: Call, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.changes.transaction(call, work);
  }

  /**
   * Works on a custom key store while holding its lock, in a transaction with the call's audit event.
   *
   * @throws KmsException CustomKeyStoreNotFoundException
   */
  change<T>(call: Call, id: string, work: (locked: LockedStore) => Promise<T>): Promise<T> {
    return this.changes.transaction(call, async (manager, changed) => {
      const store = await lockStore(manager, id);
      const { accountId, region } = scopeOf(call);
      if (store?.accountId !== accountId || store.region !== region) throw storeNotFound(id);
      return work({ manager, store, changed: () => changed(storeArn(store)) });
    });
  }
}

/** Locks a custom key store; undefined if there is none. */
export async function lockStore(manager: EntityManager, id: string): Promise<KmsCustomKeyStore | null> {
  return manager
    .createQueryBuilder(KmsCustomKeyStore, 'store')
    .addSelect('store.sealed')
    .where({ id })
    .setLock('pessimistic_write')
    .getOne();
}

export function newStoreId(): string {
  return `cks-${randomBytes(9).toString('hex').slice(1)}`;
}

export function storeNotFound(nameOrId: string): KmsException {
  return new KmsException('CustomKeyStoreNotFoundException', `Custom key store ${nameOrId} is not found.`);
}

/** The exception for an operation that a store's connection state doesn't allow. */
export function invalidStoreState({ id, connectionState }: KmsCustomKeyStore, needed: string): KmsException {
  return new KmsException(
    'CustomKeyStoreInvalidStateException',
    `Custom key store ${id} is ${connectionState}: this operation needs one that is ${needed}.`,
  );
}
