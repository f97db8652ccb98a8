import { execFileSync } from 'node:child_process';
import {
  constants,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CreateKeyCommandInput } from '@aws-sdk/client-kms';
import { useService } from '../../support/api.js';
import { importOf, oaep, parametersFor, wrapFor, wrapPadded } from '../../support/kms-import.js';
import { callKms, createKmsKey, describeKmsKey, expectRefused } from '../../support/kms.js';

const service = useService();
const OAEP = ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256'];
const AES_WRAP = ['RSA_AES_KEY_WRAP_SHA_1', 'RSA_AES_KEY_WRAP_SHA_256'];
const ALL = [...OAEP, ...AES_WRAP];
type Key = Partial<CreateKeyCommandInput>;

const external = (key: Key = {}) => createKmsKey(service, { Origin: 'EXTERNAL', ...key });
const SIGNING = { KeyUsage: 'SIGN_VERIFY' } as const;
const pkcs8 = (key: KeyObject) => key.export({ format: 'der', type: 'pkcs8' });
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength });
const refusal = (name: string, message?: string) => ({ name, message });
const CIPHERTEXT = refusal('InvalidCiphertextException');
const SIZE = refusal('ValidationException', 'Invalid encrypted key size.');

test('a private key whose material was deleted comes back in another encoding, and no other key does', async () => {
  const { privateKey } = ec('prime256v1');
  const { KeyId, Arn } = await external({ KeySpec: 'ECC_NIST_P256', ...SIGNING });
  const send = async (material: Buffer) => ({ KeyId, ...importOf(await parametersFor(service, KeyId), material) });
  await callKms(service, 'ImportKeyMaterial', await send(pkcs8(privateKey)));
  const message = { KeyId, Message: 'YWJj', SigningAlgorithm: 'ECDSA_SHA_256' };
  const { Signature } = await callKms(service, 'Sign', message);
  const { PublicKey } = await callKms(service, 'GetPublicKey', { KeyId });
  await callKms(service, 'DeleteImportedKeyMaterial', { KeyId });
  await expectRefused(
    service,
    'ImportKeyMaterial',
    await send(pkcs8(ec('prime256v1').privateKey)),
    refusal('IncorrectKeyMaterialException'),
  );
  const options = { input: pkcs8(privateKey) };
  const withoutPublicKey = execFileSync(
    'sh',
    [
      '-c',
      'openssl ec -inform DER -no_public -outform DER 2>/dev/null | openssl pkcs8 -topk8 -nocrypt -inform DER -outform DER',
    ],
    options,
  );
  expect(withoutPublicKey.length).toBeLessThan(pkcs8(privateKey).length);
  expect(await callKms(service, 'ImportKeyMaterial', await send(withoutPublicKey))).toEqual({ KeyId: Arn });
  expect(await callKms(service, 'GetPublicKey', { KeyId })).toMatchObject({ PublicKey });
  expect(await callKms(service, 'Verify', { ...message, Signature })).toMatchObject({ SignatureValid: true });
});

describe.each([
  ['HMAC_224', 28, 64, 'sha224'],
  ['HMAC_256', 32, 64, 'sha256'],
  ['HMAC_384', 48, 128, 'sha384'],
  ['HMAC_512', 64, 128, 'sha512'],
] as const)('%s', (KeySpec, min, max, hash) => {
  const key: Key = { KeySpec, KeyUsage: 'GENERATE_VERIFY_MAC' };

  test.each(OAEP)('computes with a key of the shortest and the longest length, wrapped with %s', async (algorithm) => {
    for (const bytes of [min, max]) {
      const { KeyId, Arn } = await external(key);
      const material = randomBytes(bytes);
      const imported = importOf(await parametersFor(service, KeyId, { algorithm }), material);
      expect(await callKms(service, 'ImportKeyMaterial', { KeyId, ...imported })).toEqual({ KeyId: Arn });
      const { Mac } = await callKms(service, 'GenerateMac', {
        ...{ KeyId, Message: 'YWJj', MacAlgorithm: KeySpec.replace('_', '_SHA_') },
      });
      expect(Mac).toBe(createHmac(hash, material).update('abc').digest('base64'));
    }
  });

  test('refuses a key that is shorter or longer', async () => {
    const { KeyId } = await external(key);
    const parameters = await parametersFor(service, KeyId);
    const message = `Key material of KeySpec ${KeySpec} must be ${min} to ${max} bytes.`;
    for (const bytes of [0, min - 1, max + 1])
      await expectRefused(
        service,
        'ImportKeyMaterial',
        { KeyId, ...importOf(parameters, randomBytes(bytes)) },
        refusal('ValidationException', message),
      );
    expect((await describeKmsKey(service, KeyId)).KeyState).toBe('PendingImport');
  });
});

