import { allow, denied, IDENTITY_DENY, policyOf, useKmsAccess } from '../../../support/kms-access.js';

const { call, user, newKey, done } = useKmsAccess();
const EUROPE = { StringEquals: { 'aws:RequestedRegion': 'eu-west-1' } };

/**
 * Replicates a new key of a user whose policies allow it, except for one statement about CreateKey in the replica's
 * Region.
 */
async function replicate(condition: object, { effect = 'Allow', input = {}, key = {} } = {}) {
  const KeyId = await newKey({ MultiRegion: true, ...key });
  const inEurope = { ...allow('CreateKey', { Condition: { ...EUROPE, ...condition } }), Effect: effect };
  const others = allow(['ReplicateKey', 'PutKeyPolicy', ...(effect === 'Deny' ? ['CreateKey', 'TagResource'] : [])]);
  const caller = await user(others, inEurope);
  return { caller, KeyId, answer: await call('ReplicateKey', { KeyId, ReplicaRegion: 'eu-west-1', ...input }, caller) };
}

const equals = (name: string, value: string) => ({ StringEquals: { ...EUROPE.StringEquals, [name]: value } });
const HMAC = { key: { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' } };

test.each<[name: string, value: string, options: object]>([
  ['kms:KeySpec', 'SYMMETRIC_DEFAULT', {}],
  ['kms:KeySpec', 'HMAC_256', HMAC],
  ['kms:CustomerMasterKeySpec', 'HMAC_256', HMAC],
  ['kms:KeyUsage', 'GENERATE_VERIFY_MAC', HMAC],
  ['kms:CustomerMasterKeyUsage', 'ENCRYPT_DECRYPT', {}],
  ['kms:KeyOrigin', 'AWS_KMS', {}],
  ['kms:MultiRegion', 'true', {}],
  ['kms:MultiRegionKeyType', 'REPLICA', {}],
  ['kms:ReplicaRegion', 'eu-west-1', {}],
])('a policy about CreateKey sees %s = %s of the replica, to allow and to deny it', async (name, value, options) => {
  expect((await replicate(equals(name, value), options)).answer).toBe('ok');
  const { caller, answer } = await replicate(equals(name, value), { ...options, effect: 'Deny' });
  expect(answer).toBe(denied(caller.arn, 'CreateKey', '*', IDENTITY_DENY));
});

test.each([
  ['kms:KeySpec', 'RSA_2048'],
  ['kms:KeyUsage', 'SIGN_VERIFY'],
  ['kms:KeyOrigin', 'EXTERNAL'],
  ['kms:MultiRegion', 'false'],
  ['kms:MultiRegionKeyType', 'PRIMARY'],
])('a policy that allows CreateKey for %s = %s only does not allow a replica without it', async (name, value) => {
  const { caller, KeyId, answer } = await replicate(equals(name, value));
  expect(answer).toBe(denied(caller.arn, 'CreateKey', '*'));
  const { KeyMetadata } = await done<{ KeyMetadata: { MultiRegionConfiguration: object } }>('DescribeKey', { KeyId });
  expect(KeyMetadata.MultiRegionConfiguration).toMatchObject({ ReplicaKeys: [] });
});

test('a policy about TagResource sees the replica that the tags are for', async () => {
  const KeyId = await newKey({ MultiRegion: true });
  const ofReplicas = { StringEquals: { 'kms:MultiRegionKeyType': 'REPLICA', 'kms:KeySpec': 'SYMMETRIC_DEFAULT' } };
  const ann = await user(
    allow(['ReplicateKey', 'PutKeyPolicy', 'CreateKey']),
    allow('TagResource', { Condition: ofReplicas }),
  );
  const bob = await user(allow(['ReplicateKey', 'PutKeyPolicy', 'CreateKey']));
  const input = { KeyId, ReplicaRegion: 'eu-west-1', Tags: [{ TagKey: 'team', TagValue: 'a' }] };
  expect(await call('ReplicateKey', input, bob)).toBe(
    denied(bob.arn, 'TagResource', 'arn:aws:kms:eu-west-1:000000000000:key/*'),
  );
  expect(await call('ReplicateKey', input, ann)).toBe('ok');
});

test('policies recognize the CreateKey of a primary key', async () => {
  const primary = { StringEquals: { 'kms:MultiRegionKeyType': 'PRIMARY' } };
  const ann = await user(allow(['CreateKey', 'PutKeyPolicy'], { Condition: primary }));
  const Policy = policyOf(allow('*', { Principal: { AWS: ann.arn } }));
  expect(await call('CreateKey', { MultiRegion: true, Policy }, ann)).toBe('ok');
  expect(await call('CreateKey', { Policy }, ann)).toBe(denied(ann.arn, 'CreateKey', '*'));
});
