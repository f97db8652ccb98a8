import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { ResourcePolicyRepository } from '../../keys/resource-policy.repository.js';
import type { ResourceInput, ResourcePolicyOutput } from './policies.schema.js';

@Injectable()
export class GetResourcePolicyOperation {
  constructor(private readonly policies: ResourcePolicyRepository) {}

  async execute(call: Call, { ResourceArn }: ResourceInput): Promise<ResourcePolicyOutput> {
    return { ResourceArn, Policy: await this.policies.get(call, ResourceArn) };
  }
}
