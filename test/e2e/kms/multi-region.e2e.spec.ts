import {
  CreateAliasCommand,
  CreateKeyCommand,
  type CreateKeyCommandInput,
  DecryptCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EncryptCommand,
  GenerateMacCommand,
  GetKeyPolicyCommand,
  type KMSClient,
  ListAliasesCommand,
  ListResourceTagsCommand,
  ReplicateKeyCommand,
  type ReplicateKeyCommandInput,
  RotateKeyOnDemandCommand,
  ScheduleKeyDeletionCommand,
  SignCommand,
  UpdatePrimaryRegionCommand,
  VerifyCommand,
  VerifyMacCommand,
} from '@aws-sdk/client-kms';
import { useService } from '../../support/api.js';
import { kmsClient, sendKms } from '../../support/kms.js';
import { expectKmsError } from '../../support/kms-keys.js';
import { TestClock } from '../../support/service.js';

const [HOME, EUROPE, ASIA] = ['us-east-1', 'eu-west-1', 'ap-south-1'] as const;
const clock = new TestClock(new Date());
const service = useService({ KEYBLOCK_REGIONS: [HOME, EUROPE, ASIA].join() }, clock);
let home: KMSClient;
let europe: KMSClient;
beforeAll(() => {
  home = kmsClient(service);
  europe = kmsClient(service, { region: EUROPE });
});

const ROOT = 'arn:aws:iam::000000000000:root';
const MESSAGE = Buffer.from('the orders of a day');

async function newPrimary(input: CreateKeyCommandInput = {}): Promise<string> {
  const { KeyMetadata } = await home.send(new CreateKeyCommand({ MultiRegion: true, ...input }));
  return KeyMetadata?.Arn ?? '';
}

async function replicate(KeyId: string, input: Partial<ReplicateKeyCommandInput> = {}): Promise<string> {
  const { ReplicaKeyMetadata } = await home.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion: EUROPE, ...input }));
  clock.advance(2000);
  return ReplicaKeyMetadata?.Arn ?? '';
}

