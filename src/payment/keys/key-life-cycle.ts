import { ValidationException } from '../../errors/exceptions.js';
import type { Key, NewKey } from './key.entity.js';

/** The columns that a step of the life cycle changes. */
export type KeyChange = Partial<
  Pick<Key, 'state' | 'enabled' | 'usageStartedAt' | 'usageStoppedAt' | 'deletePendingAt' | 'deletedAt' | 'sealed'>
>;

const DAY_MS = 86_400_000;

/** The columns of a new key that the caller of `newKey` supplies. */
type Attributes = Omit<
  NewKey,
  'state' | 'createdAt' | 'usageStartedAt' | 'usageStoppedAt' | 'deletePendingAt' | 'deletedAt'
>;

/** Returns the columns of a key that is being created or imported. */
export function newKey(attributes: Attributes, now: Date): NewKey {
  return {
    ...attributes,
    state: 'CREATE_COMPLETE',
    createdAt: now,
    usageStartedAt: attributes.enabled ? now : null,
    usageStoppedAt: null,
    deletePendingAt: null,
    deletedAt: null,
  };
}

/** StartKeyUsage: enables a key; an enabled key stays as it is. */
export function startUsage(key: Key, now: Date): KeyChange {
  requireState(key, 'CREATE_COMPLETE');
  return key.enabled ? {} : { enabled: true, usageStartedAt: now, usageStoppedAt: null };
}

/** StopKeyUsage: disables a key; a disabled key stays as it is. */
export function stopUsage(key: Key, now: Date): KeyChange {
  requireState(key, 'CREATE_COMPLETE');
  return key.enabled ? { enabled: false, usageStartedAt: null, usageStoppedAt: now } : {};
}

/**
 * DeleteKey: disables the key at once, and schedules the destruction of its material in `days` days. A key whose import waits
 * for an approval can be deleted, too.
 */
export function scheduleDeletion(key: Key, days: number, now: Date): KeyChange {
  const isPending = key.state === 'CREATE_IN_PROGRESS';
  return {
    ...(isPending ? { enabled: false } : stopUsage(key, now)),
    state: 'DELETE_PENDING',
    deletePendingAt: new Date(now.getTime() + days * DAY_MS),
  };
}

/**
 * RestoreKey: cancels the deletion; the key remains disabled until StartKeyUsage.
 *
 * @param isApproved false for a key whose import was never approved
 */
export function restore(key: Key, isApproved: boolean): KeyChange {
  requireState(key, 'DELETE_PENDING');
  return { state: isApproved ? 'CREATE_COMPLETE' : 'CREATE_IN_PROGRESS', deletePendingAt: null };
}

/** Completes an import that was approved. @throws ValidationException for a key that doesn't wait for it */
export function completeImport(key: Key, now: Date): KeyChange {
  requireState(key, 'CREATE_IN_PROGRESS');
  return { state: 'CREATE_COMPLETE', usageStartedAt: key.enabled ? now : null };
}

/** Ends the waiting period: destroys the material. */
export function endDeletion(now: Date): KeyChange {
  return { state: 'DELETE_COMPLETE', deletePendingAt: null, deletedAt: now, sealed: null };
}

/**
 * Checks that a key may still get tags, aliases or a policy: its deletion isn't scheduled.
 *
 * @throws ValidationException
 */
export function requireNotDeleted(key: Key): void {
  if (key.state === 'DELETE_PENDING' || key.state === 'DELETE_COMPLETE') requireState(key, 'CREATE_COMPLETE');
}

/** Checks that a key may be used and replicated. @throws ValidationException */
export function requireEnabled(key: Key): void {
  if (!key.enabled || key.state !== 'CREATE_COMPLETE')
    throw new ValidationException(`Key ${key.arn} is not in an enabled state.`);
}

function requireState(key: Key, state: Key['state']): void {
  if (key.state !== state)
    throw new ValidationException(`Key ${key.arn} is in ${key.state} state, not in ${state} state.`);
}
