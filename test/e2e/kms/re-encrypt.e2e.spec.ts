import { createPublicKey, publicEncrypt } from 'node:crypto';
import {
  CreateKeyCommand,
  type CreateKeyCommandInput,
  DecryptCommand,
  DisableKeyCommand,
  EncryptCommand,
  GetPublicKeyCommand,
  type KMSClient,
  ReEncryptCommand,
  RotateKeyOnDemandCommand,
} from '@aws-sdk/client-kms';
import { useService } from '../../support/api.js';
import { kmsClient, sendKms } from '../../support/kms.js';
import { expectKmsError } from '../../support/kms-keys.js';

const service = useService();
let kms: KMSClient;
beforeAll(() => (kms = kmsClient(service)));

const PLAINTEXT = Buffer.from('a secret of the orders');
const [ONE, TWO] = [{ context: 'one' }, { context: 'two' }];
const OAEP = 'RSAES_OAEP_SHA_256';

async function newKey(input: CreateKeyCommandInput = {}): Promise<string> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand(input));
  return KeyMetadata?.Arn ?? '';
}
const newRsaKey = () => newKey({ KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' });

async function encrypted(KeyId: string, EncryptionContext?: Record<string, string>): Promise<Uint8Array> {
  const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext: PLAINTEXT, EncryptionContext }));
  return CiphertextBlob ?? new Uint8Array();
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const refused = async (input: object, name: string, message?: string) =>
  expectKmsError(await sendKms(service, 'ReEncrypt', input), name, message);

test('changes the key and the encryption context', async () => {
  const [from, to] = [await newKey(), await newKey()];
  const CiphertextBlob = await encrypted(from, ONE);
  const output = await kms.send(
    new ReEncryptCommand({
      CiphertextBlob,
      SourceEncryptionContext: ONE,
      DestinationKeyId: to,
      DestinationEncryptionContext: TWO,
    }),
  );
  expect(output).toMatchObject({
    SourceKeyId: from,
    KeyId: to,
    SourceEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
    DestinationEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
  });
  const opened = await kms.send(
    new DecryptCommand({ CiphertextBlob: output.CiphertextBlob, EncryptionContext: TWO, KeyId: to }),
  );
  expect(Buffer.from(opened.Plaintext ?? [])).toEqual(PLAINTEXT);
  expect(opened.KeyMaterialId).toBe(output.DestinationKeyMaterialId);
});

test('moves a ciphertext to the current material of its key', async () => {
  const key = await newKey();
  const CiphertextBlob = await encrypted(key);
  await kms.send(new RotateKeyOnDemandCommand({ KeyId: key }));
  const output = await kms.send(new ReEncryptCommand({ CiphertextBlob, DestinationKeyId: key }));
  expect(output.SourceKeyMaterialId).not.toBe(output.DestinationKeyMaterialId);
});

test('changes between a symmetric and an RSA key, both ways', async () => {
  const [symmetric, rsa] = [await newKey(), await newRsaKey()];
  const there = await kms.send(
    new ReEncryptCommand({
      CiphertextBlob: await encrypted(symmetric, ONE),
      SourceEncryptionContext: ONE,
      DestinationKeyId: rsa,
      DestinationEncryptionAlgorithm: OAEP,
    }),
  );
  expect(there).toMatchObject({ KeyId: rsa, DestinationEncryptionAlgorithm: OAEP });
  expect(there.DestinationKeyMaterialId).toBeUndefined();
  const back = await kms.send(
    new ReEncryptCommand({
      CiphertextBlob: there.CiphertextBlob,
      SourceKeyId: rsa,
      SourceEncryptionAlgorithm: OAEP,
      DestinationKeyId: symmetric,
    }),
  );
  const { Plaintext } = await kms.send(new DecryptCommand({ CiphertextBlob: back.CiphertextBlob }));
  expect(Buffer.from(Plaintext ?? [])).toEqual(PLAINTEXT);
});

test('refuses a source key other than the one that the ciphertext names', async () => {
  const [from, other] = [await newKey(), await newKey()];
  const CiphertextBlob = base64(await encrypted(from));
  await refused(
    { CiphertextBlob, SourceKeyId: other, DestinationKeyId: other },
    'IncorrectKeyException',
    'The key ID in the request does not identify a CMK that can perform this operation.',
  );
});

test('refuses a wrong encryption context, and a changed ciphertext', async () => {
  const key = await newKey();
  const blob = await encrypted(key, ONE);
  const request = { CiphertextBlob: base64(blob), DestinationKeyId: key };
  for (const context of [undefined, TWO, { ...ONE, ...{ another: 'pair' } }])
    await refused({ ...request, SourceEncryptionContext: context }, 'InvalidCiphertextException');
  const changed = Buffer.concat([blob, Buffer.alloc(1)]);
  await refused(
    { ...request, SourceEncryptionContext: ONE, CiphertextBlob: base64(changed) },
    'InvalidCiphertextException',
  );
});

