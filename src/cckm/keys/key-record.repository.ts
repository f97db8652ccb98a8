import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import type { Call } from '../../call.js';
import { Changes } from '../../changes/changes.js';
import { lockTransaction, LOCKS } from '../../database/locks.js';
import { removeRows } from '../../provider/changed-rows.js';
import type { ContainerRow } from '../containers/container.entity.js';
import { ContainerRepository } from '../containers/container.repository.js';
import { notFound } from '../errors.js';
import { isUuid } from '../uris.js';
import { KeyRecord } from './key-record.entity.js';
import type { Grantees } from './grantees.js';
import type { AwsParam } from './keys.schema.js';

/** What CCKM knows of a key that KMS doesn't. */
export interface Details extends Grantees {
  rotated_at?: string;
  rotated_from?: string;
  rotated_to?: string;
}

/** A record with its container. */
export interface RecordedKey {
  record: KeyRecord;
  container: ContainerRow;
}

/** What of a record may be changed. */
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

  /** @throws CckmException NCERRResourceNotFound for whatever isn't the id of a record */
  async find(id: string): Promise<RecordedKey> {
    const record = isUuid(id) ? await this.database.manager.findOneBy(KeyRecord, { id }) : null;
    const container = record && (await this.containers.list()).find((each) => each.id === record.containerId);
    if (!record || !container) throw notFound('Key');
    return { record, container };
  }

  /** Returns the records of the account, the newest first. */
  async list(): Promise<RecordedKey[]> {
    const containers = new Map((await this.containers.list()).map((container) => [container.id, container]));
    const records = await this.database.manager.find(KeyRecord, {
      where: { containerId: In([...containers.keys()]) },
      order: { createdAt: 'DESC', id: 'ASC' },
    });
    return records.flatMap((record) => {
      const container = containers.get(record.containerId);
      return container ? [{ record, container }] : [];
    });
  }

  /**
   * Adds the record of a key.
   *
   * @returns the record; the present one if there is one already
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
    return this.changes.ownTransaction(async (manager) => {
      await lockTransaction(manager, LOCKS.cckmKey, keyArn);
      const present = await manager.findOneBy(KeyRecord, { keyArn });
      if (present) return { record: present, container };
      const record = manager.create(KeyRecord, row);
      await manager.insert(KeyRecord, record);
      return { record, container };
    });
  }

  /** Notes a change of a record, or of its key. The columns that are bound don't change. */
  async update(
    call: Call,
    { record, container }: RecordedKey,
    { syncedAt, snapshot, details }: RecordChange = {},
  ): Promise<RecordedKey> {
    const columns = {
      updatedAt: call.origin.time,
      ...(syncedAt && { syncedAt }),
      ...(snapshot && { snapshot: JSON.stringify(snapshot) }),
      ...(details && { details: JSON.stringify({ ...detailsOf(record), ...details }) }),
    };
    await this.database.manager.update(KeyRecord, { id: record.id }, columns);
    return { record: Object.assign(record, columns), container };
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
