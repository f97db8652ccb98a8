import { ValidationException } from '../../errors/exceptions.js';
import type { Key, NewKey } from './key.entity.js';

/** What a step of the life cycle changes; every column it doesn't name stays. */
export type KeyChange = Partial<
  Pick<Key, 'state' | 'enabled' | 'usageStartedAt' | 'usageStoppedAt' | 'deletePendingAt' | 'deletedAt' | 'sealed'>
>;

const DAY_MS = 86_400_000;

/** The columns of a new key that don't follow from the time of its creation. */
type Attributes = Omit<
  NewKey,
  'state' | 'createdAt' | 'usageStartedAt' | 'usageStoppedAt' | 'deletePendingAt' | 'deletedAt'
>;

/** Returns a key that was just created or imported. */
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

/** StartKeyUsage; a running key stays as it is. */
export function startUsage(key: Key, now: Date): KeyChange {
  requireState(key, 'CREATE_COMPLETE');
  return key.enabled ? {} : { enabled: true, usageStartedAt: now, usageStoppedAt: null };
}

/** StopKeyUsage; a stopped key stays as it is. */
export function stopUsage(key: Key, now: Date): KeyChange {
  requireState(key, 'CREATE_COMPLETE');
  return key.enabled ? { enabled: false, usageStartedAt: null, usageStoppedAt: now } : {};
}

/** DeleteKey: the key stops at once, and goes when the waiting period of `days` ends. */
export function scheduleDeletion(key: Key, days: number, now: Date): KeyChange {
  requireState(key, 'CREATE_COMPLETE');
  return {
    ...stopUsage(key, now),
    state: 'DELETE_PENDING',
    deletePendingAt: new Date(now.getTime() + days * DAY_MS),
  };
}

/** RestoreKey; the key stays stopped until StartKeyUsage. */
export function restore(key: Key): KeyChange {
  requireState(key, 'DELETE_PENDING');
  return { state: 'CREATE_COMPLETE', deletePendingAt: null };
}

/** The end of the waiting period: the material is gone for good. */
export function endDeletion(now: Date): KeyChange {
  return { state: 'DELETE_COMPLETE', deletePendingAt: null, deletedAt: now, sealed: null };
}

/** What a key takes on before its deletion is scheduled, and not after: tags, aliases, a policy. */
export function requireNotDeleted(key: Key): void {
  if (key.state === 'DELETE_PENDING' || key.state === 'DELETE_COMPLETE') requireState(key, 'CREATE_COMPLETE');
}

/** What can be used, and replicated. */
export function requireEnabled(key: Key): void {
  if (!key.enabled || key.state !== 'CREATE_COMPLETE')
    throw new ValidationException(`Key ${key.arn} is not in an enabled state.`);
}

function requireState(key: Key, state: Key['state']): void {
  if (key.state !== state)
    throw new ValidationException(`Key ${key.arn} is in ${key.state} state, not in ${state} state.`);
}
