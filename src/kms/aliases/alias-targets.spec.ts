import type { KeySpec, KeyUsage } from '../keys/key-specs.js';
import type { NewKmsKey } from '../keys/kms-key.entity.js';
import { requireReplaceable } from './alias-targets.js';

type Kind = [KeySpec, KeyUsage];
const key = ([spec, usage]: Kind) => ({ spec, usage }) as NewKmsKey;
const replace = (former: Kind, other: Kind) => () => requireReplaceable('alias/disk', key(former), key(other));

const AES: Kind = ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT'];
const RSA: Kind = ['RSA_2048', 'ENCRYPT_DECRYPT'];

test.each<[Kind, Kind]>([
  [AES, AES],
  [RSA, ['RSA_4096', 'ENCRYPT_DECRYPT']],
  [
    ['RSA_2048', 'SIGN_VERIFY'],
    ['ECC_NIST_P256', 'SIGN_VERIFY'],
  ],
  [
    ['ECC_NIST_P256', 'SIGN_VERIFY'],
    ['ML_DSA_65', 'SIGN_VERIFY'],
  ],
  [
    ['HMAC_224', 'GENERATE_VERIFY_MAC'],
    ['HMAC_512', 'GENERATE_VERIFY_MAC'],
  ],
])('a key of %j can be replaced by one of %j', (former, other) => expect(replace(former, other)).not.toThrow());

test.each<[Kind, Kind, string]>([
  [AES, RSA, 'Alias alias/disk cannot be changed from a symmetric CMK to an asymmetric CMK.'],
  [RSA, AES, 'Alias alias/disk cannot be changed from an asymmetric CMK to a symmetric CMK.'],
  [
    RSA,
    ['RSA_2048', 'SIGN_VERIFY'],
    'Alias alias/disk cannot be changed from a CMK with key usage ENCRYPT_DECRYPT to a CMK with key usage SIGN_VERIFY. ' +
      'The key usage of the current CMK and the new CMK must be the same.',
  ],
  [
    ['ECC_NIST_P256', 'KEY_AGREEMENT'],
    ['ECC_NIST_P256', 'SIGN_VERIFY'],
    'from a CMK with key usage KEY_AGREEMENT to a CMK with key usage SIGN_VERIFY.',
  ],
])('a key of %j cannot be replaced by one of %j', (former, other, message) =>
  expect(replace(former, other)).toThrow(message),
);
