import { DeleteKeyCommand } from '@aws-sdk/client-payment-cryptography';
import { apiOf, expectControlError, useService } from '../../../support/api.js';
import { createKey, endDeletions, FAR_KEY, FOREIGN_KEY, MISSING_KEY } from '../../../support/keys.js';
import type { RawResponse } from '../../../support/service.js';

const service = useService();
const { control } = apiOf(service);
const put = (ResourceArn: string, Policy: string) => control('PutResourcePolicy', { ResourceArn, Policy });
const get = (ResourceArn: string) => control('GetResourcePolicy', { ResourceArn });
const remove = (ResourceArn: string) => control('DeleteResourcePolicy', { ResourceArn });

const allow = (changes: object = {}) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: 'arn:aws:iam::111122223333:root' },
        Action: ['payment-cryptography:GenerateMac', 'payment-cryptography:VerifyMac'],
        Resource: '*',
        ...changes,
      },
    ],
  });

test('a policy is kept as it was written, and can be replaced', async () => {
  const { KeyArn } = await createKey(service);
  const written = ` \t${allow({ Resource: KeyArn }).replaceAll(',', ',\r\n ')}\n`;
  for (const Policy of [written, allow({ Sid: 'caf\u00e9' })]) {
    const answer = await put(KeyArn, Policy);
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ ResourceArn: KeyArn, Policy });
    expect((await get(KeyArn)).json).toEqual({ ResourceArn: KeyArn, Policy });
  }
});

test('a policy belongs to one key', async () => {
  const [one, other] = [await createKey(service), await createKey(service)];
  await put(one.KeyArn, allow());
  expectControlError(await get(other.KeyArn), 'ResourceNotFoundException', { ResourceId: other.KeyArn });
});

test('a policy can be deleted once', async () => {
  const { KeyArn } = await createKey(service);
  await put(KeyArn, allow());
  const answer = await remove(KeyArn);
  expect([answer.status, answer.text]).toEqual([200, '{}']);
  for (const refused of [await get(KeyArn), await remove(KeyArn)])
    expectControlError(refused, 'ResourceNotFoundException', { ResourceId: KeyArn });
});

test.each<[string, string, RegExp]>([
  ['no JSON', 'policy', /it is not JSON/],
  ['an empty string', '', /Policy must be at least 1 characters/],
  ['a policy that is too long', allow({ Sid: 'x'.repeat(20_480) }), /Policy must be at most 20480 characters/],
  ['characters beyond ISO 8859-1', allow({ Sid: '\u20ac' }), /Policy must be characters of/],
  ['no principal', allow({ Principal: undefined }), /Statement\[0\] must have either Principal or NotPrincipal/],
  ['an unknown effect', allow({ Effect: 'Permit' }), /Statement\[0\]\.Effect must be Allow or Deny/],
  ["another key's ARN", allow({ Resource: MISSING_KEY }), /Statement\[0\]\.Resource must be/],
])('refuses %s, and leaves the policy unchanged', async (_, Policy, message) => {
  const { KeyArn } = await createKey(service);
  await put(KeyArn, allow());
  expectControlError(await put(KeyArn, Policy), 'ValidationException', { Message: expect.stringMatching(message) });
  expect((await get(KeyArn)).json['Policy']).toBe(allow());
});

test('accepts a policy of the maximum length', async () => {
  const { KeyArn } = await createKey(service);
  const Policy = allow().padEnd(20_480);
  expect((await put(KeyArn, Policy)).status).toBe(200);
  expect((await get(KeyArn)).json).toEqual({ ResourceArn: KeyArn, Policy });
});

test('rejects a policy that allows everyone, unless a condition limits it', async () => {
  const { KeyArn } = await createKey(service);
  for (const Principal of ['*', { AWS: '*' }])
    expectControlError(await put(KeyArn, allow({ Principal })), 'PublicPolicyException', {
      Message: expect.stringContaining('Statement[0]'),
    });
  expectControlError(await get(KeyArn), 'ResourceNotFoundException');
  const Condition = { StringEquals: { 'aws:PrincipalOrgID': 'o-abcdefghij' } };
  expect((await put(KeyArn, allow({ Principal: '*', Condition }))).status).toBe(200);
});

describe.each<[string, (arn: string) => Promise<RawResponse>]>([
  ['PutResourcePolicy', (arn) => put(arn, allow())],
  ['GetResourcePolicy', get],
  ['DeleteResourcePolicy', remove],
])('%s', (_, operation) => {
  test('needs a key of the account and Region', async () => {
    for (const arn of [MISSING_KEY, FAR_KEY])
      expectControlError(await operation(arn), 'ResourceNotFoundException', { ResourceId: arn });
    expectControlError(await operation(FOREIGN_KEY), 'AccessDeniedException');
    for (const arn of ['alias/some/name', MISSING_KEY.replace(':key/', ':alias/')])
      expectControlError(await operation(arn), 'ValidationException');
  });
});

test('a key keeps its policy while its deletion is pending, and loses it in the end', async () => {
  const [kept, taken] = [await createKey(service), await createKey(service)];
  for (const { KeyArn } of [kept, taken]) {
    await put(KeyArn, allow());
    await service.controlPlane.send(new DeleteKeyCommand({ KeyIdentifier: KeyArn }));
  }
  const notNow = { Message: expect.stringMatching(/not in CREATE_COMPLETE state\.$/) };
  expectControlError(await put(kept.KeyArn, allow({ Action: '*' })), 'ValidationException', notNow);
  expect((await get(kept.KeyArn)).json['Policy']).toBe(allow());
  expect((await remove(taken.KeyArn)).status).toBe(200);

  await endDeletions(service);
  expectControlError(await get(kept.KeyArn), 'ResourceNotFoundException', { ResourceId: kept.KeyArn });
  expectControlError(await put(kept.KeyArn, allow()), 'ValidationException', notNow);
});

test('no policy remains if one is put while its key is being deleted', async () => {
  const keys = await Promise.all(Array.from({ length: 6 }, () => createKey(service)));
  const puts = () => keys.map(({ KeyArn }) => put(KeyArn, allow()));
  const deletes = keys.map(({ KeyArn }) => service.controlPlane.send(new DeleteKeyCommand({ KeyIdentifier: KeyArn })));
  await Promise.all([...puts(), ...deletes]);
  const answers = (await Promise.all([endDeletions(service), ...puts()])).flatMap((answer) => answer ?? []);
  for (const answer of answers) expectControlError(answer, 'ValidationException');
  for (const { KeyArn } of keys) expectControlError(await get(KeyArn), 'ResourceNotFoundException');
});

test('one of several concurrently put policies remains intact', async () => {
  const { KeyArn } = await createKey(service);
  const policies = Array.from({ length: 6 }, (_, i) => allow({ Sid: `Put${i}` }));
  const answers = await Promise.all(policies.map((policy) => put(KeyArn, policy)));
  expect(answers.map(({ status }) => status)).toEqual(policies.map(() => 200));
  expect(policies).toContain((await get(KeyArn)).json['Policy']);
});
