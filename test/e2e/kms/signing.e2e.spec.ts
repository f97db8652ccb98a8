import { execFileSync } from 'node:child_process';
import {
  constants,
  createHash,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign as nodeSign,
  verify as nodeVerify,
} from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateKeyCommand,
  GetPublicKeyCommand,
  type KeySpec,
  type KMSClient,
  type MessageType,
  SignCommand,
  type SigningAlgorithmSpec,
  VerifyCommand,
} from '@aws-sdk/client-kms';
import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';
import { useService } from '../../support/api.js';
import { kmsClient, sendKms } from '../../support/kms.js';
import { base64, expectKmsError, KmsKeys } from '../../support/kms-keys.js';

const service = useService();
let kms: KMSClient;
beforeAll(() => (kms = kmsClient(service)));
const keys = new KmsKeys(() => kms);

const MESSAGE = Buffer.from('A contract, to be signed');
const digestOf = (bits: string) => createHash(`sha${bits}`).update(MESSAGE).digest();

async function publicKeyOf(KeyId: string): Promise<Buffer> {
  const { PublicKey = new Uint8Array() } = await kms.send(new GetPublicKeyCommand({ KeyId }));
  return Buffer.from(PublicKey);
}

interface Signing {
  spec: KeySpec;
  algorithm: SigningAlgorithmSpec;
}

async function sign({ spec, algorithm }: Signing, Message = MESSAGE, MessageType?: MessageType): Promise<Buffer> {
  const KeyId = await keys.arn(spec, 'SIGN_VERIFY');
  const signed = await kms.send(new SignCommand({ KeyId, Message, MessageType, SigningAlgorithm: algorithm }));
  expect(signed).toMatchObject({ KeyId, SigningAlgorithm: algorithm });
  return Buffer.from(signed.Signature ?? []);
}

const RSA = ['RSA_2048', 'RSA_3072', 'RSA_4096'] as const;
const RSA_ALGORITHMS = ['256', '384', '512'].flatMap((bits) => [
  { bits, algorithm: `RSASSA_PKCS1_V1_5_SHA_${bits}` as SigningAlgorithmSpec, padding: constants.RSA_PKCS1_PADDING },
  { bits, algorithm: `RSASSA_PSS_SHA_${bits}` as SigningAlgorithmSpec, padding: constants.RSA_PKCS1_PSS_PADDING },
]);
const HASHED = [
  ...RSA.flatMap((spec) => RSA_ALGORITHMS.map((algorithm) => ({ spec, ...algorithm }))),
  ...(
    [
      ['ECC_NIST_P256', 'ECDSA_SHA_256', '256'],
      ['ECC_SECG_P256K1', 'ECDSA_SHA_256', '256'],
      ['ECC_NIST_P384', 'ECDSA_SHA_384', '384'],
      ['ECC_NIST_P521', 'ECDSA_SHA_512', '512'],
    ] as const
  ).map(([spec, algorithm, bits]) => ({ spec, algorithm, bits, padding: undefined })),
];

