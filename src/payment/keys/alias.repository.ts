import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, MoreThan } from 'typeorm';
import { type Call, type Scope, scopeOf } from '../../call.js';
import { ConflictException, ResourceNotFoundException } from '../../errors/exceptions.js';
import { Alias } from './alias.entity.js';
import { parseIdentifier, resourceArn } from './arn.js';
import { Changes } from '../../changes/changes.js';
import { requireNotDeleted } from './key-life-cycle.js';
import { KeyRepository } from './key.repository.js';
import { Quotas } from './quotas.js';

/** The aliases of the caller's account and Region. */
@Injectable()
export class AliasRepository {
  constructor(
    private readonly database: DataSource,
    private readonly keys: KeyRepository,
    private readonly changes: Changes,
    private readonly quotas: Quotas,
  ) {}

  /**
   * Creates an alias.
   *
   * @param keyArn null for an alias without a key
   * @throws ConflictException if the name is taken, even by a concurrent call
   * @throws ResourceNotFoundException, ValidationException for a key that can't have an alias
   * @throws ServiceQuotaExceededException
   */
  async add(call: Call, name: string, keyArn: string | null): Promise<Alias> {
    const alias = { ...scopeOf(call), name, keyArn };
    return this.changes.transaction(call, async (manager, changed) => {
      await this.#requireKey(call, manager, keyArn);
      const inserted = await manager
        .createQueryBuilder()
        .insert()
        .into(Alias)
        .values(alias)
        .orIgnore()
        .returning(['name'])
        .execute();
      if ((inserted.raw as unknown[]).length === 0) throw new ConflictException(`Alias ${name} already exists.`);
      await this.quotas.checkAliases(manager, alias);
      call.record.created({ alias: { aliasArn: arnOf(alias) } });
      changed(arnOf(alias));
      if (keyArn !== null) changed(keyArn);
      return alias;
    });
  }

  /** Returns an alias. @throws ResourceNotFoundException, AccessDeniedException for its key */
  async get(call: Call, name: string): Promise<Alias> {
    const alias = await this.database.manager.findOneBy(Alias, { ...scopeOf(call), name });
    if (!alias) throw new ResourceNotFoundException(name);
    if (alias.keyArn !== null) await this.keys.get(call, alias.keyArn);
    return alias;
  }

  /**
   * Returns a page of aliases, ordered by name.
   *
   * @param after name of the last alias of the previous page
   * @returns one alias more than `limit` if there is another page
   */
  async list(
    call: Call,
    { keyArn, after, limit }: { keyArn?: string; after?: string; limit: number },
  ): Promise<Alias[]> {
    return this.database.manager.find(Alias, {
      where: {
        ...scopeOf(call),
        ...(keyArn !== undefined && { keyArn }),
        ...(after !== undefined && { name: MoreThan(after) }),
      },
      order: { name: 'ASC' },
      take: limit + 1,
    });
  }

  /**
   * Associates an alias with another key.
   *
   * @param keyArn null for no key
   * @throws ResourceNotFoundException for the alias or the key, ValidationException for a key that can't have an alias
   */
  async update(call: Call, name: string, keyArn: string | null): Promise<Alias> {
    const id = { ...scopeOf(call), name };
    return this.changes.transaction(call, async (manager, changed) => {
      // Lock the key before the alias. The worker that destroys keys locks them in the same order, so the two can't
      // deadlock.
      await this.#requireKey(call, manager, keyArn);
      const alias = await manager.findOne(Alias, { where: id, lock: { mode: 'pessimistic_write' } });
      if (!alias) throw new ResourceNotFoundException(name);
      if (alias.keyArn !== null) await this.keys.authorize(call, manager, alias.keyArn);
      // Both keys count as changed, because policies may have conditions on the aliases of a key.
      for (const arn of [arnOf(id), alias.keyArn, keyArn]) if (arn !== null) changed(arn);
      return manager.save(Object.assign(alias, { keyArn }));
    });
  }

  /** Deletes an alias. @throws ResourceNotFoundException */
  async remove(call: Call, name: string): Promise<void> {
    const id = { ...scopeOf(call), name };
    await this.changes.transaction(call, async (manager, changed) => {
      const alias = await manager.findOne(Alias, { where: id, lock: { mode: 'pessimistic_write' } });
      if (!alias) throw new ResourceNotFoundException(name);
      changed(arnOf(id));
      if (alias.keyArn !== null) changed(alias.keyArn);
      await manager.remove(alias);
    });
  }

  /**
   * Checks that a key may have an alias, and locks the key, so that its deletion waits for the end of the transaction.
   */
  async #requireKey(call: Call, manager: EntityManager, keyArn: string | null): Promise<void> {
    if (keyArn === null) return;
    const own = scopeOf(call);
    // An alias can't name a key of another account, so don't reveal whether such a key exists.
    if (parseIdentifier(keyArn, own).accountId !== own.accountId) throw new ResourceNotFoundException(keyArn);
    requireNotDeleted(await this.keys.lock(call, manager, keyArn, 'pessimistic_read'));
  }
}

function arnOf({ name, ...scope }: Scope & { name: string }): string {
  return resourceArn({ ...scope, resource: name });
}
