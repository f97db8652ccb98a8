import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ConditionKeys } from '../../../access/request-context.js';
import { type Fact, GuardedOperations, type Subject } from '../../../approvals/guarded-operations.js';
import type { Call } from '../../../call.js';
import { SERVICE } from '../../api.js';
import { keyMaterialOf } from '../../authorization/condition-keys.js';
import { Key } from '../../keys/key.entity.js';
import { accessOf, KeyRepository } from '../../keys/key.repository.js';
import { ResourcePolicy } from '../../keys/resource-policy.entity.js';

const DEFAULT_DAYS = 7;
/** Usages of keys whose import a guard covers: keys that protect other keys. */
const PROTECTS_KEYS = ['TR31_K0_KEY_ENCRYPTION_KEY', 'TR31_K1_KEY_BLOCK_PROTECTION_KEY'];

/** Input members of the guarded operations. */
interface Input {
  KeyIdentifier?: string;
  ResourceArn?: string;
  ExportKeyIdentifier?: string;
  DeleteKeyInDays?: number;
  Policy?: string;
}

/** The operations on payment keys that can need approvals. */
@Injectable()
export class GuardedPaymentOperations {
  constructor(
    private readonly keys: KeyRepository,
    operations: GuardedOperations,
  ) {
    const guarded = (operation: string, read: (call: Call, manager: EntityManager) => Promise<Subject>) => ({
      api: SERVICE,
      operation,
      guard: operation,
      read,
    });
    operations.register(
      guarded('DeleteKey', (call, manager) => this.#deletion(call, manager)),
      guarded('ExportKey', (call, manager) => this.#export(call, manager)),
      guarded('PutResourcePolicy', (call, manager) => this.#policy(call, manager)),
      guarded('DeleteResourcePolicy', (call, manager) => this.#policy(call, manager)),
      {
        ...guarded('ImportKey', () => Promise.resolve({ facts: [] })),
        readCreated: (call, manager) => this.#imported(call, manager),
      },
    );
    operations.describeWith(describe);
  }

  async #deletion(call: Call, manager: EntityManager): Promise<Subject> {
    const { KeyIdentifier = '', DeleteKeyInDays = DEFAULT_DAYS } = inputOf(call);
    const key = await this.#lock(call, manager, KeyIdentifier);
    const change = `Schedules the deletion of the key: its material is destroyed in ${DeleteKeyInDays} days.`;
    return this.#about(manager, change, key, { replaces: key && { state: key.state, enabled: key.enabled } });
  }

  async #export(call: Call, manager: EntityManager): Promise<Subject> {
    const key = await this.#lock(call, manager, inputOf(call).ExportKeyIdentifier ?? '');
    const [form = ''] = keyMaterialOf(call) ?? [];
    return this.#about(manager, `Exports the key as ${form}, under the other key of the request.`, key, {});
  }

  async #policy(call: Call, manager: EntityManager): Promise<Subject> {
    const { ResourceArn = '', Policy } = inputOf(call);
    const key = await this.#lock(call, manager, ResourceArn);
    const present = await manager.findOneBy(ResourcePolicy, { keyArn: ResourceArn });
    const change =
      Policy === undefined ? 'Deletes the resource policy of the key.' : 'Sets the resource policy of the key.';
    return this.#about(manager, change, key, {
      replaces: { policy: present && createHash('sha256').update(present.policy).digest('hex') },
      before: present?.policy,
      after: Policy,
    });
  }

  async #imported(call: Call, manager: EntityManager): Promise<Subject | undefined> {
    const { key: created } = (call.record.responseElements ?? {}) as { key?: { keyArn?: string } };
    const key = await manager.findOneBy(Key, { arn: created?.keyArn ?? '' });
    if (!key || !PROTECTS_KEYS.includes(key.usage)) return undefined;
    const [form = ''] = keyMaterialOf(call) ?? [];
    const subject = await this.#about(manager, `Imports a key that protects other keys, as ${form}.`, key, {});
    // Its ARN differs each time the call is repeated.
    return { ...subject, target: undefined };
  }

  async #lock(call: Call, manager: EntityManager, identifier: string): Promise<Key | null> {
    const arn = await this.keys.arnOf(call, identifier);
    if (arn === undefined) return null;
    return manager.findOne(Key, { where: { arn }, lock: { mode: 'pessimistic_write' } });
  }

  async #about(manager: EntityManager, change: string, key: Key | null, more: Partial<Subject>): Promise<Subject> {
    const facts: Fact[] = [{ name: 'Change', value: change }];
    if (!key) return { facts, ...more };
    const { tags, aliases } = await accessOf(manager, key.arn);
    facts.push({ name: 'Key', value: words(key) });
    if (aliases.length > 0) facts.push({ name: 'Aliases', value: aliases.join(', ') });
    if (tags.length > 0) facts.push({ name: 'Tags', value: tags.map((tag) => `${tag.key}=${tag.value}`).join(', ') });
    return { facts, target: key.arn, tags, conditionKeys: conditionKeysOf(key, aliases), ...more };
  }
}

function inputOf({ record }: Call): Input {
  return record.input ?? {};
}

async function describe(arn: string, manager: EntityManager): Promise<string | undefined> {
  if (!arn.startsWith(`arn:aws:${SERVICE}:`)) return undefined;
  const key = await manager.findOneBy(Key, { arn });
  return key ? words(key) : undefined;
}

function words({ usage, algorithm, kcv, state, exportable }: Key): string {
  return `${usage}, ${algorithm}, check value ${kcv}, ${state}${exportable ? ', exportable' : ''}`;
}

function conditionKeysOf({ usage, algorithm, class: keyClass }: Key, aliases: readonly string[]): ConditionKeys {
  const values: Record<string, string | readonly string[]> = {
    [`${SERVICE}:keyusage`]: usage,
    [`${SERVICE}:keyalgorithm`]: algorithm,
    [`${SERVICE}:keyclass`]: keyClass,
    [`${SERVICE}:resourcealiases`]: aliases,
  };
  return (name) => (Object.hasOwn(values, name) ? values[name] : undefined);
}