test.each(HASHED)(
  '$spec $algorithm: Node verifies both signatures outside of the service, and Verify too',
  async (row) => {
    const KeyId = await keys.arn(row.spec, 'SIGN_VERIFY');
    const key = createPublicKey({ key: await publicKeyOf(KeyId), format: 'der', type: 'spki' });
    const verified = row.padding
      ? { key, padding: row.padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
      : { key, dsaEncoding: 'der' as const };
    const digest = digestOf(row.bits);
    const signatures = [await sign(row), await sign(row, digest, 'DIGEST')];
    for (const Signature of signatures) {
      expect(nodeVerify(`sha${row.bits}`, MESSAGE, verified, Signature)).toBe(true);
      for (const [Message, MessageType] of [[MESSAGE, 'RAW'] as const, [digest, 'DIGEST'] as const]) {
        const command = new VerifyCommand({ KeyId, Message, MessageType, Signature, SigningAlgorithm: row.algorithm });
        expect(await kms.send(command)).toMatchObject({ KeyId, SignatureValid: true, SigningAlgorithm: row.algorithm });
      }
    }
  },
);

test('Ed25519: Node verifies a signature outside of the service', async () => {
  const signing = { spec: 'ECC_NIST_EDWARDS25519', algorithm: 'ED25519_SHA_512' } as const;
  const spki = await publicKeyOf(await keys.arn(signing.spec, 'SIGN_VERIFY'));
  expect(spki).toHaveLength(44);
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  const signature = await sign(signing);
  expect(signature).toHaveLength(64);
  expect(nodeVerify(null, MESSAGE, key, signature)).toBe(true);
});

test('Ed25519ph signs a digest, and its signature is not one of Ed25519', async () => {
  const algorithm = 'ED25519_PH_SHA_512';
  const KeyId = await keys.arn('ECC_NIST_EDWARDS25519', 'SIGN_VERIFY');
  const Message = digestOf('512');
  const Signature = await sign({ spec: 'ECC_NIST_EDWARDS25519', algorithm }, Message, 'DIGEST');
  const input = { KeyId, Message: base64(Message), Signature: base64(Signature) };
  const { json } = await sendKms(service, 'Verify', { ...input, MessageType: 'DIGEST', SigningAlgorithm: algorithm });
  expect(json).toEqual({ KeyId, SignatureValid: true, SigningAlgorithm: algorithm });
  expectKmsError(
    await sendKms(service, 'Verify', { ...input, SigningAlgorithm: 'ED25519_SHA_512' }),
    'KMSInvalidSignatureException',
  );
});

const ML_DSA = [
  { spec: 'ML_DSA_44', noble: ml_dsa44 },
  { spec: 'ML_DSA_65', noble: ml_dsa65 },
  { spec: 'ML_DSA_87', noble: ml_dsa87 },
] as const;

test.each(ML_DSA)(
  '$spec: a message and its mu have the same signatures, which verify outside',
  async ({ spec, noble }) => {
    const algorithm = 'ML_DSA_SHAKE_256';
    const KeyId = await keys.arn(spec, 'SIGN_VERIFY');
    const bare = (await publicKeyOf(KeyId)).subarray(22);
    const shake = (...parts: Buffer[]) =>
      createHash('shake256', { outputLength: 64 }).update(Buffer.concat(parts)).digest();
    const mu = shake(shake(bare), Buffer.from([0, 0]), MESSAGE);
    for (const Signature of [await sign({ spec, algorithm }), await sign({ spec, algorithm }, mu, 'EXTERNAL_MU')]) {
      expect(noble.verify(Signature, MESSAGE, bare)).toBe(true);
      for (const [Message, MessageType] of [[MESSAGE, 'RAW'] as const, [mu, 'EXTERNAL_MU'] as const]) {
        const command = new VerifyCommand({ KeyId, Message, MessageType, Signature, SigningAlgorithm: algorithm });
        expect(await kms.send(command)).toMatchObject({ SignatureValid: true });
      }
    }
  },
);

describe('the openssl command', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keyblock-openssl-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string, bytes: Uint8Array): string => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };
  const pss = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:digest'];
  const rows: { spec: KeySpec; algorithm: SigningAlgorithmSpec; options: string[] }[] = [
    { spec: 'RSA_2048', algorithm: 'RSASSA_PKCS1_V1_5_SHA_256', options: [] },
    { spec: 'RSA_3072', algorithm: 'RSASSA_PSS_SHA_256', options: pss },
    { spec: 'ECC_NIST_P256', algorithm: 'ECDSA_SHA_256', options: [] },
    { spec: 'ECC_SECG_P256K1', algorithm: 'ECDSA_SHA_256', options: [] },
  ];

  test.each(rows)('verifies $spec $algorithm', async ({ spec, algorithm, options }) => {
    const der = file('public.der', await publicKeyOf(await keys.arn(spec, 'SIGN_VERIFY')));
    const pem = join(folder, 'public.pem');
    execFileSync('openssl', ['pkey', '-pubin', '-inform', 'DER', '-in', der, '-out', pem]);
    const message = file('message', MESSAGE);
    for (const [signed, type] of [[MESSAGE, 'RAW'] as const, [digestOf('256'), 'DIGEST'] as const]) {
      const signature = file('signature', await sign({ spec, algorithm }, signed, type));
      const args = ['dgst', '-sha256', '-verify', pem, '-signature', signature, ...options, message];
      expect(execFileSync('openssl', args, { encoding: 'utf8' })).toContain('Verified OK');
    }
  });
});

