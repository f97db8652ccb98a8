import { constants, createPublicKey, type KeyObject, publicEncrypt, randomBytes } from 'node:crypto';
import {
  CreateKeyCommand,
  DecryptCommand,
  EncryptCommand,
  GetPublicKeyCommand,
  type KMSClient,
} from '@aws-sdk/client-kms';
import { bitFlips } from '../../support/vectors.js';
import { useService } from '../../support/api.js';
import { kmsClient, sendKms } from '../../support/kms.js';
import { base64, expectKmsError, KmsKeys } from '../../support/kms-keys.js';

const service = useService();
let kms: KMSClient;
beforeAll(() => (kms = kmsClient(service)));
const keys = new KmsKeys(() => kms);

type Spec = 'RSA_2048' | 'RSA_3072' | 'RSA_4096';
const arnOf = (spec: Spec) => keys.arn(spec, 'ENCRYPT_DECRYPT');

/** Maximum number of bytes that each pair encrypts. */
const LIMITS = (
  [
    ['RSA_2048', 214, 190],
    ['RSA_3072', 342, 318],
    ['RSA_4096', 470, 446],
  ] as const
).flatMap(([spec, sha1, sha256]) => [
  { spec, algorithm: 'RSAES_OAEP_SHA_1' as const, hash: 'sha1', limit: sha1 },
  { spec, algorithm: 'RSAES_OAEP_SHA_256' as const, hash: 'sha256', limit: sha256 },
]);

async function publicKeyOf(KeyId: string): Promise<KeyObject> {
  const { PublicKey = new Uint8Array() } = await kms.send(new GetPublicKeyCommand({ KeyId }));
  return createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
}

describe.each(LIMITS)('$spec with $algorithm', ({ spec, algorithm: EncryptionAlgorithm, hash, limit }) => {
  test('decrypts what it encrypted, up to its limit', async () => {
    const KeyId = await arnOf(spec);
    for (const length of [1, limit]) {
      const Plaintext = randomBytes(length);
      const encrypted = await kms.send(new EncryptCommand({ KeyId, Plaintext, EncryptionAlgorithm }));
      expect(encrypted).toMatchObject({ KeyId, EncryptionAlgorithm });
      const { CiphertextBlob } = encrypted;
      expect(CiphertextBlob).toHaveLength(Number(spec.slice(4)) / 8);
      const opened = await kms.send(new DecryptCommand({ KeyId, CiphertextBlob, EncryptionAlgorithm }));
      expect(Buffer.from(opened.Plaintext ?? [])).toEqual(Plaintext);
      expect(opened).toMatchObject({ KeyId, EncryptionAlgorithm });
      expect(opened.KeyMaterialId).toBeUndefined();
    }
  });

  test('decrypts what was encrypted outside with the public key', async () => {
    const KeyId = await arnOf(spec);
    const key = { key: await publicKeyOf(KeyId), padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash };
    const CiphertextBlob = publicEncrypt(key, Buffer.from('from outside'));
    const { Plaintext } = await kms.send(new DecryptCommand({ KeyId, CiphertextBlob, EncryptionAlgorithm }));
    expect(Buffer.from(Plaintext ?? []).toString()).toBe('from outside');
  });

  test('refuses a byte more than its limit, even in a DryRun', async () => {
    const Plaintext = base64(Buffer.alloc(limit + 1));
    for (const DryRun of [false, true])
      expectKmsError(
        await sendKms(service, 'Encrypt', { KeyId: await arnOf(spec), Plaintext, EncryptionAlgorithm, DryRun }),
        'ValidationException',
        `Algorithm ${EncryptionAlgorithm} and key spec ${spec} cannot encrypt data larger than ${limit} bytes.`,
      );
  });

  test('refuses a ciphertext that is altered, of another length or algorithm, with an empty error message', async () => {
    const KeyId = await arnOf(spec);
    const { CiphertextBlob = new Uint8Array() } = await kms.send(
      new EncryptCommand({ KeyId, Plaintext: Buffer.from('a secret'), EncryptionAlgorithm }),
    );
    const blob = Buffer.from(CiphertextBlob);
    const others = [
      ...bitFlips(blob).filter((_, bit) => bit % 509 === 0),
      blob.subarray(1),
      Buffer.concat([blob, Buffer.alloc(1)]),
      Buffer.alloc(blob.length, 0xff),
      Buffer.alloc(1),
    ];
    const refuse = async (CiphertextBlob: Buffer, algorithm: string) =>
      expectKmsError(
        await sendKms(service, 'Decrypt', {
          KeyId,
          CiphertextBlob: base64(CiphertextBlob),
          EncryptionAlgorithm: algorithm,
        }),
        'InvalidCiphertextException',
      );
    for (const other of others) await refuse(other, EncryptionAlgorithm);
    await refuse(blob, EncryptionAlgorithm === 'RSAES_OAEP_SHA_1' ? 'RSAES_OAEP_SHA_256' : 'RSAES_OAEP_SHA_1');
  });
});

