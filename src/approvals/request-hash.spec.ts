import { rootCall } from '../../test/support/call.js';
import { CallRecord } from '../call.js';
import { KMS } from '../kms/api.js';
import { CONTROL_PLANE } from '../payment/api.js';
import { Statements } from '../policy/policy.js';
import { canonicalJson, keysOf, requestHash, shownParameters } from './request-hash.js';

const SECRET = Buffer.alloc(32, 7);
const KEY = 'arn:aws:payment-cryptography:us-east-1:000000000000:key/aaaaaaaaaaaaaaaa';
const INPUT = { KeyIdentifier: 'alias/till', DeleteKeyInDays: 7, Tags: [{ Key: 'a', Value: 'alias/b' }], Secret: 'S1' };

function callOf(input: object = INPUT, keyArns = [KEY]) {
  const record = new CallRecord();
  record.reads({}, input);
  for (const arn of keyArns) record.uses(arn);
  return { ...rootCall('DeleteKey'), api: CONTROL_PLANE, record };
}
const hashOf = (call = callOf(), replaces: unknown = { state: 'CREATE_COMPLETE' }, secret = SECRET) =>
  requestHash(secret, call, { replaces });

const startedBy = (starter: string) => {
  const identity = {
    type: 'AssumedRole',
    name: 'r',
    userId: '000000000000:s',
    statements: new Statements([]),
  } as const;
  return { ...callOf().principal, identity: { ...identity, startedBy: starter } };
};

test('a policy that mentions another key has another hash, because the call uses no key', () => {
  const policyOf = (KeyId: string) => callOf({ Condition: { StringEquals: { 'aws:ResourceTag/KeyId': KeyId } } }, []);
  expect(hashOf(policyOf('alias/test'))).not.toBe(hashOf(policyOf('alias/production')));
});

test('the same call has the same hash, however the key is named and whatever the order of its members', () => {
  const { KeyIdentifier: _, ...others } = INPUT;
  expect(hashOf()).toMatch(/^[0-9a-f]{64}$/);
  expect(hashOf(callOf({ ...others, KeyIdentifier: KEY }))).toBe(hashOf());
  expect(hashOf(callOf(INPUT, [KEY, KEY]))).toBe(hashOf());
});

test.each<[string, () => string]>([
  ['another Region', () => hashOf({ ...callOf(), region: 'eu-west-1' })],
  ['another operation', () => hashOf({ ...callOf(), operation: 'StopKeyUsage' })],
  ['another API', () => hashOf({ ...callOf(), api: KMS })],
  ['another requester', () => hashOf({ ...callOf(), principal: { ...callOf().principal, accountId: '111111111111' } })],
  ['another person behind the requester', () => hashOf({ ...callOf(), principal: startedBy('AIDAABCDEFGHIJKLMNOP') })],
  ['another parameter', () => hashOf(callOf({ ...INPUT, DeleteKeyInDays: 8 }))],
  ['one parameter less', () => hashOf(callOf({ ...INPUT, DeleteKeyInDays: undefined }))],
  ['another member that events do not show', () => hashOf(callOf({ ...INPUT, Secret: 'S2' }))],
  ['a tag that looks like an alias', () => hashOf(callOf({ ...INPUT, Tags: [{ Key: 'a', Value: 'alias/c' }] }))],
  ['another key behind the alias', () => hashOf(callOf(INPUT, [KEY.replace('aaa', 'bbb')]))],
  ['one more key', () => hashOf(callOf(INPUT, [KEY, KEY.replace('aaa', 'bbb')]))],
  ['another state of the key', () => hashOf(callOf(), { state: 'DELETE_PENDING' })],
  ['another deployment', () => hashOf(callOf(), { state: 'CREATE_COMPLETE' }, Buffer.alloc(32, 8))],
])('%s changes the hash', (_, other) => {
  expect(other()).not.toBe(hashOf());
});

test('a key that the call has created is not one of the keys that it concerns', () => {
  const call = callOf(INPUT, [KEY, `${KEY}new`]);
  call.record.created({ key: { keyArn: `${KEY}new` } });
  expect(keysOf(call)).toEqual([KEY]);
});

test('the text for approvers contains only members that events show, and no key names', () => {
  expect(shownParameters(callOf())).toEqual({
    keyIdentifier: '(key)',
    deleteKeyInDays: 7,
    tags: [{ key: 'a', value: 'alias/b' }],
  });
});

test('canonical JSON orders members on every level', () => {
  expect(canonicalJson({ b: [{ d: 1, c: null }], a: undefined, A: 'ä' })).toBe('{"A":"ä","b":[{"c":null,"d":1}]}');
});
