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
   * Adds an alias.
   *
   * @param keyArn null for one that names no key yet
   * @throws ConflictException when there is one of this name, also if someone adds it at the same time
   * @throws ResourceNotFoundException, ValidationException for a key that can't have it
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

  /** @throws ResourceNotFoundException, AccessDeniedException for its key */
  async get(call: Call, name: string): Promise<Alias> {
    const alias = await this.database.manager.findOneBy(Alias, { ...scopeOf(call), name });
    if (!alias) throw new ResourceNotFoundException(name);
    if (alias.keyArn !== null) await this.keys.get(call, alias.keyArn);
    return alias;
  }

  /**
   * A page of aliases in the order of their names.
   *
   * @param after name of the last alias of the page before
   * @returns one alias more than `limit` where there is another page
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
   * Makes an alias name another key.
   *
   * @param keyArn null to take its key away
   * @throws ResourceNotFoundException for the alias or the key, ValidationException for a key that can't have it
   */
  async update(call: Call, name: string, keyArn: string | null): Promise<Alias> {
    const id = { ...scopeOf(call), name };
    return this.changes.transaction(call, async (manager, changed) => {
      // The key before the alias, in the order in which the end of a deletion locks them.
      await this.#requireKey(call, manager, keyArn);
      const alias = await manager.findOne(Alias, { where: id, lock: { mode: 'pessimistic_write' } });
      if (!alias) throw new ResourceNotFoundException(name);
      if (alias.keyArn !== null) await this.keys.permit(call, manager, alias.keyArn);
      await manager.update(Alias, id, { keyArn });
      // The keys, too: their aliases are among what policies ask of them.
      for (const arn of [arnOf(id), alias.keyArn, keyArn]) if (arn !== null) changed(arn);
      return { ...id, keyArn };
    });
  }

  /** @throws ResourceNotFoundException */
  async remove(call: Call, name: string): Promise<void> {
    const id = { ...scopeOf(call), name };
    await this.changes.transaction(call, async (manager, changed) => {
      const alias = await manager.findOne(Alias, { where: id, lock: { mode: 'pessimistic_write' } });
      if (!alias) throw new ResourceNotFoundException(name);
      await manager.delete(Alias, id);
      changed(arnOf(id));
      if (alias.keyArn !== null) changed(alias.keyArn);
    });
  }

  /** Holds a key in a state in which it may get an alias: its deletion waits for the end of the transaction. */
  async #requireKey(call: Call, manager: EntityManager, keyArn: string | null): Promise<void> {
    if (keyArn === null) return;
    const own = scopeOf(call);
    // An alias never names a key of another account, so whether there is one is nobody's business.
    if (parseIdentifier(keyArn, own).accountId !== own.accountId) throw new ResourceNotFoundException(keyArn);
    requireNotDeleted(await this.keys.lock(call, manager, keyArn, 'pessimistic_read'));
  }
}

function arnOf({ name, ...scope }: Scope & { name: string }): string {
  return resourceArn({ ...scope, resource: name });
}
