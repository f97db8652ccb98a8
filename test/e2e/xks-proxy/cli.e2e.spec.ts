import { AuditLog } from '../../../src/audit/audit-log.js';
import { DataSource } from 'typeorm';
import { createKmsKey } from '../../support/kms.js';
import { encryptBody, newCredential, outputOf, sendXks, useXks, xks, xksDone } from '../../support/xks.js';

const { service, set } = useXks();
const ACCESS_KEY_ID = /^XKSP[A-Z2-7]{20}$/;

const refused = (exitCode: number, message: string) => ({
  exitCode,
  stdout: '',
  stderr: expect.stringContaining(message) as unknown,
});

test('prints a credential as the file that the console of AWS KMS reads, with a secret of 44 characters', async () => {
  expect(JSON.parse(await xksDone(service, 'create-credential', 'a/b'))).toEqual({
    XksProxyUriPath: '/a/b/kms/xks/v1',
    XksProxyAuthenticationCredential: {
      AccessKeyId: expect.stringMatching(ACCESS_KEY_ID) as unknown,
      RawSecretAccessKey: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/) as unknown,
    },
  });
});

test('a prefix has at most two credentials', async () => {
  const first = await newCredential(service, '/twice/');
  await newCredential(service, 'twice');
  expect(await xks(service, 'create-credential', 'twice')).toEqual(refused(4, 'has 2 credentials: revoke the one'));
  await xksDone(service, 'revoke', first.credentials.accessKeyId, '--yes');
  await newCredential(service, 'twice');
});

test('two commands that concurrently create the last credential do not both succeed', async () => {
  await newCredential(service, 'raced');
  const results = await Promise.all([1, 2, 3].map(() => xks(service, 'create-credential', 'raced')));
  expect(results.map(({ exitCode }) => exitCode).sort()).toEqual([0, 4, 4]);
});

test.each([
  ['a space', 'a b'],
  ['an empty segment', 'a//b'],
  ['a dot', 'a.b'],
  ['a percent sign', 'a%2Fb'],
])('a prefix with %s is refused', async (_, prefix) => {
  expect(await xks(service, 'create-credential', prefix)).toEqual(refused(2, 'A prefix has segments of letters'));
});

test('a prefix is as long as the path of AWS KMS allows', async () => {
  expect((await newCredential(service, 'p'.repeat(115))).path).toHaveLength(127);
  expect((await newCredential(service, 'p'.repeat(116))).path).toHaveLength(128);
  expect(await xks(service, 'create-credential', 'p'.repeat(117))).toEqual(refused(2, 'at most 116 characters'));
});

