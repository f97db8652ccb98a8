import { createPrivateKey, createPublicKey } from 'node:crypto';
import {
  CreateKeyCommand,
  type DataKeyPairSpec,
  DecryptCommand,
  GenerateDataKeyPairCommand,
  GenerateDataKeyPairWithoutPlaintextCommand,
  type KMSClient,
} from '@aws-sdk/client-kms';
import { ml_kem1024, ml_kem512, ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { attestationDocument } from '../../support/attestation.js';
import { useService } from '../../support/api.js';
import { kmsClient, sendKms } from '../../support/kms.js';
import { base64, expectKmsError, KmsKeys } from '../../support/kms-keys.js';

const service = useService();
let kms: KMSClient;
beforeAll(() => (kms = kmsClient(service)));
const keys = new KmsKeys(() => kms);
const symmetric = () => keys.arn('SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT');

const EncryptionContext = { device: '12' };

async function newPair(KeyPairSpec: DataKeyPairSpec) {
  const KeyId = await symmetric();
  const pair = await kms.send(new GenerateDataKeyPairCommand({ KeyId, KeyPairSpec, EncryptionContext }));
  expect(pair).toMatchObject({ KeyId, KeyPairSpec, KeyMaterialId: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
  const { PrivateKeyPlaintext, PublicKey, PrivateKeyCiphertextBlob: CiphertextBlob } = pair;
  const opened = await kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
  expect(opened).toMatchObject({ KeyId, Plaintext: PrivateKeyPlaintext, KeyMaterialId: pair.KeyMaterialId });
  return { privateKey: Buffer.from(PrivateKeyPlaintext ?? []), publicKey: Buffer.from(PublicKey ?? []) };
}

const SPECS: DataKeyPairSpec[] = [
  'RSA_2048',
  'RSA_3072',
  'RSA_4096',
  'ECC_NIST_P256',
  'ECC_NIST_P384',
  'ECC_NIST_P521',
  'ECC_SECG_P256K1',
  'ECC_NIST_EDWARDS25519',
];

test.each(SPECS)('%s: the private key decrypts with Decrypt, and belongs to the public key', async (spec) => {
  const { privateKey, publicKey } = await newPair(spec);
  const key = createPrivateKey({ key: privateKey, format: 'der', type: 'pkcs8' });
  expect(createPublicKey(key).export({ format: 'der', type: 'spki' })).toEqual(publicKey);
});

test.each([
  { spec: 'ML_KEM_512', noble: ml_kem512 },
  { spec: 'ML_KEM_768', noble: ml_kem768 },
  { spec: 'ML_KEM_1024', noble: ml_kem1024 },
] as const)('$spec: the private key is the seed in 86 bytes of PKCS#8', async ({ spec, noble }) => {
  const { privateKey, publicKey } = await newPair(spec);
  expect(privateKey).toHaveLength(86);
  expect(Buffer.from(noble.keygen(privateKey.subarray(-64)).publicKey)).toEqual(publicKey.subarray(22));
});

test('GenerateDataKeyPairWithoutPlaintext returns the private key encrypted only', async () => {
  const KeyId = await symmetric();
  const command = new GenerateDataKeyPairWithoutPlaintextCommand({ KeyId, KeyPairSpec: 'ECC_NIST_P256' });
  const { $metadata: _, ...pair } = await kms.send(command);
  expect(Object.keys(pair).sort()).toEqual([
    'KeyId',
    'KeyMaterialId',
    'KeyPairSpec',
    'PrivateKeyCiphertextBlob',
    'PublicKey',
  ]);
  const { Plaintext = new Uint8Array() } = await kms.send(
    new DecryptCommand({ CiphertextBlob: pair.PrivateKeyCiphertextBlob }),
  );
  const key = createPrivateKey({ key: Buffer.from(Plaintext), format: 'der', type: 'pkcs8' });
  expect(createPublicKey(key).export({ format: 'der', type: 'spki' })).toEqual(Buffer.from(pair.PublicKey ?? []));
});

test('the encrypted private key opens with its encryption context only', async () => {
  const KeyId = await symmetric();
  const pair = await kms.send(
    new GenerateDataKeyPairCommand({ KeyId, KeyPairSpec: 'ECC_NIST_P256', EncryptionContext }),
  );
  const CiphertextBlob = base64(pair.PrivateKeyCiphertextBlob ?? '');
  for (const context of [{}, { device: '13' }, { ...EncryptionContext, more: '' }])
    expectKmsError(
      await sendKms(service, 'Decrypt', { CiphertextBlob, EncryptionContext: context }),
      'InvalidCiphertextException',
    );
});

test('the log has no private key', async () => {
  const { json } = await sendKms(service, 'GenerateDataKeyPair', {
    KeyId: await symmetric(),
    KeyPairSpec: 'ECC_NIST_P256',
  });
  expect(JSON.stringify(service.log)).not.toContain(json['PrivateKeyPlaintext']);
});

describe.each(['GenerateDataKeyPair', 'GenerateDataKeyPairWithoutPlaintext'])('%s refuses', (operation) => {
  const send = async (input: object) =>
    sendKms(service, operation, { KeyId: await symmetric(), KeyPairSpec: 'ECC_NIST_P256', ...input });

  test('SM2', async () => {
    const text = 'KeySpec SM2 is not supported outside of China Regions.';
    expectKmsError(await send({ KeyPairSpec: 'SM2' }), 'UnsupportedOperationException', text);
    expectKmsError(await send({ KeyPairSpec: 'SM2', DryRun: true }), 'UnsupportedOperationException', text);
  });

  test.each(['ML_DSA_44', 'SYMMETRIC_DEFAULT', 'HMAC_256'])('KeyPairSpec %s', async (KeyPairSpec) => {
    const { json } = await send({ KeyPairSpec });
    expect(json['__type']).toBe('ValidationException');
    expect(json['message']).toMatch(
      `1 validation error detected: Value '${KeyPairSpec}' at 'keyPairSpec' failed to satisfy constraint: Member must satisfy enum value set: [RSA_2048, `,
    );
  });

  test('a missing KeyPairSpec', async () => {
    expectKmsError(
      await send({ KeyPairSpec: null }),
      'ValidationException',
      "1 validation error detected: Value null at 'keyPairSpec' failed to satisfy constraint: Member must not be null",
    );
  });

  test.each([
    ['HMAC_256', 'GENERATE_VERIFY_MAC'],
    ['ECC_NIST_P256', 'SIGN_VERIFY'],
    ['ML_KEM_512', 'ENCAPSULATE_DECAPSULATE'],
  ] as const)('a key with KeySpec %s', async (spec, usage) => {
    const KeyId = await keys.arn(spec, usage);
    expectKmsError(
      await send({ KeyId }),
      'InvalidKeyUsageException',
      `${KeyId} key usage is ${usage} which is not valid for ${operation}.`,
    );
  });

  test('an RSA key that encrypts', async () => {
    expectKmsError(
      await send({ KeyId: await keys.arn('RSA_2048', 'ENCRYPT_DECRYPT') }),
      'InvalidKeyUsageException',
      'Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048.',
    );
  });

  test('a DryRun that would have succeeded', async () => {
    const text = 'The request would have succeeded, but the DryRun option is set.';
    expectKmsError(await send({ DryRun: true }), 'DryRunOperationException', text);
  });

  test('a key that waits for its material', async () => {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Origin: 'EXTERNAL' }));
    const arn = KeyMetadata?.Arn ?? '';
    expectKmsError(await send({ KeyId: arn }), 'KMSInvalidStateException', `${arn} is pending import.`);
  });
});

test('GenerateDataKeyPair refuses a recipient with any document', async () => {
  for (const document of [attestationDocument(), Buffer.from('a document')]) {
    const { json } = await sendKms(service, 'GenerateDataKeyPair', {
      KeyId: await symmetric(),
      KeyPairSpec: 'ECC_NIST_P256',
      Recipient: { KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256', AttestationDocument: base64(document) },
    });
    expect(json).toEqual({
      __type: 'ValidationException',
      message: expect.stringMatching(/^The AttestationDocument in Recipient is /) as unknown,
    });
  }
});
