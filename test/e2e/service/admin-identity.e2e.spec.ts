import { readFileSync } from 'node:fs';
import { credentialsOf, statement, useAdmin } from '../../support/admin.js';
import { CREDENTIALS, sendUnsigned } from '../../support/service.js';

const { service, done, refused, caller } = useAdmin();
const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const SERVED = {
  AccountId: '000000000000',
  Regions: ['us-east-1'],
  Apis: expect.arrayContaining(['payment-cryptography', 'kms', 'keyblock']),
  Version: version,
};

test('GetIdentity names the root, a user without any permission, and the session of a role', async () => {
  expect(await done('GET', 'identity')).toEqual({
    ...SERVED,
    Arn: 'arn:aws:iam::000000000000:root',
    Name: 'root',
    Type: 'Root',
    AccessKeyId: CREDENTIALS.accessKeyId,
  });
  const eve = await caller('eve', statement('keyblock:GetIdentity', { Effect: 'Deny' }));
  expect(await done('GET', 'identity', undefined, eve)).toEqual({
    ...SERVED,
    Arn: 'arn:aws:iam::000000000000:user/eve',
    Name: 'eve',
    Type: 'User',
    AccessKeyId: eve.accessKeyId,
  });
  await done('POST', 'roles', { Name: 'line' });
  const session = await done('POST', 'roles/line/sessions', { SessionName: 'monday', DurationSeconds: 900 });
  expect(await done('GET', 'identity', undefined, credentialsOf(session))).toEqual({
    ...SERVED,
    Arn: 'arn:aws:sts::000000000000:assumed-role/line/monday',
    Name: 'line',
    Type: 'AssumedRole',
    AccessKeyId: session['AccessKeyId'],
    ExpirationTimestamp: session['ExpirationTimestamp'],
  });
});

test('GetIdentity reveals nothing to a request without a valid signature', async () => {
  const { status, json } = await sendUnsigned(`${service.url}/admin/identity`, {});
  expect([status, json['__type']]).toEqual([403, 'MissingAuthenticationTokenException']);
  const eve = await caller('mallory');
  expect(await refused('GET', 'identity', undefined, { ...eve, secretAccessKey: 'x'.repeat(40) })).toContain(
    '403 InvalidSignatureException',
  );
});

test('ExplainAccess has no action of GetIdentity, because no policy decides about it', async () => {
  const question = { Principal: 'arn:aws:iam::000000000000:root', Action: 'keyblock:GetIdentity', Resource: '*' };
  expect(await refused('POST', 'explain', question)).toContain('There is no action keyblock:GetIdentity.');
});
