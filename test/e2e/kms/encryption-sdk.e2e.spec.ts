import {
  AwsKmsMrkAwareSymmetricDiscoveryKeyringNode,
  AwsKmsMrkAwareSymmetricKeyringNode,
  buildClient,
  CommitmentPolicy,
  getClient,
  KMS,
  KmsKeyringNode,
  MultiKeyringNode,
} from '@aws-crypto/client-node';
import {
  CreateKeyCommand,
  type CreateKeyCommandInput,
  DescribeKeyCommand,
  type KMSClient,
  ReplicateKeyCommand,
} from '@aws-sdk/client-kms';
import { useService } from '../../support/api.js';
import { kmsClient } from '../../support/kms.js';
import { CREDENTIALS, TestClock } from '../../support/service.js';

/** The AWS Encryption SDK for JavaScript, which knows nothing of this service, encrypts and decrypts with its keys. */
const [HOME, EUROPE, ASIA] = ['us-east-1', 'eu-west-1', 'ap-south-1'] as const;
const clock = new TestClock();
const service = useService({ KEYBLOCK_REGIONS: [HOME, EUROPE, ASIA].join() }, clock);
const { encrypt, decrypt } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
const PLAINTEXT = Buffer.from('the orders of a day\n'.repeat(500));
const CONTEXT = { purpose: 'orders', day: '2026-11-28' };
let kms: KMSClient;
beforeAll(() => (kms = kmsClient(service)));

async function newKey(input: CreateKeyCommandInput = {}): Promise<string> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand(input));
  return KeyMetadata?.Arn ?? '';
}

const clientProvider = () => getClient(KMS, { endpoint: service.url, credentials: CREDENTIALS, maxAttempts: 1 });

function keyring(generatorKeyId: string, ...keyIds: string[]): KmsKeyringNode {
  return new KmsKeyringNode({ clientProvider: clientProvider(), generatorKeyId, keyIds });
}

test('encrypts and decrypts a message of several frames, with its encryption context', async () => {
  const key = await newKey();
  const { result } = await encrypt(keyring(key), PLAINTEXT, { encryptionContext: CONTEXT, frameLength: 1024 });
  const { plaintext, messageHeader } = await decrypt(keyring(key), result);
  expect(plaintext).toEqual(PLAINTEXT);
  expect(messageHeader.encryptionContext).toMatchObject(CONTEXT);
  expect(messageHeader.encryptedDataKeys.map(({ providerInfo }) => providerInfo)).toEqual([key]);
});

test('decrypts with any of the keys that encrypted the data key', async () => {
  const [one, two] = [await newKey(), await newKey()];
  const { result } = await encrypt(keyring(one, two), PLAINTEXT);
  for (const key of [one, two])
    expect(
      (await decrypt(new KmsKeyringNode({ clientProvider: clientProvider(), keyIds: [key] }), result)).plaintext,
    ).toEqual(PLAINTEXT);
});

test('does not decrypt with another key, nor a message that was changed', async () => {
  const [key, other] = [await newKey(), await newKey()];
  const { result } = await encrypt(keyring(key), PLAINTEXT);
  await expect(decrypt(keyring(other), result)).rejects.toThrow('unencryptedDataKey has not been set');
  const changed = Buffer.from(result);
  changed[changed.length - 300] = (changed[changed.length - 300] ?? 0) ^ 1;
  await expect(decrypt(keyring(key), changed)).rejects.toThrow();
});

test('a keyring of several keyrings asks each of them', async () => {
  const [one, two] = [await newKey(), await newKey()];
  const keyrings = new MultiKeyringNode({ generator: keyring(one), children: [keyring(two)] });
  const { result } = await encrypt(keyrings, PLAINTEXT);
  expect((await decrypt(keyring(two), result)).plaintext).toEqual(PLAINTEXT);
  const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: two }));
  expect(KeyMetadata?.KeyState).toBe('Enabled');
});

describe('The multi-Region keyring', () => {
  let primary = '';
  let replica = '';
  beforeAll(async () => {
    primary = await newKey({ MultiRegion: true });
    const { ReplicaKeyMetadata } = await kms.send(new ReplicateKeyCommand({ KeyId: primary, ReplicaRegion: EUROPE }));
    replica = ReplicaKeyMetadata?.Arn ?? '';
    clock.advance(2000);
  });

  const clientIn = (region: string) => clientProvider()(region) as KMS;
  const related = (region: string, keyId: string) =>
    new AwsKmsMrkAwareSymmetricKeyringNode({ client: clientIn(region), keyId });

  test.each<[from: string, to: string, keyIds: () => [string, string]]>([
    [HOME, EUROPE, () => [primary, replica]],
    [EUROPE, HOME, () => [replica, primary]],
  ])('encrypts in %s and decrypts in %s with the related key', async (from, to, keyIds) => {
    const [encrypting, decrypting] = keyIds();
    const { result } = await encrypt(related(from, encrypting), PLAINTEXT, { encryptionContext: CONTEXT });
    const { plaintext, messageHeader } = await decrypt(related(to, decrypting), result);
    expect(plaintext).toEqual(PLAINTEXT);
    expect(messageHeader.encryptedDataKeys.map(({ providerInfo }) => providerInfo)).toEqual([encrypting]);
  });

  test('finds the related key of its Region by itself, and none in a Region without one', async () => {
    const { result } = await encrypt(related(HOME, primary), PLAINTEXT);
    const discovery = (region: string) => new AwsKmsMrkAwareSymmetricDiscoveryKeyringNode({ client: clientIn(region) });
    expect((await decrypt(discovery(EUROPE), result)).plaintext).toEqual(PLAINTEXT);
    await expect(decrypt(discovery(ASIA), result)).rejects.toThrow();
  });

  test('decrypts with no single-Region key of another Region', async () => {
    const { result } = await encrypt(keyring(await newKey()), PLAINTEXT);
    await expect(decrypt(related(EUROPE, replica), result)).rejects.toThrow();
  });
});
