import {
  CreateAliasCommand,
  CreateKeyCommand,
  DeleteAliasCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  ListResourceTagsCommand,
  paginateListAliases,
  PutKeyPolicyCommand,
  ReplicateKeyCommand,
  ScheduleKeyDeletionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateAliasCommand,
  UpdateKeyDescriptionCommand,
} from '@aws-sdk/client-kms';
import * as payment from '@aws-sdk/client-payment-cryptography';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { useService } from '../../support/api.js';
import { kmsClient } from '../../support/kms.js';
import { CREDENTIALS, REGION } from '../../support/service.js';

/**
 * The calls of Terraform's AWS provider for its resources, in its order, through AWS's SDK: its requests on create,
 * refresh, change and destroy, and the response members that it reads.
 */
const OTHER_REGION = 'eu-west-1';
const service = useService({ KEYBLOCK_REGIONS: `${REGION},${OTHER_REGION}` });
let kms: ReturnType<typeof kmsClient>;
beforeAll(() => {
  kms = kmsClient(service);
});

test('the provider finds its account', async () => {
  const sts = new STSClient({ endpoint: service.url, region: REGION, credentials: CREDENTIALS });
  expect(await sts.send(new GetCallerIdentityCommand({}))).toMatchObject({ Account: '000000000000' });
});

describe('aws_kms_key', () => {
  const POLICY = JSON.stringify({
    Statement: [
      {
        Action: 'kms:*',
        Effect: 'Allow',
        Principal: { AWS: 'arn:aws:iam::000000000000:root' },
        Resource: '*',
        Sid: 'Own',
      },
    ],
    Version: '2012-10-17',
  });
  let KeyId: string;

  /** The calls by which the provider reads a key. */
  async function read() {
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
    const { Policy } = await kms.send(new GetKeyPolicyCommand({ KeyId, PolicyName: 'default' }));
    const { KeyRotationEnabled, RotationPeriodInDays } = await kms.send(new GetKeyRotationStatusCommand({ KeyId }));
    const { Tags, Truncated } = await kms.send(new ListResourceTagsCommand({ KeyId }));
    expect(Truncated).toBe(false);
    return { ...KeyMetadata, Policy, KeyRotationEnabled, RotationPeriodInDays, Tags };
  }

  test('is created with rotation, and has the requested settings at once', async () => {
    const { KeyMetadata } = await kms.send(
      new CreateKeyCommand({
        BypassPolicyLockoutSafetyCheck: false,
        Description: 'ledger',
        KeySpec: 'SYMMETRIC_DEFAULT',
        KeyUsage: 'ENCRYPT_DECRYPT',
        MultiRegion: true,
        Policy: POLICY,
        Tags: [{ TagKey: 'Name', TagValue: 'ledger' }],
      }),
    );
    KeyId = KeyMetadata!.KeyId!;
    await kms.send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: 180 }));
    expect(await read()).toMatchObject({
      Description: 'ledger',
      Enabled: true,
      KeyRotationEnabled: true,
      KeySpec: 'SYMMETRIC_DEFAULT',
      MultiRegion: true,
      // The provider waits until the policy is the one that it sent.
      Policy: POLICY,
      RotationPeriodInDays: 180,
      Tags: [{ TagKey: 'Name', TagValue: 'ledger' }],
    });
  });

  test('is changed in the order of the provider', async () => {
    await kms.send(new DisableKeyCommand({ KeyId }));
    expect(await read()).toMatchObject({ Enabled: false });
    await kms.send(new EnableKeyCommand({ KeyId }));
    await kms.send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: 365 }));
    await kms.send(new UpdateKeyDescriptionCommand({ KeyId, Description: 'general ledger' }));
    const Policy = POLICY.replace('Own', 'Root');
    await kms.send(
      new PutKeyPolicyCommand({ KeyId, PolicyName: 'default', Policy, BypassPolicyLockoutSafetyCheck: false }),
    );
    await kms.send(new UntagResourceCommand({ KeyId, TagKeys: ['Name'] }));
    await kms.send(new TagResourceCommand({ KeyId, Tags: [{ TagKey: 'Team', TagValue: 'cards' }] }));
    expect(await read()).toMatchObject({
      Description: 'general ledger',
      Enabled: true,
      Policy,
      RotationPeriodInDays: 365,
      Tags: [{ TagKey: 'Team', TagValue: 'cards' }],
    });
  });

  test('aws_kms_alias finds itself in the list, and is moved', async () => {
    const find = async (AliasName: string) => {
      for await (const { Aliases = [] } of paginateListAliases({ client: kms }, {}))
        for (const alias of Aliases) if (alias.AliasName === AliasName) return alias;
      return undefined;
    };
    const AliasName = 'alias/ledger';
    await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: KeyId }));
    expect(await find(AliasName)).toMatchObject({
      AliasArn: `arn:aws:kms:${REGION}:000000000000:${AliasName}`,
      TargetKeyId: KeyId,
    });
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    await kms.send(new UpdateAliasCommand({ AliasName, TargetKeyId: KeyMetadata!.KeyId }));
    expect(await find(AliasName)).toMatchObject({ TargetKeyId: KeyMetadata!.KeyId });
    await kms.send(new DeleteAliasCommand({ AliasName }));
    expect(await find(AliasName)).toBeUndefined();
    // A second destroy finds nothing, which the provider treats as success.
    await expect(kms.send(new DeleteAliasCommand({ AliasName }))).rejects.toMatchObject({ name: 'NotFoundException' });
  });

  test('aws_kms_replica_key appears in its Region', async () => {
    const there = kmsClient(service, { region: OTHER_REGION });
    const replicate = new ReplicateKeyCommand({ KeyId, ReplicaRegion: OTHER_REGION, Description: 'replica', Tags: [] });
    const { ReplicaKeyMetadata } = await kms.send(replicate);
    expect(ReplicaKeyMetadata).toMatchObject({ KeyId, MultiRegionConfiguration: { MultiRegionKeyType: 'REPLICA' } });
    await there.send(new ScheduleKeyDeletionCommand({ KeyId }));
  });

  test('counts as deleted once its deletion is scheduled, for a second destroy too', async () => {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    const schedule = new ScheduleKeyDeletionCommand({ KeyId: KeyMetadata!.KeyId, PendingWindowInDays: 7 });
    await kms.send(schedule);
    expect((await kms.send(new DescribeKeyCommand({ KeyId: KeyMetadata!.KeyId }))).KeyMetadata).toMatchObject({
      KeyState: 'PendingDeletion',
    });
    await expect(kms.send(schedule)).rejects.toMatchObject({
      name: 'KMSInvalidStateException',
      message: expect.stringContaining('is pending deletion') as string,
    });
  });
});

