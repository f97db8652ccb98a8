import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { type Fact, GuardedOperations, type Subject } from '../approvals/guarded-operations.js';
import { type Call, scopeOf } from '../call.js';
import { SERVICE } from './api.js';
import { conditionKeysOf } from './authorization/condition-keys.js';
import { kmsArn, parseKeyId } from './keys/key-id.js';
import { KmsKey } from './keys/kms-key.entity.js';
import { knownOf, lockKey } from './keys/kms-key.repository.js';

const DEFAULT_DAYS = 30;

/** Input members of the guarded operations. */
interface Input {
  KeyId?: string;
  PendingWindowInDays?: number;
  Policy?: string;
}

/** The operations on KMS keys that can need approvals. */
@Injectable()
export class GuardedKmsOperations {
  constructor(operations: GuardedOperations) {
    for (const operation of ['PutKeyPolicy', 'ScheduleKeyDeletion', 'DeleteImportedKeyMaterial'])
      operations.register({ api: SERVICE, operation, guard: operation, read });
    operations.describeWith(describe);
  }
}

async function read(call: Call, manager: EntityManager): Promise<Subject> {
  const { KeyId = '', PendingWindowInDays: days = DEFAULT_DAYS, Policy } = (call.record.input ?? {}) as Input;
  const key = await lockKey(manager, kmsArn(parseKeyId(KeyId, scopeOf(call), false)));
  const change = {
    PutKeyPolicy: 'Sets the key policy, which decides who may use and manage the key.',
    ScheduleKeyDeletion: `Schedules the deletion of the key: it is destroyed in ${days} days.`,
    DeleteImportedKeyMaterial: 'Deletes the imported key material: the key is unusable until it is imported again.',
  }[call.operation];
  const facts: Fact[] = [{ name: 'Change', value: change ?? call.operation }];
  if (!key) return { facts };
  const { tags, aliases } = await knownOf(manager, key);
  facts.push({ name: 'Key', value: words(key) });
  if (aliases.length > 0) facts.push({ name: 'Aliases', value: aliases.join(', ') });
  if (tags.length > 0) facts.push({ name: 'Tags', value: tags.map((tag) => `${tag.key}=${tag.value}`).join(', ') });
  return {
    facts,
    target: key.arn,
    replaces:
      call.operation === 'PutKeyPolicy'
        ? { policy: createHash('sha256').update(key.policy).digest('hex') }
        : { enabled: key.enabled, pendingWindowDays: key.pendingWindowDays },
    ...(Policy !== undefined && { before: key.policy, after: Policy }),
    tags,
    conditionKeys: conditionKeysOf({ call, key, aliases, operation: call.operation }),
  };
}

async function describe(arn: string, manager: EntityManager): Promise<string | undefined> {
  const key = arn.startsWith('arn:aws:kms:') ? await manager.findOneBy(KmsKey, { arn }) : null;
  return key ? words(key) : undefined;
}

function words({ spec, usage, origin, description }: KmsKey): string {
  return `${spec}, ${usage}, ${origin}${description === '' ? '' : `, ${description}`}`;
}
