import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { KmsKeyRepository } from '../keys/kms-key.repository.js';
import type { GetKeyPolicyInput, GetKeyPolicyOutput } from './policies.schema.js';
import { POLICY_NAME, requirePolicyName } from './policy-name.js';

@Injectable()
export class GetKeyPolicyOperation {
  constructor(private readonly keys: KmsKeyRepository) {}

  async execute(call: Call, { KeyId, PolicyName }: GetKeyPolicyInput): Promise<GetKeyPolicyOutput> {
    const { key } = await this.keys.find(call, KeyId);
    requirePolicyName(PolicyName);
    return { Policy: key.policy, PolicyName: POLICY_NAME };
  }
}