describe('a release', () => {
  test('takes the key id as the name by default, and an ARN or a key id', async () => {
    const [one, other] = [await createKmsKey(service), await createKmsKey(service)];
    expect(await xksDone(service, 'release', 'stores/orders', one.KeyId)).toBe(`${one.KeyId}\n`);
    expect(await xksDone(service, 'release', 'stores/orders', other.Arn)).toBe(`${other.KeyId}\n`);
    const path = `stores/orders/kms/xks/v1/keys/${one.KeyId}/encrypt`;
    outputOf(await sendXks(service, path, encryptBody(), { credentials: set.credentials }));
  });

  test('is refused for a key that is released already, and for a name that is taken', async () => {
    const [one, other] = [await createKmsKey(service), await createKmsKey(service)];
    await xksDone(service, 'release', 'stores/orders', one.Arn, '--as', 'taken');
    expect(await xks(service, 'release', 'other', one.Arn)).toEqual(
      refused(4, 'released already, to /stores/orders/kms/xks/v1 as taken: withdraw it first'),
    );
    expect(await xks(service, 'release', 'stores/orders', other.Arn, '--as', 'taken')).toEqual(
      refused(4, 'taken already'),
    );
    expect(await xksDone(service, 'release', 'other', other.Arn, '--as', 'taken')).toBe('taken\n');
  });

  test.each([
    ['an RSA key', { KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' }],
    ['an HMAC key', { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' }],
  ] as const)('is refused for %s', async (_, input) => {
    const { Arn } = await createKmsKey(service, input);
    expect(await xks(service, 'release', 'stores/orders', Arn)).toEqual(
      refused(2, 'only a key of KeySpec SYMMETRIC_DEFAULT'),
    );
  });

  test.each([
    ['a key that does not exist', '11111111-2222-4333-8444-555555555555'],
    ['a key of another account', 'arn:aws:kms:us-east-1:111122223333:key/11111111-2222-4333-8444-555555555555'],
    ['an alias', 'alias/orders'],
    ['nothing that names a key', "'; DROP TABLE xks_keys; --"],
  ])('is refused for %s', async (_, key) => {
    expect(await xks(service, 'release', 'stores/orders', key, '--as', 'x')).toEqual(refused(4, 'There is no'));
  });

  test.each(['.hidden', 'a/b', 'a b', 'a'.repeat(129), ''])('is refused with the name %j', async (name) => {
    const { Arn } = await createKmsKey(service);
    expect(await xks(service, 'release', 'stores/orders', Arn, '--as', name)).toEqual(refused(2, 'An XksKeyId has'));
  });

  test('is refused if AWS KMS could not send its URI', async () => {
    const { Arn } = await createKmsKey(service);
    const release = (name: string) => xks(service, 'release', 'p'.repeat(112), Arn, '--as', name);
    expect(await release('n'.repeat(128))).toEqual(refused(2, 'at most 256 characters'));
    expect(await release('n'.repeat(107))).toMatchObject({ exitCode: 0 });
  });

  test('is refused for another usage', async () => {
    expect(await xks(service, 'release', 'stores/orders', 'x', '--usage', 'SIGN')).toMatchObject({ exitCode: 2 });
  });
});

test('a credential or key that does not exist can neither be revoked nor withdrawn', async () => {
  expect(await xks(service, 'revoke', 'XKSPABCDEFGHIJKLMNOPQRST', '--yes')).toEqual(refused(4, 'There is no XKSPABC'));
  expect(await xks(service, 'withdraw', 'stores/orders', 'missing')).toEqual(refused(4, 'There is no missing'));
  expect(await xks(service, 'withdraw', 'stores', 'taken')).toEqual(refused(4, 'There is no taken'));
});

test('lists credentials and keys by prefix, without secrets, with the state of the KMS keys', async () => {
  const { credentials } = await newCredential(service, 'listed');
  const { Arn } = await createKmsKey(service);
  await xksDone(service, 'release', 'listed', Arn, '--as', 'one', '--usage', 'DECRYPT');
  const lines = (await xksDone(service, 'list')).split('\n');
  const at = lines.indexOf('/listed');
  expect(lines.slice(at, at + 3)).toEqual([
    '/listed',
    expect.stringMatching(new RegExp(`^  credential ${credentials.accessKeyId}, created \\d{4}-`)),
    `  key one: DECRYPT, Enabled, ${Arn}`,
  ]);
  expect(lines.join()).not.toContain(credentials.secretAccessKey);
});

test('every change is audited as a call by the root from the command line, without a secret', async () => {
  const { credentials } = await newCredential(service, 'audited');
  const { Arn } = await createKmsKey(service);
  await xksDone(service, 'release', 'audited', Arn, '--as', 'one');
  await xksDone(service, 'withdraw', 'audited', 'one');
  await xksDone(service, 'revoke', credentials.accessKeyId, '--yes');
  await service.app.get(AuditLog).flush();
  const rows = await service.app
    .get(DataSource)
    .query<{ event: Record<string, unknown> }[]>('SELECT event FROM audit_events ORDER BY chain, sequence');
  const events = rows.map(({ event }) => event).filter(({ userAgent }) => userAgent === 'keyblock xks');
  const shown = (name: string, parameters: object) =>
    expect.objectContaining({
      eventName: name,
      eventSource: 'keyblock',
      managementEvent: true,
      readOnly: false,
      requestParameters: parameters,
      userIdentity: expect.objectContaining({ type: 'Root' }) as unknown,
    }) as unknown;
  const { accessKeyId } = credentials;
  for (const event of [
    shown('CreateXksCredential', { prefix: 'audited' }),
    shown('ReleaseXksKey', { prefix: 'audited', xksKeyId: 'one', keyArn: Arn, usages: ['ENCRYPT', 'DECRYPT'] }),
    shown('WithdrawXksKey', { prefix: 'audited', xksKeyId: 'one' }),
    shown('RevokeXksCredential', { accessKeyId }),
  ])
    expect(events).toContainEqual(event);
  expect(events).toContainEqual(expect.objectContaining({ responseElements: { xksCredential: { accessKeyId } } }));
  expect(JSON.stringify(events)).not.toContain(credentials.secretAccessKey);
});