test('names the half of the operation that a key is not for', async () => {
  const [key, signing] = [await newKey(), await newKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' })];
  const CiphertextBlob = base64(await encrypted(key));
  await refused(
    { CiphertextBlob, DestinationKeyId: signing },
    'InvalidKeyUsageException',
    `${signing} key usage is SIGN_VERIFY which is not valid for ReEncryptTo.`,
  );
  await refused(
    { CiphertextBlob, SourceKeyId: signing, SourceEncryptionAlgorithm: OAEP, DestinationKeyId: key },
    'InvalidKeyUsageException',
    `${signing} key usage is SIGN_VERIFY which is not valid for ReEncryptFrom.`,
  );
});

test('a ciphertext of nothing under an RSA key still opens afterwards', async () => {
  const [rsa, key] = [await newRsaKey(), await newKey()];
  const { PublicKey = new Uint8Array() } = await kms.send(new GetPublicKeyCommand({ KeyId: rsa }));
  const publicKey = createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
  const { CiphertextBlob } = await kms.send(
    new ReEncryptCommand({
      CiphertextBlob: publicEncrypt({ key: publicKey, oaepHash: 'sha256' }, Buffer.alloc(0)),
      SourceKeyId: rsa,
      SourceEncryptionAlgorithm: OAEP,
      DestinationKeyId: key,
    }),
  );
  const { json } = await sendKms(service, 'Decrypt', { CiphertextBlob: base64(CiphertextBlob ?? Buffer.alloc(0)) });
  expect(json).toMatchObject({ KeyId: key, Plaintext: '' });
});

test('refuses an algorithm that a key lacks, and an RSA source without its key', async () => {
  const [key, rsa] = [await newKey(), await newRsaKey()];
  const CiphertextBlob = base64(await encrypted(key));
  await refused(
    { CiphertextBlob, DestinationKeyId: rsa },
    'InvalidKeyUsageException',
    'Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048.',
  );
  await refused(
    { CiphertextBlob, DestinationKeyId: key, SourceEncryptionAlgorithm: OAEP },
    'ValidationException',
    `SourceKeyId is required with SourceEncryptionAlgorithm ${OAEP}.`,
  );
});

test('refuses a disabled key on either side', async () => {
  const [key, disabled] = [await newKey(), await newKey()];
  const [one, two] = [base64(await encrypted(key)), base64(await encrypted(disabled))];
  await kms.send(new DisableKeyCommand({ KeyId: disabled }));
  const message = `${disabled} is disabled.`;
  await refused({ CiphertextBlob: one, DestinationKeyId: disabled }, 'DisabledException', message);
  await refused({ CiphertextBlob: two, DestinationKeyId: key }, 'DisabledException', message);
});

test('a dry run checks everything and does nothing, even without a ciphertext', async () => {
  const key = await newKey();
  const CiphertextBlob = base64(await encrypted(key));
  const message = 'The request would have succeeded, but the DryRun option is set.';
  const modifiers = { DryRun: true, DryRunModifiers: ['IGNORE_CIPHERTEXT'] };
  await refused({ CiphertextBlob, DestinationKeyId: key, DryRun: true }, 'DryRunOperationException', message);
  await refused({ SourceKeyId: key, DestinationKeyId: key, ...modifiers }, 'DryRunOperationException', message);
  const ofOther = { CiphertextBlob, DestinationKeyId: key, SourceEncryptionContext: ONE };
  await refused({ ...ofOther, DryRun: true }, 'InvalidCiphertextException');
  await refused({ ...ofOther, ...modifiers, SourceKeyId: key }, 'DryRunOperationException', message);
  const [rsa, Plaintext] = [await newRsaKey(), Buffer.alloc(191)];
  const long = await kms.send(new EncryptCommand({ KeyId: key, Plaintext }));
  await refused(
    {
      ...{ CiphertextBlob: base64(long.CiphertextBlob ?? Buffer.alloc(0)), DestinationKeyId: rsa, DryRun: true },
      DestinationEncryptionAlgorithm: OAEP,
    },
    'ValidationException',
    `Algorithm ${OAEP} and key spec RSA_2048 cannot encrypt data larger than 190 bytes.`,
  );
  await refused(
    { DestinationKeyId: key, ...modifiers },
    'ValidationException',
    'SourceKeyId is required without CiphertextBlob.',
  );
  await refused(
    { CiphertextBlob, DestinationKeyId: key, DryRunModifiers: ['IGNORE_CIPHERTEXT'] },
    'ValidationException',
    'DryRunModifiers can be used only with DryRun.',
  );
  await refused(
    { DestinationKeyId: key },
    'ValidationException',
    "1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: Member must not be null",
  );
});
