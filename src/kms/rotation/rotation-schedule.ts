import type { KmsKey } from '../keys/kms-key.entity.js';

const DAY_MS = 86_400_000;
/** Period before an automatic rotation in which no other rotation may begin. */
const QUIET_MS = 20 * 60_000;

type Schedule = Pick<KmsKey, 'rotationPeriodDays' | 'nextRotationAt'>;

/** The setting of a key without automatic rotation. */
export const NO_ROTATION: Schedule = { rotationPeriodDays: null, nextRotationAt: null };

/** Returns the setting of a key that begins a period now: its rotation was enabled, or it was rotated automatically. */
export function nextRotation(now: Date, days: number): Schedule {
  return { rotationPeriodDays: days, nextRotationAt: new Date(now.getTime() + days * DAY_MS) };
}

/** Returns the setting with another period, which starts with the current one, or now if there is none. */
export function withPeriod({ rotationPeriodDays, nextRotationAt }: Schedule, days: number, now: Date): Schedule {
  if (!nextRotationAt || rotationPeriodDays === null) return nextRotation(now, days);
  return nextRotation(new Date(nextRotationAt.getTime() - rotationPeriodDays * DAY_MS), days);
}

/** True if an automatic rotation is due, or almost. */
export function isRotationNear({ nextRotationAt }: Schedule, now: Date): boolean {
  return nextRotationAt !== null && nextRotationAt.getTime() - now.getTime() <= QUIET_MS;
}
