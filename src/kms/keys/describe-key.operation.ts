import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { presentKey } from './key.presenter.js';
import { KmsKeyRepository } from './kms-key.repository.js';
import type { DescribeKeyInput, DescribeKeyOutput } from './keys.schema.js';

@Injectable()
export class DescribeKeyOperation {
  constructor(private readonly keys: KmsKeyRepository) {}

  async execute(call: Call, { KeyId }: DescribeKeyInput): Promise<DescribeKeyOutput> {
    const known = await this.keys.find(call, KeyId, { takesAlias: true });
    const related = known.key.primaryRegion === null ? [] : await this.keys.related(known.key);
    return { KeyMetadata: presentKey(known, related, call.origin.time) };
  }
}
