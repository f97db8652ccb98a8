import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import type { Nothing } from '../../http/fields.js';
import { KmsKeyRepository } from '../keys/kms-key.repository.js';
import { NewKeyPolicy } from './new-key-policy.js';
import type { PutKeyPolicyInput } from './policies.schema.js';
import { requirePolicyName } from './policy-name.js';

@Injectable()
export class PutKeyPolicyOperation {
  constructor(
    private readonly keys: KmsKeyRepository,
    private readonly policies: NewKeyPolicy,
  ) {}

  execute(call: Call, { KeyId, PolicyName, Policy, ...input }: PutKeyPolicyInput): Promise<Nothing> {
    return this.keys.change(call, KeyId, {}, async ({ key, tags, aliases, manager, changed }) => {
      requirePolicyName(PolicyName);
      Object.assign(key, { policy: Policy });
      await this.policies.check(call, { key, tags, aliases }, input.BypassPolicyLockoutSafetyCheck, manager);
      await manager.save(key);
      changed();
      return {};
    });
  }
}
