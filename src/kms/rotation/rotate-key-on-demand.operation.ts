import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { DatabaseTime } from '../../changes/database-time.js';
import { KmsException, LimitExceededException } from '../exceptions.js';
import { refuseCustomStore, requireNoReplica, requireSymmetric } from '../keys/key-kinds.js';
import { KmsKeyRepository } from '../keys/kms-key.repository.js';
import { KeyRotation, waitingOf } from './key-rotation.js';
import { isRotationNear } from './rotation-schedule.js';
import type { RotateKeyOnDemandInput, RotateKeyOnDemandOutput } from './rotation.schema.js';

/** Maximum number of on-demand rotations in a key's lifetime. */
const MAX_ROTATIONS = 25;

@Injectable()
export class RotateKeyOnDemandOperation {
  constructor(
    private readonly keys: KmsKeyRepository,
    private readonly rotation: KeyRotation,
    private readonly time: DatabaseTime,
  ) {}

  async execute(call: Call, { KeyId }: RotateKeyOnDemandInput): Promise<RotateKeyOnDemandOutput> {
    const now = await this.time.read();
    return this.keys.change(
      call,
      KeyId,
      { require: refuseCustomStore },
      async ({ manager, key, materials, changed }) => {
        const { arn } = key;
        requireSymmetric(key);
        requireNoReplica(key);
        if (key.origin === 'EXTERNAL') waitingOf(key, materials, now);
        if (materials.filter(({ rotationType }) => rotationType === 'ON_DEMAND').length >= MAX_ROTATIONS)
          throw new LimitExceededException(
            `The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be performed for this key: ${arn}`,
          );
        if (isRotationNear(key, now))
          throw new KmsException(
            'ConflictException',
            `An automatic rotation of this key is in progress or scheduled to begin within the next 20 minutes: ${arn}`,
          );
        await this.rotation.rotate({ manager, key, changed }, 'ON_DEMAND', now);
        return { KeyId: arn };
      },
    );
  }
}
