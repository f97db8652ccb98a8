import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import type { Nothing } from '../../http/fields.js';
import { requireNoReplica, requireOrigin, requireSymmetric } from '../keys/key-kinds.js';
import type { KmsKey } from '../keys/kms-key.entity.js';
import { KmsKeyRepository } from '../keys/kms-key.repository.js';
import { setSchedule } from './key-rotation.js';
import { NO_ROTATION } from './rotation-schedule.js';
import type { DisableKeyRotationInput } from './rotation.schema.js';

@Injectable()
export class DisableKeyRotationOperation {
  constructor(private readonly keys: KmsKeyRepository) {}

  execute(call: Call, { KeyId }: DisableKeyRotationInput): Promise<Nothing> {
    const use = { require: (key: KmsKey) => requireOrigin(key, 'AWS_KMS') };
    return this.keys.change(call, KeyId, use, async ({ manager, key, changed }) => {
      requireSymmetric(key);
      requireNoReplica(key);
      await setSchedule({ manager, key, changed }, NO_ROTATION);
      return {};
    });
  }
}