describe('refuses', () => {
  const EncryptionAlgorithm = 'RSAES_OAEP_SHA_256';
  const decrypt = async (input: object) =>
    sendKms(service, 'Decrypt', {
      KeyId: await arnOf('RSA_2048'),
      CiphertextBlob: base64(Buffer.alloc(256, 1)),
      EncryptionAlgorithm,
      ...input,
    });

  test('to encrypt without an algorithm of the key', async () => {
    expectKmsError(
      await sendKms(service, 'Encrypt', { KeyId: await arnOf('RSA_2048'), Plaintext: base64('a') }),
      'InvalidKeyUsageException',
      'Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048.',
    );
  });

  test('to decrypt without a KeyId', async () => {
    const text = 'KeyId is required with EncryptionAlgorithm RSAES_OAEP_SHA_256.';
    expectKmsError(await decrypt({ KeyId: null }), 'ValidationException', text);
  });

  test('to decrypt without an algorithm: the ciphertext names no key', async () => {
    expectKmsError(await decrypt({ EncryptionAlgorithm: null }), 'InvalidCiphertextException');
  });

  test('to decrypt the ciphertext of a symmetric key', async () => {
    const KeyId = await keys.arn('SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT');
    const { CiphertextBlob = new Uint8Array() } = await kms.send(
      new EncryptCommand({ KeyId, Plaintext: Buffer.from('a') }),
    );
    const blob = base64(CiphertextBlob);
    expectKmsError(await decrypt({ CiphertextBlob: blob }), 'InvalidCiphertextException');
    expectKmsError(
      await decrypt({ CiphertextBlob: blob, EncryptionAlgorithm: null }),
      'IncorrectKeyException',
      'The key ID in the request does not identify a CMK that can perform this operation.',
    );
    expectKmsError(
      await decrypt({ KeyId, CiphertextBlob: blob }),
      'InvalidKeyUsageException',
      'Algorithm RSAES_OAEP_SHA_256 is incompatible with key spec SYMMETRIC_DEFAULT.',
    );
  });

  test('to decrypt with another key', async () => {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({ KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' }));
    const { CiphertextBlob = new Uint8Array() } = await kms.send(
      new EncryptCommand({ KeyId: KeyMetadata?.KeyId, Plaintext: Buffer.from('a'), EncryptionAlgorithm }),
    );
    expectKmsError(await decrypt({ CiphertextBlob: base64(CiphertextBlob) }), 'InvalidCiphertextException');
  });

  test('an encryption context', async () => {
    const text = 'EncryptionContext is for symmetric encryption keys only.';
    const EncryptionContext = { table: 'orders' };
    expectKmsError(await decrypt({ EncryptionContext }), 'ValidationException', text);
    const input = { KeyId: await arnOf('RSA_2048'), Plaintext: base64('a'), EncryptionAlgorithm, EncryptionContext };
    expectKmsError(await sendKms(service, 'Encrypt', input), 'ValidationException', text);
  });

  test.each(['SIGN_VERIFY', 'GENERATE_VERIFY_MAC'] as const)('a key with KeyUsage %s', async (usage) => {
    const KeyId = await keys.arn(usage === 'SIGN_VERIFY' ? 'RSA_2048' : 'HMAC_256', usage);
    expectKmsError(
      await decrypt({ KeyId }),
      'InvalidKeyUsageException',
      `${KeyId} key usage is ${usage} which is not valid for Decrypt.`,
    );
  });

  test('a DryRun, with the exception of the request if it would not have succeeded', async () => {
    const text = 'The request would have succeeded, but the DryRun option is set.';
    const { CiphertextBlob = new Uint8Array() } = await kms.send(
      new EncryptCommand({ KeyId: await arnOf('RSA_2048'), Plaintext: Buffer.from('a'), EncryptionAlgorithm }),
    );
    const blob = base64(CiphertextBlob);
    expectKmsError(await decrypt({ CiphertextBlob: blob, DryRun: true }), 'DryRunOperationException', text);
    expectKmsError(await decrypt({ DryRun: true }), 'InvalidCiphertextException');
  });

  test('a key that waits for its material', async () => {
    const input = { KeySpec: 'RSA_4096', KeyUsage: 'ENCRYPT_DECRYPT', Origin: 'EXTERNAL' } as const;
    const { KeyMetadata } = await kms.send(new CreateKeyCommand(input));
    const arn = KeyMetadata?.Arn ?? '';
    expectKmsError(await decrypt({ KeyId: arn }), 'KMSInvalidStateException', `${arn} is pending import.`);
  });
});
