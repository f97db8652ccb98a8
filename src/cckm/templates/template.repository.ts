import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ACCOUNT_ID } from '../../access/principal.repository.js';
import type { Call } from '../../call.js';
import { Changes } from '../../changes/changes.js';
import { lockTransaction, LOCKS } from '../../database/locks.js';
import { CckmException, notFound } from '../errors.js';
import { isUuid } from '../uris.js';
import { TemplateRow } from './template.entity.js';

type Content = Pick<TemplateRow, 'policy' | 'grantees'>;

/** The policy templates of the account. */
@Injectable()
export class TemplateRepository {
  constructor(
    private readonly database: DataSource,
    private readonly changes: Changes,
    @Inject(ACCOUNT_ID) private readonly accountId: string,
  ) {}

  /** Returns the templates of the account, the newest first. */
  list(): Promise<TemplateRow[]> {
    const { accountId } = this;
    return this.database.manager.find(TemplateRow, { where: { accountId }, order: { createdAt: 'DESC', id: 'ASC' } });
  }

  /** @throws CckmException NCERRResourceNotFound */
  async find(id: string): Promise<TemplateRow> {
    const { accountId } = this;
    const row = isUuid(id) ? await this.database.manager.findOneBy(TemplateRow, { id, accountId }) : null;
    if (!row) throw notFound('Template');
    return row;
  }

  /** @throws CckmException NCERRConflict if the name is taken */
  create(call: Call, given: Content & { name: string; kms: string }): Promise<TemplateRow> {
    const { accountId } = this;
    const now = call.origin.time;
    return this.changes.transaction(call, async (manager) => {
      await lockTransaction(manager, LOCKS.cckmContainers);
      if (await manager.existsBy(TemplateRow, { accountId, name: given.name }))
        throw new CckmException('NCERRConflict', `A template with the name ${given.name} already exists`);
      const row = manager.create(TemplateRow, {
        ...given,
        id: randomUUID(),
        accountId,
        createdAt: now,
        updatedAt: now,
      });
      await manager.insert(TemplateRow, row);
      call.record.created({ template: { id: row.id } });
      return row;
    });
  }

  /** @throws CckmException NCERRResourceNotFound */
  update(call: Call, id: string, content: Content): Promise<TemplateRow> {
    return this.changes.transaction(call, async (manager) => {
      const row = await manager.findOne(TemplateRow, { where: { id }, lock: { mode: 'pessimistic_write' } });
      if (!row) throw notFound('Template');
      return manager.save(Object.assign(row, content, { updatedAt: call.origin.time }));
    });
  }

  /** @throws CckmException NCERRResourceNotFound */
  async remove(call: Call, id: string): Promise<void> {
    await this.changes.transaction(call, async (manager) => {
      const row = await manager.findOne(TemplateRow, { where: { id }, lock: { mode: 'pessimistic_write' } });
      if (!row) throw notFound('Template');
      await manager.remove(row);
    });
  }
}
