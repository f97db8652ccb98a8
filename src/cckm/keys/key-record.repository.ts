import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Call } from '../../call.js';
import { Changes } from '../../changes/changes.js';
import { lockTransaction, LOCKS } from '../../database/locks.js';
import { removeRows } from '../../provider/changed-rows.js';
import type { ContainerRow } from '../containers/container.entity.js';
import { ContainerRepository, type Recorded, requireContainer } from '../containers/container.repository.js';
import { notFound } from '../errors.js';
import { isUuid } from '../uris.js';
import { KeyRecord } from './key-record.entity.js';
import type { Grantees } from './grantees.js';
import type { AwsParam } from './keys.schema.js';

/** Data about a key that only CCKM has. */
export interface Details extends Grantees {
  rotated_at?: string;
  rotated_from?: string;
  rotated_to?: string;
}

/** A record with its container. */
export type RecordedKey = Recorded<KeyRecord>;

/** Changes of a record. */
export interface RecordChange {
  syncedAt?: Date;
  snapshot?: AwsParam;
  details?: Details;
}

/** Returns the Region of a key by its ARN. */
export function regionOf(keyArn: string): string {
  return keyArn.split(':')[3] ?? '';
}

export function detailsOf({ details }: KeyRecord): Details {
  return JSON.parse(details) as Details;
}

/** CCKM's records of the account's KMS keys. */
@Injectable()
export class KeyRecordRepository {
  constructor(
    private readonly database: DataSource,
    private readonly changes: Changes,
    private readonly containers: ContainerRepository,
  ) {}

  /** @throws CckmException NCERRResourceNotFound for anything but the id of a record */
  async find(id: string): Promise<RecordedKey> {
    const record = isUuid(id) ? await this.database.manager.findOneBy(KeyRecord, { id }) : null;
    const [recorded] = await this.containers.join(record ? [record] : []);
    if (!recorded) throw notFound('Key');
    return recorded;
  }

  /** Returns the records of the account, the newest first. */
  async list(): Promise<RecordedKey[]> {
    const order = { createdAt: 'DESC', id: 'ASC' } as const;
    return this.containers.join(await this.database.manager.find(KeyRecord, { order }));
  }

  /**
   * Adds the record of a key, unless a synchronization has already recorded it.
   *
   * @returns the record, in its actual container
   * @throws CckmException NCERRResourceNotFound if the container has been deleted meanwhile
   */
  async add(
    call: Call,
    container: ContainerRow,
    keyArn: string,
    snapshot: AwsParam,
    details: Details = {},
  ): Promise<RecordedKey> {
    const { time: now } = call.origin;
    const row = {
      ...{ id: randomUUID(), containerId: container.id, keyArn, createdAt: now, updatedAt: now, syncedAt: now },
      snapshot: JSON.stringify(snapshot),
      details: JSON.stringify(details),
    };
    const id = await this.changes.ownTransaction(async (manager) => {
      await lockTransaction(manager, LOCKS.cckmKey, keyArn);
      const present = await manager.findOneBy(KeyRecord, { keyArn });
      if (present) return present.id;
      await requireContainer(manager, container);
      await manager.insert(KeyRecord, manager.create(KeyRecord, row));
      return row.id;
    });
    return this.find(id);
  }

  /** Updates the times, snapshot and details of a record. The bound columns don't change. */
  async update(
    call: Call,
    { record, container }: RecordedKey,
    { syncedAt, snapshot, details }: RecordChange = {},
  ): Promise<RecordedKey> {
    const { id } = record;
    return this.changes.ownTransaction(async (manager) => {
      // Another call may have changed the details since the record was read.
      const locked = await manager.findOne(KeyRecord, { where: { id }, lock: { mode: 'pessimistic_write' } });
      if (!locked) throw notFound('Key');
      const columns = {
        updatedAt: call.origin.time,
        ...(syncedAt && { syncedAt }),
        ...(snapshot && { snapshot: JSON.stringify(snapshot) }),
        ...(details && { details: JSON.stringify({ ...detailsOf(locked), ...details }) }),
      };
      await manager.update(KeyRecord, { id }, columns);
      return { record: Object.assign(record, columns), container };
    });
  }

  /** Removes a record; its key stays. */
  async remove(call: Call, { record }: RecordedKey): Promise<void> {
    await this.changes.transaction(call, async (manager) => {
      const removed = await removeRows(manager, KeyRecord, { id: record.id });
      if (removed === 0) throw notFound('Key');
      call.record.uses(record.keyArn);
    });
  }
}
