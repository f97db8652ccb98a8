import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Call } from '../../call.js';
import { Changes } from '../../changes/changes.js';
import { lockTransaction, LOCKS } from '../../database/locks.js';
import { removeRows } from '../../provider/changed-rows.js';
import type { ContainerRow } from '../containers/container.entity.js';
import { ContainerRepository, type Recorded, requireContainer } from '../containers/container.repository.js';
import { notFound } from '../errors.js';
import { isUuid, uuidOf } from '../uris.js';
import { StoreRecord } from './store-record.entity.js';
import type { StoreParam } from './stores.schema.js';

/** A record with its container. */
export type RecordedStore = Recorded<StoreRecord>;

/** Returns CCKM's id of a custom key store, so that a key can name its store without a look-up. */
export function storeUuid(storeArn: string): string {
  return uuidOf('custom key store', storeArn);
}

/** CCKM's records of the account's custom key stores. */
@Injectable()
export class StoreRecordRepository {
  constructor(
    private readonly database: DataSource,
    private readonly changes: Changes,
    private readonly containers: ContainerRepository,
  ) {}

  /** @throws CckmException NCERRResourceNotFound for anything but the id of a record */
  async find(id: string): Promise<RecordedStore> {
    const record = isUuid(id) ? await this.database.manager.findOneBy(StoreRecord, { id }) : null;
    const [recorded] = await this.containers.join(record ? [record] : []);
    if (!recorded) throw notFound('Custom key store');
    return recorded;
  }

  /** Returns the records of the account, the newest first. */
  async list(): Promise<RecordedStore[]> {
    const order = { createdAt: 'DESC', id: 'ASC' } as const;
    return this.containers.join(await this.database.manager.find(StoreRecord, { order }));
  }

  /**
   * Adds the record of a store, unless it has one.
   *
   * @returns the record, in its actual container
   * @throws CckmException NCERRResourceNotFound if the container has been deleted meanwhile
   */
  async add(call: Call, container: ContainerRow, storeArn: string): Promise<RecordedStore> {
    const { time: now } = call.origin;
    const id = storeUuid(storeArn);
    await this.changes.ownTransaction(async (manager) => {
      await lockTransaction(manager, LOCKS.cckmKey, storeArn);
      if (await manager.existsBy(StoreRecord, { id })) return;
      await requireContainer(manager, container);
      const row = { id, containerId: container.id, storeArn, createdAt: now, updatedAt: now, snapshot: '{}' };
      await manager.insert(StoreRecord, manager.create(StoreRecord, row));
    });
    return this.find(id);
  }

  /** Updates the time and the snapshot of a record. The bound columns don't change. */
  async update(call: Call, { record, container }: RecordedStore, snapshot: StoreParam): Promise<RecordedStore> {
    const columns = { updatedAt: call.origin.time, snapshot: JSON.stringify(snapshot) };
    await this.database.manager.update(StoreRecord, { id: record.id }, columns);
    return { record: Object.assign(record, columns), container };
  }

  async remove({ record: { id } }: RecordedStore): Promise<void> {
    await this.changes.ownTransaction((manager) => removeRows(manager, StoreRecord, { id }));
  }
}
