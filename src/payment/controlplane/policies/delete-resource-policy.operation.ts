import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import type { Nothing } from '../../../http/fields.js';
import { ResourcePolicyRepository } from '../../keys/resource-policy.repository.js';
import type { ResourceInput } from './policies.schema.js';

@Injectable()
export class DeleteResourcePolicyOperation {
  constructor(private readonly policies: ResourcePolicyRepository) {}

  async execute(call: Call, { ResourceArn }: ResourceInput): Promise<Nothing> {
    await this.policies.remove(call, ResourceArn);
    return {};
  }
}
