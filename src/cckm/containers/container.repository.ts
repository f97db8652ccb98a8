import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { Call } from '../../call.js';
import { Changes } from '../../changes/changes.js';
import { Clock } from '../../clock.js';
import { CONFIG, type Config } from '../../config/config.js';
import { lockTransaction, LOCKS } from '../../database/locks.js';
import { CckmException, notFound } from '../errors.js';
import { ContainerRow } from './container.entity.js';

/** Name of the container that Keyblock creates at its first start. */
const FIRST = 'kms';

/** A record of a KMS resource, with its container. */
export interface Recorded<R> {
  record: R;
  container: ContainerRow;
}

/** The KMS containers of the account. */
@Injectable()
export class ContainerRepository implements OnApplicationBootstrap {
  constructor(
    private readonly database: DataSource,
    private readonly changes: Changes,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Creates a container of all Regions if the account has none. */
  async onApplicationBootstrap(): Promise<void> {
    if ((await this.list()).length > 0) return;
    await this.changes.ownTransaction(async (manager) => {
      await lockTransaction(manager, LOCKS.cckmContainers);
      if (await manager.existsBy(ContainerRow, { accountId: this.config.accountId })) return;
      const row = this.#row({ name: FIRST, regions: this.config.regions, autoAdded: true }, this.clock.now());
      await manager.insert(ContainerRow, manager.create(ContainerRow, row));
    });
  }

  /** Returns the containers of the account, the newest first. */
  list(): Promise<ContainerRow[]> {
    return this.database.manager.find(ContainerRow, {
      where: { accountId: this.config.accountId },
      order: { createdAt: 'DESC', id: 'ASC' },
    });
  }

  /** Finds a container by its id or name. @throws CckmException NCERRResourceNotFound */
  async find(idOrName: string): Promise<ContainerRow> {
    const found = (await this.list()).find(({ id, name }) => id === idOrName || name === idOrName);
    if (!found) throw notFound(`KMS ${idOrName}`);
    return found;
  }

  /** Returns records with their containers; leaves out records of other accounts. */
  async join<R extends { containerId: string }>(records: readonly R[]): Promise<Recorded<R>[]> {
    const containers = new Map((await this.list()).map((container) => [container.id, container]));
    return records.flatMap((record) => {
      const container = containers.get(record.containerId);
      return container ? [{ record, container }] : [];
    });
  }

  /** @throws CckmException NCERRConflict if the name is taken */
  async create(call: Call, { name, regions }: { name: string; regions: readonly string[] }): Promise<ContainerRow> {
    const row = this.#row({ name, regions, autoAdded: false }, call.origin.time);
    return this.changes.transaction(call, async (manager) => {
      await lockTransaction(manager, LOCKS.cckmContainers);
      if (await manager.existsBy(ContainerRow, { accountId: row.accountId, name }))
        throw new CckmException('NCERRConflict', `A KMS with the name ${name} already exists`);
      const created = manager.create(ContainerRow, row);
      await manager.insert(ContainerRow, created);
      call.record.created({ kms: { id: row.id } });
      return created;
    });
  }

  /**
   * Changes a container while it is locked.
   *
   * @throws CckmException NCERRResourceNotFound
   */
  change(
    call: Call,
    id: string,
    work: (row: ContainerRow, manager: EntityManager) => void | Promise<void>,
  ): Promise<ContainerRow> {
    return this.changes.transaction(call, async (manager) => {
      const row = await this.#lock(manager, id);
      await work(row, manager);
      return manager.save(Object.assign(row, { updatedAt: call.origin.time }));
    });
  }

  /** @param check throws if the container can't be removed */
  async remove(
    call: Call,
    id: string,
    check: (row: ContainerRow, manager: EntityManager) => Promise<void>,
  ): Promise<void> {
    await this.changes.transaction(call, async (manager) => {
      const row = await this.#lock(manager, id);
      await check(row, manager);
      await manager.remove(row);
    });
  }

  async #lock(manager: EntityManager, idOrName: string): Promise<ContainerRow> {
    const { id } = await this.find(idOrName);
    const row = await manager.findOne(ContainerRow, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!row) throw notFound('KMS');
    return row;
  }

  #row({ name, regions, autoAdded }: { name: string; regions: readonly string[]; autoAdded: boolean }, now: Date) {
    const { accountId } = this.config;
    const state = { acls: '[]', isArchived: false, autoAdded, createdAt: now, updatedAt: now };
    return { id: randomUUID(), accountId, name, regions: regions.join(), ...state };
  }
}

/**
 * Keeps a container from being deleted until the transaction ends.
 *
 * @throws CckmException NCERRResourceNotFound if it has been deleted since it was read
 */
export async function requireContainer(manager: EntityManager, { id, name }: ContainerRow): Promise<void> {
  const row = await manager.findOne(ContainerRow, { where: { id }, lock: { mode: 'for_key_share' } });
  if (!row) throw notFound(`KMS ${name}`);
}

/** @throws CckmException NCERRInvalidParamValue for a Region that a container doesn't have */
export function requireRegion({ name, regions }: ContainerRow, region: string, member: string): void {
  if (!regions.split(',').includes(region))
    throw new CckmException('NCERRInvalidParamValue', `${member} must be one of the KMS ${name}: ${regions}`);
}
