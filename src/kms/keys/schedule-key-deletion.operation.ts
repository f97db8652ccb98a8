import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { DatabaseTime } from '../../changes/database-time.js';
import { ValidationException } from '../../errors/exceptions.js';
import { epochSeconds } from '../../http/fields.js';
import { isReplica } from './key-kinds.js';
import { scheduleDeletion } from './key-life-cycle.js';
import { stateOf } from './key-state.js';
import { KmsKeyRepository, relatedTo } from './kms-key.repository.js';
import type { ScheduleKeyDeletionInput, ScheduleKeyDeletionOutput } from './keys.schema.js';

const DEFAULT_DAYS = 30;
/** The model allows 1 to 365 days; KMS accepts only these. */
const DAYS = { min: 7, max: 30 };

@Injectable()
export class ScheduleKeyDeletionOperation {
  constructor(
    private readonly keys: KmsKeyRepository,
    private readonly time: DatabaseTime,
  ) {}

  async execute(
    call: Call,
    { KeyId, PendingWindowInDays: days = DEFAULT_DAYS }: ScheduleKeyDeletionInput,
  ): Promise<ScheduleKeyDeletionOutput> {
    checkDays(days);
    const now = await this.time.read();
    return this.keys.change(call, KeyId, {}, async ({ manager, key, materials, changed }) => {
      const hasReplicas = !isReplica(key) && (await relatedTo(key, manager)).length > 1;
      scheduleDeletion(key, { days, hasReplicas, now });
      await manager.save(key);
      changed();
      return {
        KeyId: key.arn,
        ...(key.deletionDate && { DeletionDate: epochSeconds(key.deletionDate) }),
        KeyState: stateOf(key, materials, call.origin.time),
        PendingWindowInDays: days,
      };
    });
  }
}

/** @throws ValidationException with the message for a constraint of the model */
function checkDays(days: number): void {
  if (days >= DAYS.min && days <= DAYS.max) return;
  const rule = days < DAYS.min ? `greater than or equal to ${DAYS.min}` : `less than or equal to ${DAYS.max}`;
  throw new ValidationException(
    `1 validation error detected: Value '${days}' at 'pendingWindowInDays' failed to satisfy constraint: Member must have value ${rule}`,
  );
}
