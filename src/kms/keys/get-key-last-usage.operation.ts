import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { epochSeconds } from '../../http/fields.js';
import { KeyUses } from '../usage/key-uses.js';
import { KmsKeyRepository } from './kms-key.repository.js';
import type { GetKeyLastUsageInput, GetKeyLastUsageOutput } from './keys.schema.js';

@Injectable()
export class GetKeyLastUsageOperation {
  constructor(
    private readonly keys: KmsKeyRepository,
    private readonly uses: KeyUses,
  ) {}

  async execute(call: Call, { KeyId }: GetKeyLastUsageInput): Promise<GetKeyLastUsageOutput> {
    const { key } = await this.keys.find(call, KeyId);
    const usage = await this.uses.of(key.arn);
    return {
      KeyId: key.arn,
      KeyLastUsage: usage
        ? {
            Operation: usage.operation,
            Timestamp: epochSeconds(usage.usedAt),
            CloudTrailEventId: usage.eventId,
            KmsRequestId: usage.requestId,
          }
        : {},
      // Every use of a key is tracked.
      TrackingStartDate: epochSeconds(key.createdAt),
      KeyCreationDate: epochSeconds(key.createdAt),
    };
  }
}
