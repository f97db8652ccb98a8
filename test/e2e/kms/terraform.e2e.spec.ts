import {
  CreateAliasCommand,
  CreateGrantCommand,
  CreateKeyCommand,
  type CreateKeyCommandInput,
  DeleteAliasCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  type KMSClient,
  ListAliasesCommand,
  ListGrantsCommand,
  ListResourceTagsCommand,
  PutKeyPolicyCommand,
  ReplicateKeyCommand,
  RevokeGrantCommand,
  ScheduleKeyDeletionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateAliasCommand,
  UpdateKeyDescriptionCommand,
} from '@aws-sdk/client-kms';
import { useService } from '../../support/api.js';
import { kmsClient } from '../../support/kms.js';
import { TestClock } from '../../support/service.js';

/**
 * The calls that Terraform's AWS provider makes for its KMS resources, in its order: create, wait, read back, change, plan without a
 * difference, destroy.
 */
const clock = new TestClock();
const service = useService({ KEYBLOCK_REGIONS: 'us-east-1,eu-west-1' }, clock);
let kms: KMSClient;
let kmsInEurope: KMSClient;
beforeAll(() => {
  kms = kmsClient(service);
  kmsInEurope = kmsClient(service, { region: 'eu-west-1' });
});

const ROOT = 'arn:aws:iam::000000000000:root';
const policyFor = (sid: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Sid: sid, Effect: 'Allow', Principal: { AWS: ROOT }, Action: 'kms:*', Resource: '*' }],
  });

/** The part of the provider's state that its next plan compares. */
async function read(client: KMSClient, KeyId: string) {
  const { KeyMetadata } = await client.send(new DescribeKeyCommand({ KeyId }));
  const { Policy } = await client.send(new GetKeyPolicyCommand({ KeyId, PolicyName: 'default' }));
  const rotation = await client.send(new GetKeyRotationStatusCommand({ KeyId }));
  const { Tags = [] } = await client.send(new ListResourceTagsCommand({ KeyId }));
  return {
    description: KeyMetadata?.Description,
    isEnabled: KeyMetadata?.Enabled,
    usage: KeyMetadata?.KeyUsage,
    spec: KeyMetadata?.KeySpec,
    multiRegion: KeyMetadata?.MultiRegion,
    policy: JSON.parse(Policy ?? '') as unknown,
    rotates: rotation.KeyRotationEnabled,
    period: rotation.RotationPeriodInDays,
    tags: Object.fromEntries(Tags.map(({ TagKey, TagValue }) => [TagKey, TagValue])),
  };
}

async function create(input: CreateKeyCommandInput = {}): Promise<string> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand(input));
  return KeyMetadata?.KeyId ?? '';
}

test('aws_kms_key', async () => {
  const KeyId = await create({
    BypassPolicyLockoutSafetyCheck: false,
    Description: 'orders',
    CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
    KeyUsage: 'ENCRYPT_DECRYPT',
    MultiRegion: false,
    Policy: policyFor('one'),
    Tags: [{ TagKey: 'Name', TagValue: 'orders' }],
  });
  await kms.send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: 180 }));
  const created = {
    description: 'orders',
    isEnabled: true,
    usage: 'ENCRYPT_DECRYPT',
    spec: 'SYMMETRIC_DEFAULT',
    multiRegion: false,
    policy: JSON.parse(policyFor('one')) as unknown,
    rotates: true,
    period: 180,
    tags: { Name: 'orders' },
  };
  expect(await read(kms, KeyId)).toEqual(created);
  expect(await read(kms, KeyId)).toEqual(created);

  await kms.send(new UpdateKeyDescriptionCommand({ KeyId, Description: 'all orders' }));
  await kms.send(
    new PutKeyPolicyCommand({
      KeyId,
      Policy: policyFor('two'),
      PolicyName: 'default',
      BypassPolicyLockoutSafetyCheck: false,
    }),
  );
  await kms.send(new UntagResourceCommand({ KeyId, TagKeys: ['Name'] }));
  await kms.send(new TagResourceCommand({ KeyId, Tags: [{ TagKey: 'Team', TagValue: 'payments' }] }));
  await kms.send(new DisableKeyCommand({ KeyId }));
  expect(await read(kms, KeyId)).toEqual({
    ...created,
    description: 'all orders',
    isEnabled: false,
    policy: JSON.parse(policyFor('two')) as unknown,
    tags: { Team: 'payments' },
  });
  await kms.send(new EnableKeyCommand({ KeyId }));
  expect((await read(kms, KeyId)).isEnabled).toBe(true);

  await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 30 }));
  const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
  expect(KeyMetadata?.KeyState).toBe('PendingDeletion');
});

test('aws_kms_alias', async () => {
  const [one, two] = [await create(), await create()];
  const AliasName = 'alias/terraform';
  const target = async () => {
    const { Aliases = [] } = await kms.send(new ListAliasesCommand({}));
    return Aliases.find((alias) => alias.AliasName === AliasName)?.TargetKeyId;
  };
  await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: one }));
  expect(await target()).toBe(one);
  await kms.send(new UpdateAliasCommand({ AliasName, TargetKeyId: two }));
  expect(await target()).toBe(two);
  await kms.send(new DeleteAliasCommand({ AliasName }));
  expect(await target()).toBeUndefined();
});

test('aws_kms_grant', async () => {
  const KeyId = await create();
  const grant = {
    KeyId,
    Name: 'terraform',
    GranteePrincipal: ROOT,
    Operations: ['Encrypt', 'Decrypt', 'DescribeKey'] as const,
    Constraints: { EncryptionContextEquals: { Department: 'Finance' } },
  };
  const { GrantId, GrantToken } = await kms.send(
    // The provider sends both contexts.
    new CreateGrantCommand({
      ...grant,
      Operations: [...grant.Operations],
      Constraints: { ...grant.Constraints, EncryptionContextSubset: {} },
    }),
  );
  expect(GrantToken).toMatch(/^[A-Za-z0-9+/]+=*$/);
  const listed = async () => {
    const { Grants = [] } = await kms.send(new ListGrantsCommand({ KeyId }));
    return Grants.filter((each) => each.GrantId === GrantId);
  };
  const [made] = await listed();
  expect(made).toMatchObject({ Name: 'terraform', GranteePrincipal: ROOT, Operations: grant.Operations });
  expect(made?.Constraints).toEqual(grant.Constraints);
  await kms.send(new RevokeGrantCommand({ KeyId, GrantId }));
  expect(await listed()).toEqual([]);
});

test('aws_kms_replica_key', async () => {
  const KeyId = await create({ MultiRegion: true, Description: 'primary' });
  await kms.send(
    new ReplicateKeyCommand({
      KeyId,
      ReplicaRegion: 'eu-west-1',
      Description: 'replica',
      Policy: policyFor('replica'),
      Tags: [{ TagKey: 'Name', TagValue: 'replica' }],
    }),
  );
  const state = async () => (await kmsInEurope.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.KeyState;
  for (let waited = 0; (await state()) !== 'Enabled' && waited < 10; waited++) clock.advance(1000);
  expect(await read(kmsInEurope, KeyId)).toEqual({
    description: 'replica',
    isEnabled: true,
    usage: 'ENCRYPT_DECRYPT',
    spec: 'SYMMETRIC_DEFAULT',
    multiRegion: true,
    policy: JSON.parse(policyFor('replica')) as unknown,
    rotates: false,
    period: undefined,
    tags: { Name: 'replica' },
  });
  await kmsInEurope.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
  expect(await state()).toBe('PendingDeletion');
});
