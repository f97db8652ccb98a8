import { ValidationException } from '../../errors/exceptions.js';
import type { Key } from './key.entity.js';

export const MULTI_REGION_KEY_TYPES = ['PRIMARY', 'REPLICA'] as const;
export type MultiRegionKeyType = (typeof MULTI_REGION_KEY_TYPES)[number];

/** The role of a multi-Region key; undefined for a key of one Region. */
export function multiRegionKeyType({ region, primaryRegion }: Key): MultiRegionKeyType | undefined {
  if (primaryRegion === null) return undefined;
  return primaryRegion === region ? 'PRIMARY' : 'REPLICA';
}

/** @throws ValidationException for a replica, which changes with its primary key only */
export function requireNotReplica(key: Key): void {
  if (multiRegionKeyType(key) === 'REPLICA')
    throw new ValidationException(
      `Key ${key.arn} is a replica and can't be changed: change its primary key in ${key.primaryRegion}.`,
    );
}

/** @throws ValidationException for a key that may not leave the service, and so not its Region */
export function requireReplicable({ exportable }: Pick<Key, 'exportable'>): void {
  if (!exportable) throw new ValidationException('A key that is not Exportable can not be replicated.');
}
