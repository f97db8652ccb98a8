import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { epochSeconds } from '../../http/fields.js';
import { requireOrigin } from '../keys/key-kinds.js';
import { isPendingDeletion } from '../keys/key-life-cycle.js';
import { KmsKeyRepository } from '../keys/kms-key.repository.js';
import type { GetKeyRotationStatusInput, GetKeyRotationStatusOutput } from './rotation.schema.js';

@Injectable()
export class GetKeyRotationStatusOperation {
  constructor(private readonly keys: KmsKeyRepository) {}

  async execute(call: Call, { KeyId }: GetKeyRotationStatusInput): Promise<GetKeyRotationStatusOutput> {
    const { key } = await this.keys.find(call, KeyId);
    requireOrigin(key, 'AWS_KMS');
    const { arn, rotationPeriodDays, nextRotationAt } = key;
    if (rotationPeriodDays === null || !nextRotationAt || isPendingDeletion(key))
      return { KeyId: arn, KeyRotationEnabled: false };
    return {
      KeyId: arn,
      KeyRotationEnabled: true,
      RotationPeriodInDays: rotationPeriodDays,
      NextRotationDate: epochSeconds(nextRotationAt),
    };
  }
}
