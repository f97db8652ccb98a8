import { DataSource } from 'typeorm';
import { policy, statement, useAdmin } from '../../support/admin.js';
import { cckmOf, PASSWORD, request } from '../../support/cckm.js';

const { service, done, refused, caller } = useAdmin();
const { signIn } = cckmOf(service);

const put = (name: string, Password: unknown, kind = 'users') =>
  refused('PUT', `${kind}/${name}/password`, { Password });

beforeAll(async () => {
  await done('POST', 'users', { Name: 'ann' });
  await done('POST', 'roles', { Name: 'line' });
});

test('a user gets a password and another one, and loses it', async () => {
  expect(await done('PUT', 'users/ann/password', { Password: PASSWORD })).toEqual({});
  const { Principal } = await done('GET', 'users/ann');
  expect(Principal).toMatchObject({ PasswordTimestamp: expect.any(Number) });
  expect(JSON.stringify(await done('GET', 'users'))).not.toContain(PASSWORD);
  await signIn('ann');
  await done('PUT', 'users/ann/password', { Password: 'Grüße, Jürgen' });
  // The same characters, composed in the other way.
  await signIn('ann', 'Grüße, Jürgen'.normalize('NFD'));
  expect(await done('DELETE', 'users/ann/password')).toEqual({});
  expect((await done('GET', 'users/ann'))['Principal']).not.toHaveProperty('PasswordTimestamp');
  expect(await refused('DELETE', 'users/ann/password')).toBe(
    '404 ResourceNotFoundException: The resource was not found.',
  );
});

test.each<[string, unknown, string]>([
  ['11 characters', 'x'.repeat(11), '400 ValidationException: A password has 12 to 256 characters.'],
  ['257 characters', 'x'.repeat(257), '400 ValidationException: A password has 12 to 256 characters.'],
  ['no characters', '', '400 ValidationException: A password has 12 to 256 characters.'],
  ['more characters than a string may have', 'x'.repeat(2049), '/Password must be at most 2048 characters long'],
  ['a number', 123_456_789_012, '400 SerializationException: /Password must be of type string.'],
  ['nothing', null, '/Password is required'],
  ['a NUL', `${PASSWORD}\0`, '/Password must be well-formed Unicode without NUL'],
])('a password of %s is refused', async (_, password, message) => {
  const answer = await put('ann', password);
  expect(answer).toContain(message);
  expect(answer).not.toContain('xxx');
});

test('a role has no password, and neither has a user who does not exist', async () => {
  expect(await put('line', PASSWORD, 'roles')).toBe('400 ValidationException: Only a user has a password.');
  expect(await put('none', PASSWORD)).toBe('404 ResourceNotFoundException: The resource was not found.');
  expect(await put('ann', PASSWORD, 'groups')).toContain('/kind must be one of users, roles');
});

test('a user who may set their own password may not set that of another user', async () => {
  const eve = await caller(
    'eve',
    statement('keyblock:PutPassword', { Resource: 'arn:aws:iam::*:user/${aws:username}' }),
  );
  expect(await done('PUT', 'users/eve/password', { Password: PASSWORD }, eve)).toEqual({});
  expect(await refused('PUT', 'users/ann/password', { Password: PASSWORD }, eve)).toMatch(/^403 AccessDeniedException/);
  expect(await refused('DELETE', 'users/eve/password', undefined, eve)).toMatch(/^403 AccessDeniedException/);
});

test('a password is stored as a sealed hash, which cannot be moved to another user or replaced', async () => {
  const database = service.app.get(DataSource);
  await done('POST', 'users', { Name: 'bob' });
  await done('PUT', 'users/bob/password', { Password: PASSWORD });
  await done('PUT', 'users/ann/password', { Password: 'a password of her own' });
  const [ann, bob] = ['ann', 'bob'].map((name) => `arn:aws:iam::000000000000:user/${name}`);
  const guess = (username: string, password: string) =>
    request(service.url, 'POST', 'auth/tokens', { body: { username, password } });

  const columns = 'salt, sealed, mac';
  await database.query(
    `UPDATE passwords SET (${columns}) = (SELECT ${columns} FROM passwords WHERE principal_arn = $1) WHERE principal_arn = $2`,
    [ann, bob],
  );
  expect((await guess('bob', 'a password of her own')).status).toBe(500);
  await database.query('UPDATE passwords SET failures = 1 WHERE principal_arn = $1', [ann]);
  expect((await guess('ann', 'a password of her own')).status).toBe(500);
  expect(
    service.log.some((line) => JSON.stringify(line).includes('passwords arn:aws:iam::000000000000:user/ann')),
  ).toBe(true);
});

test('the actions of CCKM are explained, and need the service prefix', async () => {
  await done('POST', 'users', { Name: 'cy' });
  await done('PUT', 'users/cy/policies/own', policy(statement('cckm:CreateKms')));
  const explain = (Action: string) =>
    done('POST', 'explain', { Principal: 'arn:aws:iam::000000000000:user/cy', Action, Resource: '*' });
  expect(await explain('cckm:CreateKms')).toMatchObject({ Decision: 'allowed' });
  expect(await explain('cckm:UpdateAcls')).toMatchObject({ Decision: 'denied' });
  const question = { Principal: 'arn:aws:iam::000000000000:user/cy', Action: 'cckm:CancelDeletion', Resource: '*' };
  expect(await refused('POST', 'explain', question)).toContain('There is no action cckm:CancelDeletion');
});
