import { createPublicKey } from 'node:crypto';
import { CreateKeyCommand, type KeySpec, type KeyUsageType, type KMSClient } from '@aws-sdk/client-kms';
import { useService } from '../../support/api.js';
import { kmsClient, sendKms } from '../../support/kms.js';
import { expectKmsError, KmsKeys } from '../../support/kms-keys.js';

const service = useService();
let kms: KMSClient;
beforeAll(() => (kms = kmsClient(service)));
const keys = new KmsKeys(() => kms);

const publicKey = (KeyId: string) => sendKms(service, 'GetPublicKey', { KeyId });

const PAIRS: [KeySpec, KeyUsageType, string, string[], object][] = [
  [
    'RSA_3072',
    'ENCRYPT_DECRYPT',
    'EncryptionAlgorithms',
    ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256'],
    { modulusLength: 3072 },
  ],
  ['ECC_NIST_P384', 'KEY_AGREEMENT', 'KeyAgreementAlgorithms', ['ECDH'], { namedCurve: 'secp384r1' }],
  ['ECC_NIST_P521', 'SIGN_VERIFY', 'SigningAlgorithms', ['ECDSA_SHA_512'], { namedCurve: 'secp521r1' }],
  ['ECC_SECG_P256K1', 'SIGN_VERIFY', 'SigningAlgorithms', ['ECDSA_SHA_256'], { namedCurve: 'secp256k1' }],
  ['ECC_NIST_EDWARDS25519', 'SIGN_VERIFY', 'SigningAlgorithms', ['ED25519_SHA_512', 'ED25519_PH_SHA_512'], {}],
];

test.each(PAIRS)(
  '%s with %s: returns the public key and its algorithms',
  async (spec, usage, member, algorithms, details) => {
    const KeyId = await keys.arn(spec, usage);
    const { status, json } = await publicKey(KeyId);
    const { PublicKey, ...others } = json;
    expect({ status, ...others }).toEqual({
      status: 200,
      KeyId,
      CustomerMasterKeySpec: spec,
      KeySpec: spec,
      KeyUsage: usage,
      [member]: algorithms,
    });
    const key = createPublicKey({ key: Buffer.from(PublicKey as string, 'base64'), format: 'der', type: 'spki' });
    expect(key.asymmetricKeyDetails).toMatchObject(details);
  },
);

const POST_QUANTUM: [KeySpec, KeyUsageType, number][] = [
  ['ML_DSA_44', 'SIGN_VERIFY', 1334],
  ['ML_DSA_65', 'SIGN_VERIFY', 1974],
  ['ML_DSA_87', 'SIGN_VERIFY', 2614],
  ['ML_KEM_512', 'ENCAPSULATE_DECAPSULATE', 822],
  ['ML_KEM_768', 'ENCAPSULATE_DECAPSULATE', 1206],
  ['ML_KEM_1024', 'ENCAPSULATE_DECAPSULATE', 1590],
];

test.each(POST_QUANTUM)('%s: returns a public key of the length of its DER', async (spec, usage, bytes) => {
  const { json } = await publicKey(await keys.arn(spec, usage));
  expect(Buffer.from(json['PublicKey'] as string, 'base64')).toHaveLength(bytes);
});

test('the public key stays the same', async () => {
  const KeyId = await keys.arn('ECC_NIST_P521', 'SIGN_VERIFY');
  expect((await publicKey(KeyId)).json).toEqual((await publicKey(KeyId)).json);
});

test.each<[KeySpec, KeyUsageType]>([
  ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT'],
  ['HMAC_256', 'GENERATE_VERIFY_MAC'],
])('refuses %s, which has no public key', async (spec, usage) => {
  const KeyId = await keys.arn(spec, usage);
  expectKmsError(
    await publicKey(KeyId),
    'UnsupportedOperationException',
    `${KeyId} has KeySpec ${spec}, which has no public key.`,
  );
});

test('refuses a key that waits for its material', async () => {
  const input = { KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT', Origin: 'EXTERNAL' } as const;
  const { KeyMetadata } = await kms.send(new CreateKeyCommand(input));
  const arn = KeyMetadata?.Arn ?? '';
  expectKmsError(await publicKey(arn), 'KMSInvalidStateException', `${arn} is pending import.`);
});

test('refuses a key that doesn’t exist', async () => {
  const arn = 'arn:aws:kms:us-east-1:000000000000:key/00000000-0000-4000-8000-000000000000';
  expectKmsError(await publicKey(arn), 'NotFoundException', `Key '${arn}' does not exist`);
  expectKmsError(await publicKey('a key'), 'NotFoundException', "Invalid keyId 'a key'");
});
