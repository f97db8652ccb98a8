import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { ResourcePolicyRepository } from '../../keys/resource-policy.repository.js';
import type { PutResourcePolicyInput, ResourcePolicyOutput } from './policies.schema.js';

@Injectable()
export class PutResourcePolicyOperation {
  constructor(private readonly policies: ResourcePolicyRepository) {}

  async execute(call: Call, { ResourceArn, Policy }: PutResourcePolicyInput): Promise<ResourcePolicyOutput> {
    await this.policies.put(call, ResourceArn, Policy);
    return { ResourceArn, Policy };
  }
}
