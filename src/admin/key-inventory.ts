import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { KeyUse, type LastUse } from '../access/key-use.js';
import type { Call } from '../call.js';
import { AccessDeniedException } from '../errors/exceptions.js';
import { authorize } from '../payment/authorization/authorize.js';
import { KEY_POLICIES } from '../payment/authorization/key-policies.js';
import { Alias } from '../payment/keys/alias.entity.js';
import { Key } from '../payment/keys/key.entity.js';
import { Replication } from '../payment/keys/replication.entity.js';
import { ResourcePolicy } from '../payment/keys/resource-policy.entity.js';
import { Tag } from '../payment/keys/tag.entity.js';
import { resourceStatements, Statements } from '../policy/policy.js';
import { rowsByKey } from '../provider/rows-by-key.js';
import { KeyPages, type KeySort } from './key-pages.js';

/** A key with everything that the inventory shows. */
export interface InventoryKey {
  key: Key;
  aliases: string[];
  tags: Tag[];
  replications: Replication[];
  lastUse?: LastUse;
}

/** Conditions on columns of keys. */
export type KeyColumns = Partial<Record<'usage' | 'algorithm' | 'state', string> & { exportable: boolean }>;

/** Keys of a call's account and Region that its caller may read. */
@Injectable()
export class KeyInventory {
  constructor(
    private readonly database: DataSource,
    private readonly pages: KeyPages,
    private readonly uses: KeyUse,
  ) {}

  /**
   * Reads keys, and leaves out those on which the caller may not call GetKey.
   *
   * @param take returns false when it needs no more keys
   * @returns the position of the last key that was read, if there may be more
   */
  read(
    call: Call,
    { where, sort = 'Oldest', after }: { where: KeyColumns; sort?: KeySort | undefined; after?: string },
    take: (found: InventoryKey) => boolean,
  ): Promise<string | undefined> {
    const visible = (arns: readonly string[]) => this.#visible(call, arns);
    return this.pages.read(call, { table: 'payment', sort, where, after, visible }, take);
  }

  async #visible(call: Call, arns: readonly string[]): Promise<Map<string, InventoryKey>> {
    const { manager } = this.database;
    const keys = await manager.findBy(Key, { arn: In(arns) });
    const of = { keyArn: In(arns) };
    const [tags, aliases, policies] = [
      rowsByKey(await manager.findBy(Tag, of)),
      rowsByKey(await manager.find(Alias, { where: of, order: { name: 'ASC' } })),
      rowsByKey(await manager.findBy(ResourcePolicy, of)),
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
    return new Map(
      visible.map((key) => [
        key.arn,
        {
          key,
          aliases: (aliases.get(key.arn) ?? []).map(({ name }) => name),
          tags: tags.get(key.arn) ?? [],
          replications: replications.filter(({ primaryArn }) => primaryArn === key.arn),
          lastUse: uses.get(key.arn),
        },
      ]),
    );
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