const metadataOf = async (client: KMSClient, KeyId: string) =>
  (await client.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata;
const refused = async (operation: string, input: object, name: string, message?: string) =>
  expectKmsError(await sendKms(service, operation, input), name, message);

describe('ReplicateKey', () => {
  test('answers with the replica as Creating, which is Enabled a second later', async () => {
    const KeyId = await newPrimary({ Description: 'primary', Tags: [{ TagKey: 'a', TagValue: '1' }] });
    const primary = { Arn: KeyId, Region: HOME };
    const replica = { Arn: KeyId.replace(HOME, EUROPE), Region: EUROPE };
    const output = await home.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion: EUROPE }));
    const configuration = { MultiRegionKeyType: 'REPLICA', PrimaryKey: primary, ReplicaKeys: [replica] };
    expect(output.ReplicaKeyMetadata).toMatchObject({
      Arn: replica.Arn,
      KeyState: 'Creating',
      Enabled: false,
      Description: '',
      MultiRegion: true,
      MultiRegionConfiguration: configuration,
    });
    expect(output.ReplicaKeyMetadata?.CurrentKeyMaterialId).toBeUndefined();
    expect(output.ReplicaTags).toEqual([]);
    expect(JSON.parse(output.ReplicaPolicy ?? '')).toMatchObject({ Id: 'key-default-1' });
    await expect(europe.send(new EncryptCommand({ KeyId: replica.Arn, Plaintext: MESSAGE }))).rejects.toMatchObject({
      name: 'KMSInvalidStateException',
      message: `${replica.Arn} is creating.`,
    });

    clock.advance(2000);
    const { CurrentKeyMaterialId } = (await metadataOf(home, KeyId)) ?? {};
    expect(await metadataOf(europe, replica.Arn)).toMatchObject({ KeyState: 'Enabled', CurrentKeyMaterialId });
    expect((await metadataOf(home, KeyId))?.MultiRegionConfiguration).toEqual({
      ...configuration,
      MultiRegionKeyType: 'PRIMARY',
    });
    const { Tags } = await europe.send(new ListResourceTagsCommand({ KeyId: replica.Arn }));
    expect(Tags).toEqual([]);
  });

  test('gives the replica its own description, policy and tags, and no aliases', async () => {
    const KeyId = await newPrimary();
    await home.send(new CreateAliasCommand({ AliasName: 'alias/primary', TargetKeyId: KeyId }));
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Sid: 'own', Effect: 'Allow', Principal: { AWS: ROOT }, Action: 'kms:*', Resource: '*' }],
    });
    const Tags = [{ TagKey: 'Name', TagValue: 'replica' }];
    const replica = await replicate(KeyId, { Description: 'replica', Policy, Tags });
    expect((await metadataOf(europe, replica))?.Description).toBe('replica');
    expect((await europe.send(new GetKeyPolicyCommand({ KeyId: replica }))).Policy).toBe(Policy);
    expect((await europe.send(new ListResourceTagsCommand({ KeyId: replica }))).Tags).toEqual(Tags);
    expect((await europe.send(new ListAliasesCommand({ KeyId: replica }))).Aliases).toEqual([]);
  });

  test('refuses a replica and a single-Region key', async () => {
    const KeyId = await newPrimary();
    const replica = await replicate(KeyId);
    const { KeyMetadata } = await home.send(new CreateKeyCommand({}));
    const single = KeyMetadata?.Arn ?? '';
    await refused(
      'ReplicateKey',
      { KeyId: single, ReplicaRegion: EUROPE },
      'UnsupportedOperationException',
      `${single} is not a multi-region primary key.`,
    );
    await expect(europe.send(new ReplicateKeyCommand({ KeyId: replica, ReplicaRegion: ASIA }))).rejects.toMatchObject({
      name: 'UnsupportedOperationException',
      message: `${replica} is not a multi-region primary key.`,
    });
  });

  test('refuses a Region with a related key, a Region that is not served, a disabled key, an alias', async () => {
    const KeyId = await newPrimary();
    await replicate(KeyId);
    for (const ReplicaRegion of [HOME, EUROPE])
      await refused(
        'ReplicateKey',
        { KeyId, ReplicaRegion },
        'AlreadyExistsException',
        `A related key of ${KeyId} exists in ${ReplicaRegion} already.`,
      );
    await refused(
      'ReplicateKey',
      { KeyId, ReplicaRegion: 'eu-north-1' },
      'ValidationException',
      `ReplicaRegion eu-north-1 is not served: choose from ${HOME}, ${EUROPE}, ${ASIA}.`,
    );
    await refused(
      'ReplicateKey',
      { KeyId: 'alias/primary', ReplicaRegion: ASIA },
      'NotFoundException',
      "Invalid keyId 'alias/primary'",
    );
    await home.send(new DisableKeyCommand({ KeyId }));
    await refused('ReplicateKey', { KeyId, ReplicaRegion: ASIA }, 'DisabledException', `${KeyId} is disabled.`);
  });

  test('refuses a policy that would lock the caller out, and leaves nothing behind', async () => {
    const KeyId = await newPrimary();
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: ROOT }, Action: 'kms:Encrypt', Resource: '*' }],
    });
    const input = { KeyId, ReplicaRegion: EUROPE, Policy };
    await refused(
      'ReplicateKey',
      input,
      'MalformedPolicyDocumentException',
      'The new key policy will not allow you to update the key policy in the future.',
    );
    expect((await metadataOf(home, KeyId))?.MultiRegionConfiguration?.ReplicaKeys).toEqual([]);
    await home.send(new ReplicateKeyCommand({ ...input, BypassPolicyLockoutSafetyCheck: true }));
  });
});