describe('aws_paymentcryptography_key', () => {
  const attributes = {
    KeyAlgorithm: 'TDES_3KEY',
    KeyClass: 'SYMMETRIC_KEY',
    KeyUsage: 'TR31_P0_PIN_ENCRYPTION_KEY',
    KeyModesOfUse: {
      ...{ Decrypt: true, Encrypt: true, Wrap: true, Unwrap: true },
      ...{ DeriveKey: false, Generate: false, NoRestrictions: false, Sign: false, Verify: false },
    },
  } as const;
  let KeyArn: string;
  const get = async (KeyIdentifier: string) =>
    (await service.controlPlane.send(new payment.GetKeyCommand({ KeyIdentifier }))).Key;

  test('is created and complete at once, with every mode of the plan', async () => {
    const { Key } = await service.controlPlane.send(
      new payment.CreateKeyCommand({
        Exportable: true,
        KeyAttributes: attributes,
        Tags: [{ Key: 'Name', Value: 'zpk' }],
      }),
    );
    KeyArn = Key!.KeyArn!;
    // The provider waits until it has seen the state twice, and fails where an attribute differs from the plan.
    for (let i = 0; i < 2; i++)
      expect(await get(KeyArn)).toMatchObject({
        Enabled: true,
        Exportable: true,
        KeyAttributes: attributes,
        KeyCheckValueAlgorithm: 'ANSI_X9_24',
        KeyOrigin: 'AWS_PAYMENT_CRYPTOGRAPHY',
        KeyState: 'CREATE_COMPLETE',
      });
    const tags = await service.controlPlane.send(new payment.ListTagsForResourceCommand({ ResourceArn: KeyArn }));
    expect(tags.Tags).toEqual([{ Key: 'Name', Value: 'zpk' }]);
  });

  test('is stopped and started, and its tags change', async () => {
    await service.controlPlane.send(new payment.StopKeyUsageCommand({ KeyIdentifier: KeyArn }));
    expect(await get(KeyArn)).toMatchObject({ Enabled: false });
    await service.controlPlane.send(new payment.StartKeyUsageCommand({ KeyIdentifier: KeyArn }));
    expect(await get(KeyArn)).toMatchObject({ Enabled: true });
    await service.controlPlane.send(new payment.UntagResourceCommand({ ResourceArn: KeyArn, TagKeys: ['Name'] }));
    const Tags = [{ Key: 'Team', Value: 'cards' }];
    await service.controlPlane.send(new payment.TagResourceCommand({ ResourceArn: KeyArn, Tags }));
  });

  test('aws_paymentcryptography_key_alias is created, moved and deleted', async () => {
    const AliasName = 'alias/zpk';
    const alias = async () => (await service.controlPlane.send(new payment.GetAliasCommand({ AliasName }))).Alias;
    await service.controlPlane.send(new payment.CreateAliasCommand({ AliasName, KeyArn }));
    expect(await alias()).toEqual({ AliasName, KeyArn });
    await service.controlPlane.send(new payment.UpdateAliasCommand({ AliasName }));
    expect(await alias()).toEqual({ AliasName });
    await service.controlPlane.send(new payment.DeleteAliasCommand({ AliasName }));
    await expect(alias()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test('counts as deleted once its deletion is pending, for a second destroy too', async () => {
    const destroy = () =>
      service.controlPlane.send(new payment.DeleteKeyCommand({ KeyIdentifier: KeyArn, DeleteKeyInDays: 7 }));
    await destroy();
    expect(await get(KeyArn)).toMatchObject({ KeyState: 'DELETE_PENDING' });
    await expect(destroy()).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('not in CREATE_COMPLETE state.') as string,
    });
  });
});