describe('a signature is refused, with an empty error message,', () => {
  const signing = { spec: 'ECC_NIST_P256', algorithm: 'ECDSA_SHA_256' } as const;
  let valid: Record<string, unknown>;
  let signature: Buffer;
  beforeAll(async () => {
    const KeyId = await keys.arn(signing.spec, 'SIGN_VERIFY');
    signature = await sign(signing);
    valid = { KeyId, Message: base64(MESSAGE), Signature: base64(signature), SigningAlgorithm: signing.algorithm };
  });

  test.each<[string, () => Record<string, unknown>]>([
    ['over another message', () => ({ Message: base64('Another contract') })],
    ['over its digest taken as the message', () => ({ Message: base64(digestOf('256')) })],
    ['of another digest', () => ({ Message: base64(randomBytes(32)), MessageType: 'DIGEST' })],
    ['that is not DER', () => ({ Signature: base64(randomBytes(64)) })],
    ['of one byte', () => ({ Signature: base64('0') })],
    ['followed by a byte', () => ({ Signature: base64(Buffer.concat([signature, Buffer.alloc(1)])) })],
  ])('%s, also in a DryRun', async (_, change) => {
    for (const DryRun of [false, true])
      expectKmsError(
        await sendKms(service, 'Verify', { ...valid, ...change(), DryRun }),
        'KMSInvalidSignatureException',
      );
  });

  test('unless it is valid, when a DryRun would have succeeded', async () => {
    expectKmsError(
      await sendKms(service, 'Verify', { ...valid, DryRun: true }),
      'DryRunOperationException',
      'The request would have succeeded, but the DryRun option is set.',
    );
  });

  test('of another key', async () => {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({ KeySpec: signing.spec, KeyUsage: 'SIGN_VERIFY' }));
    const response = await sendKms(service, 'Verify', { ...valid, KeyId: KeyMetadata?.Arn });
    expectKmsError(response, 'KMSInvalidSignatureException');
  });

  test('that another key of the same kind made outside', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const Signature = base64(nodeSign('sha256', MESSAGE, privateKey));
    expectKmsError(await sendKms(service, 'Verify', { ...valid, Signature }), 'KMSInvalidSignatureException');
  });
});