describe.each([
  ['ECC_NIST_P256', 'prime256v1', 'ECDSA_SHA_256', 'RSA_2048'],
  ['ECC_NIST_P384', 'secp384r1', 'ECDSA_SHA_384', 'RSA_2048'],
  ['ECC_NIST_P521', 'secp521r1', 'ECDSA_SHA_512', 'RSA_3072'],
  ['ECC_SECG_P256K1', 'secp256k1', 'ECDSA_SHA_256', 'RSA_2048'],
] as const)('%s', (KeySpec, curve, SigningAlgorithm, spec) => {
  test.each(ALL)('signs with a private key wrapped with %s', async (algorithm) => {
    const { KeyId, Arn } = await external({ KeySpec, ...SIGNING });
    const { privateKey, publicKey } = ec(curve);
    const parameters = await parametersFor(service, KeyId, { algorithm, spec });
    const imported = importOf(parameters, pkcs8(privateKey));
    expect(await callKms(service, 'ImportKeyMaterial', { KeyId, ...imported })).toEqual({ KeyId: Arn });
    const { PublicKey } = await callKms(service, 'GetPublicKey', { KeyId });
    expect(PublicKey).toBe(publicKey.export({ format: 'der', type: 'spki' }).toString('base64'));
    await callKms(service, 'Sign', { KeyId, Message: 'YWJj', SigningAlgorithm });
  });
});

test('an elliptic curve key for key agreement is imported', async () => {
  const { KeyId } = await external({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'KEY_AGREEMENT' });
  const { privateKey, publicKey } = ec('prime256v1');
  const parameters = await parametersFor(service, KeyId);
  await callKms(service, 'ImportKeyMaterial', { KeyId, ...importOf(parameters, pkcs8(privateKey)) });
  const PublicKey = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  await callKms(service, 'DeriveSharedSecret', { KeyId, KeyAgreementAlgorithm: 'ECDH', PublicKey });
});

describe.each([
  ['RSA_2048', 2048, 'RSA_2048'],
  ['RSA_3072', 3072, 'RSA_3072'],
  ['RSA_4096', 4096, 'RSA_4096'],
] as const)('%s', (KeySpec, bits, spec) => {
  const { privateKey, publicKey } = rsa(bits);

  test.each(AES_WRAP)('decrypts with a private key wrapped with %s', async (algorithm) => {
    const { KeyId, Arn } = await external({ KeySpec, KeyUsage: 'ENCRYPT_DECRYPT' });
    const parameters = await parametersFor(service, KeyId, { algorithm, spec });
    const imported = importOf(parameters, pkcs8(privateKey));
    expect(await callKms(service, 'ImportKeyMaterial', { KeyId, ...imported })).toEqual({ KeyId: Arn });
    const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' };
    const CiphertextBlob = publicEncrypt({ key: publicKey, ...padding }, Buffer.from('abc')).toString('base64');
    const EncryptionAlgorithm = 'RSAES_OAEP_SHA_256';
    expect(await callKms(service, 'Decrypt', { KeyId, CiphertextBlob, EncryptionAlgorithm })).toMatchObject({
      Plaintext: 'YWJj',
    });
  });
});

