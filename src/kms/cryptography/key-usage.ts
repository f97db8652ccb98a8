import { KmsException } from '../exceptions.js';
import { type Algorithm, algorithmsOf, type KeyUsage } from '../keys/key-specs.js';
import type { NewKmsKey } from '../keys/kms-key.entity.js';

/**
 * Checks that an operation is allowed by a key's usage.
 *
 * @param operation name in the message
 * @throws KmsException InvalidKeyUsageException
 */
export function requireUsage({ arn, usage }: NewKmsKey, expected: KeyUsage, operation: string): void {
  if (usage !== expected)
    throw new KmsException(
      'InvalidKeyUsageException',
      `${arn} key usage is ${usage} which is not valid for ${operation}.`,
    );
}

/** Checks that a key supports an algorithm. @throws KmsException InvalidKeyUsageException */
export function requireAlgorithm(key: NewKmsKey, algorithm: Algorithm): void {
  if (!algorithmsOf(key).includes(algorithm))
    throw new KmsException(
      'InvalidKeyUsageException',
      `Algorithm ${algorithm} is incompatible with key spec ${key.spec}.`,
    );
}
