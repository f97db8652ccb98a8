import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { DatabaseTime } from '../../changes/database-time.js';
import type { Nothing } from '../../http/fields.js';
import { requireNoReplica, requireOrigin, requireSymmetric } from '../keys/key-kinds.js';
import type { KmsKey } from '../keys/kms-key.entity.js';
import { KmsKeyRepository } from '../keys/kms-key.repository.js';
import { setSchedule } from './key-rotation.js';
import { withPeriod } from './rotation-schedule.js';
import type { EnableKeyRotationInput } from './rotation.schema.js';

const DEFAULT_DAYS = 365;

@Injectable()
export class EnableKeyRotationOperation {
  constructor(
    private readonly keys: KmsKeyRepository,
    private readonly time: DatabaseTime,
  ) {}

  async execute(call: Call, { KeyId, RotationPeriodInDays = DEFAULT_DAYS }: EnableKeyRotationInput): Promise<Nothing> {
    const now = await this.time.read();
    const use = { require: (key: KmsKey) => requireOrigin(key, 'AWS_KMS') };
    return this.keys.change(call, KeyId, use, async ({ manager, key, changed }) => {
      requireSymmetric(key);
      requireNoReplica(key);
      await setSchedule({ manager, key, changed }, withPeriod(key, RotationPeriodInDays, now));
      return {};
    });
  }
}
