import { KmsException } from '../exceptions.js';
import type { KeyOrigin } from './key-specs.js';
import { isSymmetric } from './key-specs.js';
import type { NewKmsKey } from './kms-key.entity.js';

/** Checks that an operation supports a key's origin. @throws KmsException UnsupportedOperationException */
export function requireOrigin({ arn, origin }: NewKmsKey, expected: KeyOrigin): void {
  if (origin !== expected)
    throw new KmsException(
      'UnsupportedOperationException',
      `${arn} origin is ${origin} which is not valid for this operation.`,
    );
}

/** Refuses a key in a custom key store. @throws KmsException UnsupportedOperationException */
export function refuseCustomStore(key: NewKmsKey): void {
  if (key.customKeyStoreId !== null) requireOrigin(key, 'AWS_KMS');
}

/** Checks that a key is a symmetric encryption key. @throws KmsException UnsupportedOperationException, without a message */
export function requireSymmetric(key: NewKmsKey): void {
  if (!isSymmetric(key)) throw new KmsException('UnsupportedOperationException');
}

/** True for a multi-Region key that isn't the primary key of its related keys. */
export function isReplica({ region, primaryRegion }: NewKmsKey): boolean {
  return primaryRegion !== null && primaryRegion !== region;
}

/** Refuses a replica, because the setting belongs to its primary key. @throws KmsException UnsupportedOperationException */
export function requireNoReplica(key: NewKmsKey): void {
  if (isReplica(key))
    throw new KmsException('UnsupportedOperationException', `${key.arn} is not a multi-region primary key.`);
}

/** Refuses all but a multi-Region primary key. @throws KmsException UnsupportedOperationException */
export function requirePrimary(key: NewKmsKey): void {
  if (key.primaryRegion !== key.region)
    throw new KmsException('UnsupportedOperationException', `${key.arn} is not a multi-region primary key.`);
}