describe.each(['Sign', 'Verify'])('%s refuses', (operation) => {
  const send = async (spec: KeySpec, input: Record<string, unknown>) =>
    sendKms(service, operation, {
      KeyId: await keys.arn(spec, 'SIGN_VERIFY'),
      Message: base64(MESSAGE),
      ...(operation === 'Verify' && { Signature: base64('signature') }),
      ...input,
    });

  test.each<[KeySpec, SigningAlgorithmSpec, number[]]>([
    ['RSA_2048', 'RSASSA_PSS_SHA_256', [1, 31, 33, 48]],
    ['RSA_2048', 'RSASSA_PKCS1_V1_5_SHA_384', [32, 47, 49]],
    ['ECC_NIST_P521', 'ECDSA_SHA_512', [32, 63, 65, 66]],
    ['ECC_SECG_P256K1', 'ECDSA_SHA_256', [20, 64]],
    ['ECC_NIST_EDWARDS25519', 'ED25519_PH_SHA_512', [32, 63, 65]],
  ])('a digest of the wrong length for %s %s', async (spec, SigningAlgorithm, lengths) => {
    for (const length of lengths) {
      const Message = base64(Buffer.alloc(length, 1));
      expectKmsError(
        await send(spec, { Message, MessageType: 'DIGEST', SigningAlgorithm }),
        'ValidationException',
        `Digest is invalid length for algorithm ${SigningAlgorithm}.`,
      );
    }
  });

  test.each([1, 32, 63, 65])('a mu of %d bytes', async (length) => {
    const input = { Message: base64(Buffer.alloc(length, 1)), SigningAlgorithm: 'ML_DSA_SHAKE_256' };
    expectKmsError(
      await send('ML_DSA_44', { ...input, MessageType: 'EXTERNAL_MU' }),
      'ValidationException',
      'Digest is invalid length for algorithm ML_DSA_SHAKE_256.',
    );
  });

  test.each<[KeySpec, SigningAlgorithmSpec, MessageType]>([
    ['ECC_NIST_EDWARDS25519', 'ED25519_SHA_512', 'DIGEST'],
    ['ECC_NIST_EDWARDS25519', 'ED25519_PH_SHA_512', 'RAW'],
    ['ECC_NIST_P256', 'ECDSA_SHA_256', 'EXTERNAL_MU'],
    ['RSA_2048', 'RSASSA_PSS_SHA_512', 'EXTERNAL_MU'],
    ['ML_DSA_65', 'ML_DSA_SHAKE_256', 'DIGEST'],
  ])('%s %s with MessageType %s', async (spec, SigningAlgorithm, MessageType) => {
    expectKmsError(
      await send(spec, { Message: base64(Buffer.alloc(64, 1)), MessageType, SigningAlgorithm }),
      'ValidationException',
      `MessageType ${MessageType} is not valid for algorithm ${SigningAlgorithm}.`,
    );
  });

  test('an empty message, and one of more than 4,096 bytes', async () => {
    const SigningAlgorithm = 'RSASSA_PSS_SHA_256';
    const short = await send('RSA_2048', { Message: '', SigningAlgorithm });
    const long = await send('RSA_2048', { Message: base64(Buffer.alloc(4097)), SigningAlgorithm });
    const detected = "1 validation error detected: Value at 'message' failed to satisfy constraint: Member must";
    expectKmsError(short, 'ValidationException', `${detected} have length greater than or equal to 1`);
    expectKmsError(long, 'ValidationException', `${detected} have length less than or equal to 4096`);
  });

  test('a missing and an unknown algorithm', async () => {
    const detected = "1 validation error detected: Value null at 'signingAlgorithm' failed to satisfy constraint:";
    expectKmsError(await send('RSA_2048', {}), 'ValidationException', `${detected} Member must not be null`);
    const { json } = await send('RSA_2048', { SigningAlgorithm: 'RSASSA_PSS_SHA_1' });
    expect(json['message']).toMatch(/^1 validation error detected: Value 'RSASSA_PSS_SHA_1' at 'signingAlgorithm'/);
  });

  test('a key that waits for its material', async () => {
    const input = { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY', Origin: 'EXTERNAL' } as const;
    const { KeyMetadata } = await kms.send(new CreateKeyCommand(input));
    expectKmsError(
      await send('RSA_2048', { KeyId: KeyMetadata?.KeyId, SigningAlgorithm: 'ECDSA_SHA_256' }),
      'KMSInvalidStateException',
      `${KeyMetadata?.Arn ?? ''} is pending import.`,
    );
  });
});

test('a DryRun of Sign signs nothing', async () => {
  const KeyId = await keys.arn('ML_DSA_44', 'SIGN_VERIFY');
  const input = { KeyId, Message: base64(MESSAGE), SigningAlgorithm: 'ML_DSA_SHAKE_256', DryRun: true };
  expectKmsError(
    await sendKms(service, 'Sign', input),
    'DryRunOperationException',
    'The request would have succeeded, but the DryRun option is set.',
  );
});
