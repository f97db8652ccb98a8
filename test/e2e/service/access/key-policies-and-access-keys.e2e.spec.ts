import { AccessKeyUse } from '../../../../src/access/access-key-use.js';
import { policyOf, allow, denied, useAccess, type Elements } from '../../../support/access.js';
import { createKey } from '../../../support/keys.js';

const { service, stored, user, control, mac } = useAccess();

const ROOT = 'arn:aws:iam::000000000000:root';

describe('The policy of a key', () => {
  const put = (ResourceArn: string, ...statements: Elements[]) =>
    control('PutResourcePolicy', { ResourceArn, Policy: policyOf(...statements) });

  test('allows and denies a user until it is deleted', async () => {
    const key = (await createKey(service)).KeyArn;
    const { arn, credentials } = await user();
    expect(await put(key, { ...allow('GenerateMac'), Principal: { AWS: arn } })).toBe('ok');
    expect(await mac(key, credentials)).toBe('ok');
    await stored.principals.putPolicy(arn, 'own', policyOf(allow('*')));
    await put(key, { ...allow('GenerateMac'), Effect: 'Deny', Principal: { AWS: arn } });
    expect(await mac(key, credentials)).toBe(
      denied(arn, 'GenerateMac', key, 'with an explicit deny in a resource-based policy'),
    );
    expect(await control('DeleteResourcePolicy', { ResourceArn: key }, credentials)).toBe('ok');
    expect(await mac(key, credentials)).toBe('ok');
  });

  test('can deny the root user, who may still delete the policy', async () => {
    const key = (await createKey(service)).KeyArn;
    await put(key, { Effect: 'Deny', Principal: '*', Action: '*', Resource: '*' });
    expect(await mac(key)).toBe(denied(ROOT, 'GenerateMac', key, 'with an explicit deny in a resource-based policy'));
    expect(await control('DeleteKey', { KeyIdentifier: key })).toBe(
      denied(ROOT, 'DeleteKey', key, 'with an explicit deny in a resource-based policy'),
    );
    expect(await control('DeleteResourcePolicy', { ResourceArn: key })).toBe('ok');
    expect(await mac(key)).toBe('ok');
  });

  test('does not let a user manage the policy', async () => {
    const key = (await createKey(service)).KeyArn;
    const { arn, credentials } = await user();
    await put(key, { ...allow('*'), Principal: { AWS: arn } });
    expect(await mac(key, credentials)).toBe('ok');
    expect(await control('DeleteResourcePolicy', { ResourceArn: key }, credentials)).toBe(
      denied(arn, 'DeleteResourcePolicy', key),
    );
  });
});

describe('Access keys', () => {
  test('are deactivated, activated, rotated and removed, and their use is recorded', async () => {
    const { arn, credentials } = await user(allow('GenerateMac'));
    expect(await mac(stored.KeyArn, credentials)).toBe('ok');
    await stored.principals.setActive(arn, credentials.accessKeyId, false);
    expect(await mac(stored.KeyArn, credentials)).toBe('UnrecognizedClientException');
    await stored.principals.setActive(arn, credentials.accessKeyId, true);
    expect(await mac(stored.KeyArn, credentials)).toBe('ok');
    const next = await stored.principals.rotateAccessKey(arn, credentials.accessKeyId);
    expect(await mac(stored.KeyArn, credentials)).toBe('UnrecognizedClientException');
    expect(await mac(stored.KeyArn, next)).toBe('ok');
    const keys = async () =>
      (await stored.principals.list()).find(({ principal }) => principal.arn === arn)!.accessKeys;
    await service.app.get(AccessKeyUse).write();
    expect(await keys()).toMatchObject([
      { id: credentials.accessKeyId, active: false, lastUsedAt: expect.any(Date) },
      { id: next.accessKeyId, active: true, lastUsedAt: expect.any(Date) },
    ]);
    await stored.principals.removeAccessKey(arn, next.accessKeyId);
    expect(await mac(stored.KeyArn, next)).toBe('UnrecognizedClientException');
    expect(await keys()).toHaveLength(1);
  });

  test('need the right secret', async () => {
    const { credentials } = await user(allow('*'));
    expect(await mac(stored.KeyArn, { ...credentials, secretAccessKey: 'x'.repeat(40) })).toBe(
      'InvalidSignatureException',
    );
  });

  test('of a session need its token and expire', async () => {
    const { arn } = await stored.principals.create('role', 'line');
    await stored.principals.putPolicy(arn, 'own', policyOf(allow('GenerateMac', { Resource: stored.KeyArn })));
    const session = await stored.principals.startSession(arn, 'monday', 900);
    const signed = { credentials: { ...session, sessionToken: session.session.token } };
    expect(await mac(stored.KeyArn, undefined, signed)).toBe('ok');
    expect(await mac(stored.KeyArn, session)).toBe('UnrecognizedClientException');
    expect(await mac(stored.KeyArn, undefined, { credentials: { ...session, sessionToken: 'x' } })).toBe(
      'UnrecognizedClientException',
    );
    expect(await control('ListKeys', {}, signed.credentials)).toBe(
      denied('arn:aws:sts::000000000000:assumed-role/line/monday', 'ListKeys', '*'),
    );
    service.clock.advance(901_000);
    expect(await mac(stored.KeyArn, undefined, signed)).toBe('ExpiredTokenException');
    service.clock.advance(-901_000); // the SDK's clients sign with the real time
    await expect(stored.principals.startSession(arn, 'monday', 899)).rejects.toThrow(
      'A session lasts 900 to 43200 seconds.',
    );
  });
});

test('malformed policies are rejected when they are put', async () => {
  const { arn } = await user();
  for (const [policy, why] of [
    ['{', 'it is not JSON'],
    [policyOf({ ...allow('*'), Principal: '*' }), "Statement[0] can't have Principal"],
    [policyOf({ ...allow('*'), Resource: 'key' }), 'Statement[0].Resource[0] must be "*" or an ARN'],
    [policyOf({ ...allow('*'), Action: 'EncryptData' }), 'Statement[0].Action[0] must be "*" or an action'],
    [policyOf({ ...allow('*'), Resource: undefined }), 'Statement[0] must have either Resource or NotResource'],
    [
      policyOf(allow('*', { Condition: { StringSame: { 'aws:userid': 'x' } } })),
      'StringSame is not a condition operator',
    ],
    [
      policyOf(allow('*', { Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/33' } } })),
      'must be a value that IpAddress can compare with',
    ],
  ] as const)
    await expect(stored.principals.putPolicy(arn, 'own', policy)).rejects.toThrow(why);
  await expect(stored.principals.create('user', 'a b')).rejects.toThrow('1 to 64 letters');
  await expect(stored.principals.create('user', arn.split('/')[1]!)).rejects.toThrow('already');
});
