import { Injectable } from '@nestjs/common';
import { DataSource, In, MoreThan } from 'typeorm';
import { KeyUse, type LastUse } from '../access/key-use.js';
import { type Call, scopeOf } from '../call.js';
import { AccessDeniedException } from '../errors/exceptions.js';
import { authorize } from '../payment/authorization/authorize.js';
import { KEY_POLICIES } from '../payment/authorization/key-policies.js';
import { Alias } from '../payment/keys/alias.entity.js';
import { Key } from '../payment/keys/key.entity.js';
import { Replication } from '../payment/keys/replication.entity.js';
import { ResourcePolicy } from '../payment/keys/resource-policy.entity.js';
import { Tag } from '../payment/keys/tag.entity.js';
import { resourceStatements, Statements } from '../policy/policy.js';

/** Keys that are read at once, and keys and time to which one call is limited. */
const READ_KEYS = 200;
const MAX_KEYS = 20_000;
const MAX_MS = 2000;

/** A key with everything that the inventory shows. */
export interface InventoryKey {
  key: Key;
  aliases: string[];
  tags: Tag[];
  replications: Replication[];
  lastUse?: LastUse;
}

/** Conditions on columns of keys. */
export type KeyColumns = Partial<Pick<Key, 'usage' | 'algorithm' | 'state' | 'exportable'>>;

/** Keys of a call's account and Region that its caller may read. */
@Injectable()
export class KeyInventory {
  constructor(
    private readonly database: DataSource,
    private readonly uses: KeyUse,
  ) {}

  /**
   * Reads keys in the order of their creation, and leaves out those that the caller may not GetKey.
   *
   * @param take returns false when it needs no more keys
   * @returns `sequence` of the last key that was read, if there may be more
   */
  async read(
    call: Call,
    { where, after }: { where: KeyColumns; after?: string },
    take: (found: InventoryKey) => boolean,
  ): Promise<string | undefined> {
    const deadlineMs = performance.now() + MAX_MS;
    let last = after;
    for (let read = 0; read < MAX_KEYS && performance.now() < deadlineMs; read += READ_KEYS) {
      const keys = await this.database.manager.find(Key, {
        where: { ...scopeOf(call), ...where, ...(last !== undefined && { sequence: MoreThan(last) }) },
        order: { sequence: 'ASC' },
        take: READ_KEYS,
      });
      for (const found of await this.#visible(call, keys)) {
        last = found.key.sequence;
        if (!take(found)) return last;
      }
      last = keys.at(-1)?.sequence ?? last;
      if (keys.length < READ_KEYS) return undefined;
    }
    return last;
  }

  async #visible(call: Call, keys: readonly Key[]): Promise<InventoryKey[]> {
    const { manager } = this.database;
    const arns = keys.map(({ arn }) => arn);
    const of = { keyArn: In(arns) };
    const [tags, aliases, policies] = [
      groups(await manager.findBy(Tag, of)),
      groups(await manager.find(Alias, { where: of, order: { name: 'ASC' } })),
      groups(await manager.findBy(ResourcePolicy, of)),
    ];
    const visible = keys.filter(({ arn }) => {
      const statements = (policies.get(arn) ?? []).flatMap(({ policy }) =>
        resourceStatements(arn, KEY_POLICIES.read(policy)),
      );
      const access = {
        tags: (tags.get(arn) ?? []).map(({ key, value }) => ({ key, value })),
        aliases: (aliases.get(arn) ?? []).map(({ name }) => name),
        policy: statements.length > 0 ? new Statements(statements) : undefined,
      };
      return mayGet(() => authorize(call, { resource: arn, key: access, operation: 'GetKey' }));
    });
    const replications = await manager.findBy(Replication, { primaryArn: In(visible.map(({ arn }) => arn)) });
    const uses = await this.uses.lastUses(visible.map(({ arn }) => arn));
    return visible.map((key) => ({
      key,
      aliases: (aliases.get(key.arn) ?? []).map(({ name }) => name),
      tags: tags.get(key.arn) ?? [],
      replications: replications.filter(({ primaryArn }) => primaryArn === key.arn),
      lastUse: uses.get(key.arn),
    }));
  }
}

function mayGet(check: () => void): boolean {
  try {
    check();
    return true;
  } catch (error) {
    if (error instanceof AccessDeniedException) return false;
    throw error;
  }
}

function groups<T extends { keyArn: string | null }>(rows: readonly T[]): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const row of rows) {
    if (row.keyArn === null) continue;
    const own = found.get(row.keyArn) ?? [];
    own.push(row);
    found.set(row.keyArn, own);
  }
  return found;
}
