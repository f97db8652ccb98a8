import { KEY_SPECS, type KeySpec, type KeyUsage } from '../keys/key-specs.js';
import type { NewKmsKey } from '../keys/kms-key.entity.js';
import { grantableOn, requirePrincipalArn } from './grant-rules.js';
import { GrantOperation } from './grants.schema.js';

/** AWS KMS Developer Guide, "Grant operations": the operations of each type of key, besides those of any. */
const TABLE: readonly [keys: readonly [KeySpec, KeyUsage][], operations: readonly string[]][] = [
  [
    [['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT']],
    [
      'Encrypt Decrypt ReEncryptFrom ReEncryptTo GenerateDataKey GenerateDataKeyWithoutPlaintext',
      'GenerateDataKeyPair GenerateDataKeyPairWithoutPlaintext',
    ],
  ],
  [
    [
      ['RSA_2048', 'ENCRYPT_DECRYPT'],
      ['RSA_4096', 'ENCRYPT_DECRYPT'],
      ['SM2', 'ENCRYPT_DECRYPT'],
    ],
    ['Encrypt Decrypt ReEncryptFrom ReEncryptTo GetPublicKey'],
  ],
  [
    [
      ['RSA_3072', 'SIGN_VERIFY'],
      ['ECC_NIST_P521', 'SIGN_VERIFY'],
      ['ECC_SECG_P256K1', 'SIGN_VERIFY'],
      ['ECC_NIST_EDWARDS25519', 'SIGN_VERIFY'],
      ['ML_DSA_65', 'SIGN_VERIFY'],
    ],
    ['Sign Verify GetPublicKey'],
  ],
  [[['ECC_NIST_P256', 'KEY_AGREEMENT']], ['DeriveSharedSecret GetPublicKey']],
  [
    [
      ['HMAC_224', 'GENERATE_VERIFY_MAC'],
      ['HMAC_512', 'GENERATE_VERIFY_MAC'],
    ],
    ['GenerateMac VerifyMac'],
  ],
  [[['ML_KEM_768', 'ENCAPSULATE_DECAPSULATE']], ['Encapsulate Decapsulate GetPublicKey']],
];

describe.each(TABLE.flatMap(([keys, operations]) => keys.map((key) => [...key, operations.join(' ')] as const)))(
  'A grant of a key of %s for %s',
  (spec, usage, operations) => {
    const grantable = [...operations.split(' '), 'DescribeKey', 'CreateGrant', 'RetireGrant'];
    test.each(GrantOperation.options)('%s', (operation) => {
      const found = grantableOn({ spec, usage } as NewKmsKey).includes(operation);
      expect(found).toBe(grantable.includes(operation));
    });
  },
);

test('the table has a row for every usage', () => {
  const usages = new Set(Object.values(KEY_SPECS).flatMap((spec) => Object.keys(spec.usages)));
  expect(new Set(TABLE.flatMap(([keys]) => keys.map(([, usage]) => usage)))).toEqual(usages);
});

test.each([
  'arn:aws:iam::000000000000:root',
  'arn:aws:iam::111111111111:user/ann',
  'arn:aws:iam::000000000000:role/path/line',
  'arn:aws:sts::000000000000:assumed-role/line/monday',
  'arn:aws:sts::000000000000:federated-user/ann',
])('%s is a principal', (arn) => expect(() => requirePrincipalArn(arn)).not.toThrow());

test.each([
  '000000000000',
  '*',
  'ann',
  'arn:aws:iam::000000000000:user',
  'arn:aws:iam::000000000000:user/',
  'arn:aws:iam::00000000000:user/ann',
  'arn:aws:iam:us-east-1:000000000000:user/ann',
  'arn:aws:iam::000000000000:group/all',
  'arn:aws-cn:iam::000000000000:user/ann',
  'arn:aws:sts::000000000000:assumed-role/line',
  'arn:aws:kms:us-east-1:000000000000:key/1',
])('%s is not a principal', (arn) =>
  expect(() => requirePrincipalArn(arn)).toThrow(expect.objectContaining({ name: 'InvalidArnException' })),
);
