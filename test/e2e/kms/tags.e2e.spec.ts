import { allow, denied, identifierRefusals, noPolicy, useKmsAccess } from '../../support/kms-access.js';

const { call, done, user, newKey } = useKmsAccess();

const tag = (TagKey: string, TagValue = '') => ({ TagKey, TagValue });
const tagsOf = async (KeyId: string) => (await done<{ Tags: unknown[] }>('ListResourceTags', { KeyId })).Tags;
const many = (count: number, prefix = 'key') => Array.from({ length: count }, (_, i) => tag(`${prefix}${i}`));

test('tags are added, replaced and removed, and listed in the order in which they were added', async () => {
  const KeyId = await newKey({ Tags: [tag('zone', 'a'), tag('Team', 'pin')] });
  expect(await done('TagResource', { KeyId, Tags: [tag('line', '3'), tag('zone', 'b'), tag('team')] })).toEqual({});
  expect(await tagsOf(KeyId)).toEqual([tag('zone', 'b'), tag('Team', 'pin'), tag('line', '3'), tag('team')]);
  expect(await done('UntagResource', { KeyId, TagKeys: ['Team', 'none', 'Team'] })).toEqual({});
  expect(await tagsOf(KeyId)).toEqual([tag('zone', 'b'), tag('line', '3'), tag('team')]);
  expect(await done('TagResource', { KeyId, Tags: [] })).toEqual({});
  expect(await done('UntagResource', { KeyId, TagKeys: [] })).toEqual({});
  expect(await tagsOf(KeyId)).toHaveLength(3);
});

test('the list has pages, each of which begins where the previous one ended', async () => {
  const KeyId = await newKey({ Tags: many(5) });
  const first = await done('ListResourceTags', { KeyId, Limit: 2 });
  expect(first).toEqual({ Tags: many(2), Truncated: true, NextMarker: expect.any(String) as string });
  await done('UntagResource', { KeyId, TagKeys: ['key1', 'key2'] });
  expect(await done('ListResourceTags', { KeyId, Limit: 50, Marker: first['NextMarker'] })).toEqual({
    Tags: [tag('key3'), tag('key4')],
    Truncated: false,
  });
  expect(await call('ListResourceTags', { KeyId: await newKey(), Marker: first['NextMarker'] })).toBe(
    'InvalidMarkerException: Marker is invalid: send the NextMarker of the previous page, with the same filters.',
  );
});

test.each([
  ['duplicates', [tag('a'), tag('a', '1')], 'TagException: Duplicate tag keys'],
  ['duplicates before reserved keys', [tag('aws:a'), tag('aws:a')], 'TagException: Duplicate tag keys'],
  ['a reserved key', [tag('aws:team')], 'TagException: Tags beginning with aws: are reserved'],
  ['a reserved key in other letters', [tag('AWS:team')], 'TagException: Tags beginning with aws: are reserved'],
  [
    'reserved keys before their number',
    [...many(50), tag('Aws:x')],
    'TagException: Tags beginning with aws: are reserved',
  ],
  ['too many', many(51), 'TagException: Too many tags'],
  [
    'a long key',
    [tag('k'.repeat(129))],
    `ValidationException: 1 validation error detected: Value '${'k'.repeat(129)}' at 'tags.1.member.tagKey' failed to satisfy ` +
      'constraint: Member must have length less than or equal to 128',
  ],
  [
    'an empty key',
    [tag('a'), tag('')],
    "ValidationException: 1 validation error detected: Value '' at 'tags.2.member.tagKey' failed to satisfy constraint: " +
      'Member must have length greater than or equal to 1',
  ],
  [
    'a long value',
    [tag('k', 'v'.repeat(257))],
    `ValidationException: 1 validation error detected: Value '${'v'.repeat(257)}' at 'tags.1.member.tagValue' failed to satisfy ` +
      'constraint: Member must have length less than or equal to 256',
  ],
])('tags with %s are refused, for a new key too', async (_, Tags, exception) => {
  const KeyId = await newKey({ Tags: [tag('kept')] });
  expect(await call('TagResource', { KeyId, Tags })).toBe(exception);
  expect(await tagsOf(KeyId)).toEqual([tag('kept')]);
  expect(await call('CreateKey', { Tags })).toBe(exception);
});

test('a key has 50 tags at most, with those that it has', async () => {
  const KeyId = await newKey({ Tags: many(49) });
  expect(await call('TagResource', { KeyId, Tags: [tag('a'), tag('b')] })).toBe('TagException: Too many tags');
  expect(await call('TagResource', { KeyId, Tags: [tag('a'), tag('key0', 'new')] })).toBe('ok');
  expect(await tagsOf(KeyId)).toHaveLength(50);
});

describe.each([
  ['TagResource', { Tags: [tag('a')] }],
  ['UntagResource', { TagKeys: ['a'] }],
  ['ListResourceTags', {}],
])('%s', (operation, input) => {
  test.each(identifierRefusals(operation))('refuses the key %s', async (KeyId, exception) => {
    expect(await call(operation, { KeyId, ...input })).toBe(exception);
  });

  test('refuses callers without permission', async () => {
    const [ann, bob] = [await user(), await user(allow(operation, { Effect: 'Deny' }))];
    const KeyId = await newKey();
    expect(await call(operation, { KeyId, ...input }, ann)).toBe(denied(ann.arn, operation, KeyId));
    expect(await call(operation, { KeyId, ...input }, bob)).toBe(
      denied(bob.arn, operation, KeyId, 'with an explicit deny in an identity-based policy'),
    );
  });
});

test('policies see the tags of the request and of the key', async () => {
  const ann = await user(
    allow('TagResource', { Condition: { StringEquals: { 'aws:RequestTag/team': 'pin' } } }),
    allow('UntagResource', { Condition: { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['team'] } } }),
    allow('Encrypt', { Condition: { StringEquals: { 'aws:ResourceTag/team': 'pin' } } }),
  );
  const KeyId = await newKey();
  const encrypt = () => call('Encrypt', { KeyId, Plaintext: 'AA==' }, ann);
  expect(await encrypt()).toBe(denied(ann.arn, 'Encrypt', KeyId));
  expect(await call('TagResource', { KeyId, Tags: [tag('team', 'mac')] }, ann)).toBe(
    denied(ann.arn, 'TagResource', KeyId),
  );
  expect(await call('TagResource', { KeyId, Tags: [tag('team', 'pin')] }, ann)).toBe('ok');
  expect(await encrypt()).toBe('ok');
  expect(await call('UntagResource', { KeyId, TagKeys: ['team', 'line'] }, ann)).toBe(
    denied(ann.arn, 'UntagResource', KeyId),
  );
  expect(await call('UntagResource', { KeyId, TagKeys: ['team'] }, ann)).toBe('ok');
  expect(await encrypt()).toBe(denied(ann.arn, 'Encrypt', KeyId));
});

test('tags of a new key need TagResource, too', async () => {
  const ann = await user(allow(['CreateKey', 'PutKeyPolicy']));
  expect(await call('CreateKey', {}, ann)).toBe('ok');
  expect(await call('CreateKey', { Tags: [tag('a')] }, ann)).toBe(
    denied(ann.arn, 'TagResource', 'arn:aws:kms:us-east-1:000000000000:key/*', noPolicy('identity', 'TagResource')),
  );
});
