import type { KmsKey } from './kms-key.entity.js';

const DAY_MS = 86_400_000;

/** Returns the end of a waiting period. */
export function deletionDateOf(now: Date, days: number): Date {
  return new Date(now.getTime() + days * DAY_MS);
}

/** ScheduleKeyDeletion: begins the waiting period; a primary key with replicas waits for their deletion first. */
export function scheduleDeletion(
  key: KmsKey,
  { days, hasReplicas, now }: { days: number; hasReplicas: boolean; now: Date },
): void {
  key.pendingWindowDays = days;
  key.deletionDate = hasReplicas ? null : deletionDateOf(now, days);
}

/** CancelKeyDeletion: the key stays disabled until EnableKey. Its rotation setting was never changed. */
export function cancelDeletion(key: KmsKey): void {
  key.pendingWindowDays = null;
  key.deletionDate = null;
  key.enabled = false;
}

/** True in the states PendingDeletion and PendingReplicaDeletion. */
export function isPendingDeletion({ pendingWindowDays }: KmsKey): boolean {
  return pendingWindowDays !== null;
}
