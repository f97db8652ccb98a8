import { policy, statement, useAdmin } from '../../support/admin.js';
import { createKey } from '../../support/keys.js';
import { target } from '../../support/service.js';

const { service, done, refused, caller } = useAdmin();
const user = (name: string) => `arn:aws:iam::000000000000:user/${name}`;

interface Access {
  Arn: string;
  Actions: string[];
  By?: { Policy: string; Number: number; Sid?: string };
}
const access = async (Resource: string) =>
  (await done('POST', 'explain-key', { Resource })) as unknown as { Principals: Access[]; Truncated: boolean };

test('ExplainKeyAccess lists the permissions of principals on a payment key, with their statements', async () => {
  const { KeyArn } = await createKey(service);
  await caller('nobody', statement('keyblock:*'));
  await caller(
    'mac',
    statement('payment-cryptography:GenerateMac', { Resource: KeyArn }),
    statement('payment-cryptography:*Mac', { Sid: 'Both' }),
    statement('payment-cryptography:VerifyMac', { Effect: 'Deny', Condition: { Null: { 'aws:userid': 'false' } } }),
  );
  const Policy = JSON.stringify(
    policy({ ...statement('payment-cryptography:GetKey'), Principal: { AWS: user('nobody') } }),
  );
  await service.send({ headers: target('PutResourcePolicy'), body: JSON.stringify({ ResourceArn: KeyArn, Policy }) });
  const { Principals, Truncated } = await access(KeyArn);
  expect(Truncated).toBe(false);
  const [root, ...others] = Principals;
  expect(root).toEqual({
    Arn: 'arn:aws:iam::000000000000:root',
    Actions: expect.arrayContaining(['payment-cryptography:GenerateMac', 'payment-cryptography:GetKey']),
  });
  expect(others).toEqual([
    { Arn: user('mac'), Actions: ['payment-cryptography:GenerateMac'], By: { Policy: 'own', Number: 1 } },
    { Arn: user('nobody'), Actions: ['payment-cryptography:GetKey'], By: { Policy: KeyArn, Number: 1 } },
  ]);
});

test('ExplainKeyAccess decides KMS keys by their policies', async () => {
  const { json } = await service.send({
    headers: { 'x-amz-target': 'TrentService.CreateKey', 'content-type': 'application/x-amz-json-1.1' },
    body: '{}',
    service: 'kms',
  });
  const { Arn } = json['KeyMetadata'] as { Arn: string };
  await caller('disk', statement(['kms:Encrypt', 'kms:ReEncrypt*'], { Resource: Arn }));
  const { Principals } = await access(Arn);
  expect(Principals.find((found) => found.Arn === user('disk'))).toEqual({
    Arn: user('disk'),
    Actions: expect.arrayContaining(['kms:Encrypt', 'kms:ReEncryptFrom', 'kms:ReEncryptTo']),
    By: { Policy: 'own', Number: 1 },
  });
});

test.each([
  '*',
  'arn:aws:iam::000000000000:user/mac',
  'arn:aws:payment-cryptography:us-east-1:000000000000:alias/x',
  '',
])('ExplainKeyAccess refuses %p, which is not a key', async (Resource) => {
  expect(await refused('POST', 'explain-key', { Resource })).toContain('400 ValidationException');
});

test('ExplainKeyAccess finds no principal for a key of another account', async () => {
  expect(await access('arn:aws:payment-cryptography:us-east-1:999999999999:key/abcdefghijklmnop')).toEqual({
    Principals: [],
    Truncated: false,
  });
});

test('ExplainAccess names for each statement the first element that does not match', async () => {
  const { KeyArn } = await createKey(service);
  await caller(
    'many',
    statement('payment-cryptography:GetKey'),
    statement('payment-cryptography:*', { Resource: 'arn:aws:payment-cryptography:*:*:alias/*' }),
    statement('payment-cryptography:*', {
      Condition: { StringEquals: { 'aws:username': 'many', 'aws:PrincipalType': 'x' } },
    }),
    statement('payment-cryptography:GenerateMac', { Effect: 'Deny', Sid: 'No' }),
  );
  const Policy = JSON.stringify(
    policy({ ...statement('*'), Principal: { AWS: 'arn:aws:iam::000000000000:user/mac' } }),
  );
  await service.send({ headers: target('PutResourcePolicy'), body: JSON.stringify({ ResourceArn: KeyArn, Policy }) });
  const question = { Principal: user('many'), Action: 'payment-cryptography:GenerateMac', Resource: KeyArn };
  expect(await done('POST', 'explain', question)).toMatchObject({
    Decision: 'denied',
    Statement: { Policy: 'own', Number: 4, Sid: 'No' },
    Considered: [
      { Policy: 'own', Number: 1, Effect: 'Allow', FailedOn: 'Action' },
      { Policy: 'own', Number: 2, Effect: 'Allow', FailedOn: 'Resource' },
      { Policy: 'own', Number: 3, Effect: 'Allow', FailedOn: 'aws:PrincipalType' },
      { Policy: 'own', Number: 4, Sid: 'No', Effect: 'Deny' },
      { Policy: KeyArn, Number: 1, Effect: 'Allow', FailedOn: 'Principal' },
    ],
  });
});