describe('related keys', () => {
  test('open the ciphertexts of each other, before and after a rotation', async () => {
    const KeyId = await newPrimary();
    const replica = await replicate(KeyId);
    const encrypted = async (client: KMSClient, key: string) =>
      (await client.send(new EncryptCommand({ KeyId: key, Plaintext: MESSAGE }))).CiphertextBlob;
    const blobs = [await encrypted(home, KeyId), await encrypted(europe, replica)];
    await home.send(new RotateKeyOnDemandCommand({ KeyId }));
    blobs.push(await encrypted(home, KeyId), await encrypted(europe, replica));
    for (const CiphertextBlob of blobs)
      for (const [client, key] of [[home, KeyId] as const, [europe, replica] as const]) {
        const opened = await client.send(new DecryptCommand({ CiphertextBlob }));
        expect(Buffer.from(opened.Plaintext ?? [])).toEqual(MESSAGE);
        expect(opened.KeyId).toBe(key);
      }
  });

  test('verify the signatures and MACs of each other', async () => {
    const signing = await newPrimary({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
    const signature = { Message: MESSAGE, SigningAlgorithm: 'ECDSA_SHA_256' } as const;
    const signer = await replicate(signing);
    const { Signature } = await home.send(new SignCommand({ KeyId: signing, ...signature }));
    const verified = await europe.send(new VerifyCommand({ KeyId: signer, Signature, ...signature }));
    expect(verified.SignatureValid).toBe(true);

    const macs = await newPrimary({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' });
    const mac = { Message: MESSAGE, MacAlgorithm: 'HMAC_SHA_256' } as const;
    const replica = await replicate(macs);
    const { Mac } = await europe.send(new GenerateMacCommand({ KeyId: replica, ...mac }));
    expect((await home.send(new VerifyMacCommand({ KeyId: macs, Mac, ...mac }))).MacValid).toBe(true);
  });

  test('are disabled and deleted independently; a primary key waits for its replicas', async () => {
    const KeyId = await newPrimary();
    const replica = await replicate(KeyId);
    await europe.send(new DisableKeyCommand({ KeyId: replica }));
    expect((await metadataOf(home, KeyId))?.KeyState).toBe('Enabled');
    const scheduled = await home.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
    expect(scheduled).toMatchObject({ KeyState: 'PendingReplicaDeletion', PendingWindowInDays: 7 });
    expect(scheduled.DeletionDate).toBeUndefined();
  });

  test('of an imported key must each import the material', async () => {
    const KeyId = await newPrimary({ Origin: 'EXTERNAL' });
    await refused(
      'ReplicateKey',
      { KeyId, ReplicaRegion: EUROPE },
      'KMSInvalidStateException',
      `${KeyId} is pending import.`,
    );
  });
});

describe('UpdatePrimaryRegion', () => {
  test('exchanges the roles; both keys are Updating for a second, and work meanwhile', async () => {
    const KeyId = await newPrimary();
    const replica = await replicate(KeyId);
    await home.send(new UpdatePrimaryRegionCommand({ KeyId, PrimaryRegion: EUROPE }));
    for (const [client, key] of [[home, KeyId] as const, [europe, replica] as const]) {
      expect((await metadataOf(client, key))?.KeyState).toBe('Updating');
      await client.send(new EncryptCommand({ KeyId: key, Plaintext: MESSAGE }));
      await expect(client.send(new DisableKeyCommand({ KeyId: key }))).rejects.toMatchObject({
        name: 'KMSInvalidStateException',
        message: `${key} is updating.`,
      });
    }
    clock.advance(2000);
    expect(await metadataOf(home, KeyId)).toMatchObject({
      KeyState: 'Enabled',
      MultiRegionConfiguration: {
        MultiRegionKeyType: 'REPLICA',
        PrimaryKey: { Arn: replica, Region: EUROPE },
        ReplicaKeys: [{ Arn: KeyId, Region: HOME }],
      },
    });
    await europe.send(new ReplicateKeyCommand({ KeyId: replica, ReplicaRegion: ASIA }));
  });

  test('refuses a replica, a Region without a related key, the Region of the primary, a disabled key', async () => {
    const KeyId = await newPrimary();
    const replica = await replicate(KeyId);
    await expect(
      europe.send(new UpdatePrimaryRegionCommand({ KeyId: replica, PrimaryRegion: EUROPE })),
    ).rejects.toMatchObject({
      name: 'UnsupportedOperationException',
      message: `${replica} is not a multi-region primary key.`,
    });
    await refused(
      'UpdatePrimaryRegion',
      { KeyId, PrimaryRegion: ASIA },
      'NotFoundException',
      `Key '${KeyId.replace(HOME, ASIA)}' does not exist`,
    );
    await refused(
      'UpdatePrimaryRegion',
      { KeyId, PrimaryRegion: HOME },
      'ValidationException',
      `${KeyId} is already the primary key: name the Region of a replica.`,
    );
    await europe.send(new DisableKeyCommand({ KeyId: replica }));
    await refused(
      'UpdatePrimaryRegion',
      { KeyId, PrimaryRegion: EUROPE },
      'DisabledException',
      `${replica} is disabled.`,
    );
  });
});
