import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { cancelDeletion } from './key-life-cycle.js';
import { KmsKeyRepository } from './kms-key.repository.js';
import type { CancelKeyDeletionInput, CancelKeyDeletionOutput } from './keys.schema.js';

@Injectable()
export class CancelKeyDeletionOperation {
  constructor(private readonly keys: KmsKeyRepository) {}

  execute(call: Call, { KeyId }: CancelKeyDeletionInput): Promise<CancelKeyDeletionOutput> {
    return this.keys.change(call, KeyId, {}, async ({ manager, key, changed }) => {
      cancelDeletion(key);
      await manager.save(key);
      changed();
      return { KeyId: key.arn };
    });
  }
}
