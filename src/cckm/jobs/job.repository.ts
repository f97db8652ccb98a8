import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource, LessThan } from 'typeorm';
import type { Call } from '../../call.js';
import { notFound } from '../errors.js';
import { isUuid } from '../uris.js';
import { type JobKind, JobRow } from './job.entity.js';

/** Retention of jobs. */
const KEPT_MS = 30 * 86_400_000;

/** The jobs of the last 30 days. A user sees only their own jobs. */
@Injectable()
export class JobRepository {
  constructor(private readonly database: DataSource) {}

  async add(call: Call, kind: JobKind, document: object): Promise<JobRow> {
    const createdAt = call.origin.time;
    const { principalArn } = call.principal;
    const row = { id: randomUUID(), kind, principalArn, document: JSON.stringify(document), createdAt };
    const { manager } = this.database;
    await manager.delete(JobRow, { createdAt: LessThan(new Date(createdAt.getTime() - KEPT_MS)) });
    await manager.insert(JobRow, row);
    return row;
  }

  /** Returns the caller's jobs of a kind, the newest first. */
  list({ principal: { principalArn } }: Call, kind: JobKind): Promise<JobRow[]> {
    return this.database.manager.find(JobRow, {
      where: { kind, principalArn },
      order: { createdAt: 'DESC', id: 'ASC' },
    });
  }

  /** @throws CckmException NCERRResourceNotFound */
  async find({ principal: { principalArn } }: Call, kind: JobKind, id: string): Promise<JobRow> {
    const row = isUuid(id) ? await this.database.manager.findOneBy(JobRow, { id, kind, principalArn }) : null;
    if (!row) throw notFound('Job');
    return row;
  }
}