describe('SYMMETRIC_DEFAULT', () => {
  test.each(OAEP.flatMap((algorithm) => ['RSA_2048', 'RSA_3072', 'RSA_4096'].map((spec) => [algorithm, spec])))(
    'encrypts with a key wrapped with %s under %s',
    async (algorithm, spec) => {
      const { KeyId, Arn } = await external();
      const parameters = await parametersFor(service, KeyId, { algorithm, spec });
      const { modulusLength } =
        createPublicKey({ key: Buffer.from(parameters.PublicKey, 'base64'), format: 'der', type: 'spki' })
          .asymmetricKeyDetails ?? {};
      expect(`RSA_${modulusLength}`).toBe(spec);
      expect(parameters.ParametersValidTo * 1000 - Date.now()).toBeGreaterThan(23.9 * 3_600_000);
      const imported = importOf(parameters, randomBytes(32));
      expect(await callKms(service, 'ImportKeyMaterial', { KeyId, ...imported })).toEqual({
        ...{ KeyId: Arn, KeyMaterialId: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
      });
      await callKms(service, 'Encrypt', { KeyId, Plaintext: 'YQ==' });
    },
  );

  test.each([16, 31, 33, 64])('refuses a key of %i bytes', async (bytes) => {
    const { KeyId } = await external();
    const input = { KeyId, ...importOf(await parametersFor(service, KeyId), randomBytes(bytes)) };
    const message = 'Key material of KeySpec SYMMETRIC_DEFAULT must be 32 bytes.';
    await expectRefused(service, 'ImportKeyMaterial', input, refusal('ValidationException', message));
  });

  test('accepts what OpenSSL wraps', async () => {
    const { KeyId } = await external();
    const { ImportToken, PublicKey } = await parametersFor(service, KeyId);
    const folder = mkdtempSync(join(tmpdir(), 'import-'));
    try {
      writeFileSync(join(folder, 'key'), Buffer.from(PublicKey, 'base64'));
      writeFileSync(join(folder, 'material'), randomBytes(32));
      const options = ['rsa_padding_mode:oaep', 'rsa_oaep_md:sha256', 'rsa_mgf1_md:sha256'];
      const pkeyopts = options.flatMap((option) => ['-pkeyopt', option]);
      const files = ['-pubin', '-inkey', 'key', '-keyform', 'DER', '-in', 'material', '-out', 'wrapped'];
      execFileSync('openssl', ['pkeyutl', '-encrypt', ...files, ...pkeyopts], { cwd: folder });
      await callKms(service, 'ImportKeyMaterial', {
        ...{ KeyId, ImportToken, ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' },
        EncryptedKeyMaterial: readFileSync(join(folder, 'wrapped')).toString('base64'),
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect((await describeKmsKey(service, KeyId)).KeyState).toBe('Enabled');
  });
});

describe('GetParametersForImport refuses', () => {
  const OF_CHINA = 'WrappingAlgorithm SM2PKE and WrappingKeySpec SM2 are not supported outside of China Regions.';
  const notFor = (algorithm: string, spec: string, use: string) =>
    `WrappingAlgorithm ${algorithm} is not valid for key material of KeySpec ${spec}: use ${use}.`;
  const RSA_KEY: Key = { KeySpec: 'RSA_2048', ...SIGNING };
  const P521: Key = { KeySpec: 'ECC_NIST_P521', ...SIGNING };
  const MAC: Key = { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' };
  const invalid = 'ValidationException';

  test.each<[string, string, Key, string, string]>([
    [
      'RSAES_PKCS1_V1_5',
      'RSA_2048',
      {},
      'UnsupportedOperationException',
      'WrappingAlgorithm RSAES_PKCS1_V1_5 is no longer supported: use RSAES_OAEP_SHA_256.',
    ],
    ['SM2PKE', 'SM2', {}, 'UnsupportedOperationException', OF_CHINA],
    ['RSAES_OAEP_SHA_256', 'SM2', {}, 'UnsupportedOperationException', OF_CHINA],
    ...OAEP.map((name): [string, string, Key, string, string] => [
      ...([name, 'RSA_4096', RSA_KEY, invalid, notFor(name, 'RSA_2048', 'RSA_AES_KEY_WRAP_SHA_256')] as const),
    ]),
    ...AES_WRAP.flatMap((name): [string, string, Key, string, string][] => [
      [name, 'RSA_4096', {}, invalid, notFor(name, 'SYMMETRIC_DEFAULT', 'RSAES_OAEP_SHA_256')],
      [name, 'RSA_4096', MAC, invalid, notFor(name, 'HMAC_256', 'RSAES_OAEP_SHA_256')],
    ]),
    ...OAEP.map((name): [string, string, Key, string, string] => [
      ...([name, 'RSA_2048', P521, invalid] as const),
      `WrappingKeySpec RSA_2048 is too short for key material of KeySpec ECC_NIST_P521 with WrappingAlgorithm ${name}: use RSA_3072, or RSA_AES_KEY_WRAP_SHA_256.`,
    ]),
  ])('%s with %s for %j', async (WrappingAlgorithm, WrappingKeySpec, key, name, message) => {
    const { KeyId } = await external(key);
    await expectRefused(
      service,
      'GetParametersForImport',
      { KeyId, WrappingAlgorithm, WrappingKeySpec },
      refusal(name, message),
    );
  });
});

describe('ImportKeyMaterial refuses', () => {
  test('every ciphertext that does not open, always with the same error', async () => {
    const { KeyId } = await external();
    const parameters = await parametersFor(service, KeyId);
    const other = await parametersFor(service, (await external()).KeyId);
    const wrapped = Buffer.from(wrapFor(parameters, randomBytes(32)), 'base64');
    const changed = Buffer.from(wrapped);
    changed[200]! ^= 1;
    const blobs: [Buffer, object][] = [
      [changed, CIPHERTEXT],
      [Buffer.alloc(256), CIPHERTEXT],
      [Buffer.alloc(256, 255), CIPHERTEXT],
      // Another hash; the public key of another KMS key; PKCS #1 v1.5.
      [oaep({ ...parameters, algorithm: 'RSAES_OAEP_SHA_1' }, randomBytes(32)), CIPHERTEXT],
      [oaep(other, randomBytes(32)), CIPHERTEXT],
      [wrapped.subarray(1), SIZE],
      [Buffer.concat([wrapped, Buffer.alloc(1)]), SIZE],
    ];
    for (const [blob, expected] of blobs)
      await expectRefused(
        service,
        'ImportKeyMaterial',
        { KeyId, ...importOf(parameters, randomBytes(32)), EncryptedKeyMaterial: blob.toString('base64') },
        expected as typeof SIZE,
      );
  });

  test('material under an AES key that does not open, always with the same error', async () => {
    const { KeyId } = await external({ KeySpec: 'ECC_NIST_P256', ...SIGNING });
    const parameters = await parametersFor(service, KeyId, { algorithm: 'RSA_AES_KEY_WRAP_SHA_256' });
    const material = pkcs8(ec('prime256v1').privateKey);
    const kek = randomBytes(32);
    const short = randomBytes(16);
    const wrapped = wrapPadded(kek, material);
    const changed = Buffer.from(wrapped);
    changed[20]! ^= 1;
    const blobs: [Buffer, Buffer, object][] = [
      [kek, changed, CIPHERTEXT],
      [kek, wrapped.subarray(8), CIPHERTEXT],
      [kek, wrapped.subarray(1), CIPHERTEXT],
      [randomBytes(32), wrapped, CIPHERTEXT],
      [short, wrapPadded(short, material), CIPHERTEXT],
      [Buffer.alloc(0), wrapped, CIPHERTEXT],
      [kek, Buffer.alloc(0), SIZE],
    ];
    for (const [aesKey, rest, expected] of blobs)
      await expectRefused(
        service,
        'ImportKeyMaterial',
        {
          ...{ KeyId, ...importOf(parameters, material) },
          EncryptedKeyMaterial: Buffer.concat([oaep(parameters, aesKey), rest]).toString('base64'),
        },
        expected as typeof SIZE,
      );
  });

  test('the private key of another curve, modulus or kind', async () => {
    const wrong = refusal('IncorrectKeyMaterialException');
    const p256 = await external({ KeySpec: 'ECC_NIST_P256', ...SIGNING });
    const rsa2048 = await external({ KeySpec: 'RSA_2048', ...SIGNING });
    const { privateKey: ed25519 } = generateKeyPairSync('ed25519');
    const curves = ['secp256k1', 'secp384r1', 'brainpoolP256r1'].map((curve) => ec(curve).privateKey);
    const cases: [string, KeyObject[]][] = [
      [p256.KeyId, [...curves, rsa(2048).privateKey, ed25519]],
      [rsa2048.KeyId, [rsa(1024).privateKey, rsa(3072).privateKey, ec('prime256v1').privateKey]],
    ];
    for (const [KeyId, keys] of cases) {
      const parameters = await parametersFor(service, KeyId, { algorithm: 'RSA_AES_KEY_WRAP_SHA_256' });
      for (const key of keys)
        await expectRefused(service, 'ImportKeyMaterial', { KeyId, ...importOf(parameters, pkcs8(key)) }, wrong);
      const fitting = KeyId === p256.KeyId ? ec('prime256v1') : rsa(2048);
      const followed = Buffer.concat([pkcs8(fitting.privateKey), Buffer.alloc(1)]);
      const message = `Key material of KeySpec ${(await describeKmsKey(service, KeyId)).KeySpec} must be a private key in DER PKCS#8, not encrypted.`;
      for (const material of [Buffer.from('not a key'), followed])
        await expectRefused(
          service,
          'ImportKeyMaterial',
          { KeyId, ...importOf(parameters, material) },
          refusal('ValidationException', message),
        );
    }
  });
});
