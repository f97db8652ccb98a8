import { statement } from '../../support/admin.js';
import { ACCOUNT, type AwsKey, type CckmUser, useCckm, UUID } from '../../support/cckm.js';

const { user } = useCckm({ KEYBLOCK_REGION: 'us-east-1' });

/** The members of the sample in Thales's documentation of the call, in its order. */
const MEMBERS = [
  ...['id', 'uri', 'account', 'application', 'devAccount', 'createdAt', 'updatedAt', 'kms_id', 'kms', 'synced_at'],
  ...['rotation_status', 'cloud_name', 'key_type', 'basic_view_enabled', 'region', 'gone', 'key_material_origin'],
  'aws_param',
];
const PARAM_MEMBERS = [
  ...['AWSAccountId', 'Arn', 'CustomerMasterKeySpec', 'Description', 'Enabled', 'EncryptionAlgorithms', 'KeyID'],
  ...['KeyManager', 'KeyState', 'KeyUsage', 'Origin', 'CreationDate', 'Policy', 'Alias', 'Tags', 'KeyRotationEnabled'],
];
/** Members that newer clients read, and the sample doesn't have. */
const LATER = ['CurrentKeyMaterialId', 'MultiRegion'];

let ann: CckmUser;
beforeAll(async () => {
  ann = await user('ann', statement('kms:*'));
});

test('the sample of the documentation: the deletion of a key is cancelled, and the key is disabled', async () => {
  const created = await ann.createKey({
    Alias: 'aws-test-key',
    Description: 'key-description',
    Tags: [{ TagKey: 'key', TagValue: 'value' }],
  });
  const { id } = created;
  const path = `cckm/aws/keys/${id}`;
  const pending = await ann.ok<AwsKey>('POST', `${path}/schedule-deletion`, { days: 7 });
  expect(pending.aws_param).toMatchObject({ KeyState: 'PendingDeletion', Enabled: false });

  const answer = await ann.send('POST', `${path}/cancel-deletion`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('application/json');
  const key = answer.json as unknown as AwsKey;
  expect(Object.keys(key)).toEqual(MEMBERS);
  expect(Object.keys(key.aws_param)).toEqual([...PARAM_MEMBERS, ...LATER]);
  const { KeyID } = key.aws_param;
  expect(key).toEqual({
    id,
    uri: `kylo:kylo:cckm:aws-key:${id}`,
    account: 'kylo:kylo:admin:accounts:kylo',
    application: 'ncryptify:gemalto:admin:apps:kylo',
    devAccount: 'ncryptify:gemalto:admin:accounts:gemalto',
    createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
    updatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/),
    kms_id: expect.stringMatching(UUID),
    kms: 'kms',
    synced_at: created['synced_at'],
    rotation_status: '',
    cloud_name: 'aws',
    key_type: 'symmetric',
    basic_view_enabled: false,
    region: 'us-east-1',
    gone: false,
    key_material_origin: 'native',
    aws_param: {
      AWSAccountId: ACCOUNT,
      Arn: `arn:aws:kms:us-east-1:${ACCOUNT}:key/${KeyID}`,
      CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
      Description: 'key-description',
      Enabled: false,
      EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
      KeyID,
      KeyManager: 'CUSTOMER',
      KeyState: 'Disabled',
      KeyUsage: 'ENCRYPT_DECRYPT',
      Origin: 'AWS_KMS',
      CreationDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      Policy: {
        Id: 'key-default-1',
        Version: '2012-10-17',
        Statement: [
          {
            Sid: 'Enable IAM User Permissions',
            Action: 'kms:*',
            Effect: 'Allow',
            Resource: '*',
            Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
          },
        ],
      },
      Alias: ['alias/aws-test-key'],
      Tags: [{ TagKey: 'key', TagValue: 'value' }],
      KeyRotationEnabled: false,
      CurrentKeyMaterialId: expect.stringMatching(/^[0-9a-f]{64}$/),
      MultiRegion: false,
    },
  });
  expect(id).toMatch(UUID);
  expect(id).not.toBe(KeyID);
  expect(String(key['updatedAt']) > String(pending['updatedAt'])).toBe(true);

  const enabled = await ann.ok<AwsKey>('POST', `${path}/enable`);
  expect(enabled.aws_param).toMatchObject({ KeyState: 'Enabled', Enabled: true });
});
