import { ValidationException } from '../../errors/exceptions.js';
import type { Key } from './key.entity.js';

export const MULTI_REGION_KEY_TYPES = ['PRIMARY', 'REPLICA'] as const;
export type MultiRegionKeyType = (typeof MULTI_REGION_KEY_TYPES)[number];

/** Returns the role of a multi-Region key, or undefined for a single-Region key. */
export function multiRegionKeyType({ region, primaryRegion }: Key): MultiRegionKeyType | undefined {
  if (primaryRegion === null) return undefined;
  return primaryRegion === region ? 'PRIMARY' : 'REPLICA';
}

/** Checks that a key isn't a replica, which only changes with its primary key. @throws ValidationException */
export function requireNotReplica(key: Key): void {
  if (multiRegionKeyType(key) === 'REPLICA')
    throw new ValidationException(
      `Key ${key.arn} is a replica and can't be changed: change its primary key in ${key.primaryRegion}.`,
    );
}

/** Checks that a key may be replicated: only an exportable key may leave its Region. @throws ValidationException */
export function requireReplicable({ exportable }: Pick<Key, 'exportable'>): void {
  if (!exportable) throw new ValidationException('A key that is not Exportable can not be replicated.');
}
