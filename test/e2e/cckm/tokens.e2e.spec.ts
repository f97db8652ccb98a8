import { decodeJwt, decodeProtectedHeader } from 'jose';
import { DataSource } from 'typeorm';
import { statement } from '../../support/admin.js';
import { PASSWORD, refusalOf, request, type Tokens, useCckm, UUID } from '../../support/cckm.js';
import { TestClock } from '../../support/service.js';

const DAY_MS = 86_400_000;
const INVALID = '401 5 NCERRUnauthorizedAccess | Invalid token';
const REVOKED = '401 5 NCERRUnauthorizedAccess | Token has been revoked';
const WRONG = '401 5 NCERRUnauthorizedAccess | Wrong username or password.';

const clock = new TestClock();
const { service, admin, createUser, setPolicy, signIn, userWith, user } = useCckm({}, clock);

const post = (path: string, body: unknown, headers?: Record<string, string>) =>
  request(service.url, 'POST', path, { body, headers });
async function tokens(body: object): Promise<Tokens> {
  const { status, text, json } = await post('auth/tokens', body);
  expect({ status, text }).toEqual({ status: 201, text });
  return json as unknown as Tokens;
}
const refused = async (body: unknown) => refusalOf(await post('auth/tokens', body));

beforeAll(() => createUser('ann', statement('kms:*')));

describe('a sign-in with a password', () => {
  test('returns a JWT with the claims of the product, and a refresh token', async () => {
    const answer = await post('auth/tokens', { grant_type: 'password', username: 'ann', password: PASSWORD });
    expect(answer.status).toBe(201);
    const { json } = answer;
    expect(json).toEqual({
      jwt: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]{43}$/),
      duration: 300,
      token_type: 'Bearer',
      client_id: expect.stringMatching(UUID),
      refresh_token_id: expect.stringMatching(UUID),
      refresh_token: expect.stringMatching(/^[\w-]{43}$/),
    });
    const jwt = String(json['jwt']);
    expect(decodeProtectedHeader(jwt)).toEqual({ alg: 'HS256', typ: 'JWT' });
    const claims = decodeJwt(jwt);
    const zero = '00000000-0000-0000-0000-000000000000';
    expect(claims).toEqual({
      aud: json['client_id'],
      sub: expect.stringMatching(/^local\|[0-9a-f-]{36}$/),
      iss: 'kylo',
      acc: 'kylo',
      preferred_username: 'ann',
      cust: { domain_id: zero, groups: ['CCKM Users'], sid: json['refresh_token_id'], zone_id: zero },
      jwtid: expect.stringMatching(UUID),
      iat: expect.any(Number),
      exp: claims.iat! + 300,
    });
    expect(await userWith(json as unknown as Tokens).ok('GET', 'auth/self/user')).toEqual({
      user_id: claims.sub,
      username: 'ann',
      name: 'ann',
      nickname: 'ann',
      groups: ['CCKM Users'],
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
    });
  });

  test('puts users who may change ACLs into the group admin', async () => {
    const root = await user('chief', statement('cckm:UpdateAcls'));
    expect(await root.ok('GET', 'auth/self/user')).toMatchObject({ groups: ['admin', 'CCKM Users'] });
    expect(decodeJwt(root.jwt)['cust']).toMatchObject({ groups: ['admin', 'CCKM Users'] });
    const almost = await user('almost', statement('cckm:*'), {
      Effect: 'Deny',
      Action: 'cckm:UpdateAcls',
      Resource: '*',
    });
    expect(await almost.ok('GET', 'auth/self/user')).toMatchObject({ groups: ['CCKM Users'] });
  });

  test('is accepted with a slash at the end, without grant_type, with an empty Bearer and with empty members', async () => {
    const given = { username: 'ann', password: PASSWORD, domain: '', auth_domain: '', connection: 'local_account' };
    const answer = await post(
      'auth/tokens/',
      { ...given, labels: ['terraform'], grant_type: '' },
      {
        authorization: 'Bearer ',
      },
    );
    expect(answer.status).toBe(201);
    const withOther = await post('auth/tokens', given, { authorization: 'Bearer nonsense' });
    expect(withOther.status).toBe(201);
  });

  test.each<[string, unknown, string]>([
    ['a wrong password', { username: 'ann', password: `${PASSWORD}!` }, WRONG],
    ['a user without a password', { username: 'nobody', password: PASSWORD }, WRONG],
    ['an unknown user', { username: 'unknown', password: PASSWORD }, WRONG],
    ['the ARN of a user', { username: 'arn:aws:iam::000000000000:user/ann', password: PASSWORD }, WRONG],
    ['a name with another case', { username: 'Ann', password: PASSWORD }, WRONG],
    ['a name with a path', { username: '../user/ann', password: PASSWORD }, WRONG],
    [
      'no password',
      { username: 'ann' },
      '400 15 NCERRBadRequest: Bad HTTP request | username and password are required',
    ],
    ['an empty password', { username: 'ann', password: '' }, 'username and password are required'],
    ['no body', '', 'username and password are required'],
    ['another grant', { grant_type: 'client_credentials' }, 'grant_type must be password or refresh_token'],
    ['a password that is a number', { username: 'ann', password: 1 }, '/password must be of type string'],
    ['a name with a NUL', { username: 'a\0', password: PASSWORD }, '/username must be well-formed Unicode'],
    ['a body that is not JSON', '{', 'The request body is not valid JSON'],
    ['a body that is an array', '[]', 'must be of type object'],
    ['a password of 2,049 characters', { username: 'ann', password: 'x'.repeat(2049) }, 'at most 2048 characters'],
    ['a fractional lifetime', { username: 'ann', password: PASSWORD, refresh_token_lifetime: 1.5 }, 'integer'],
    ['a refresh token that is empty', { grant_type: 'refresh_token', refresh_token: '' }, 'refresh_token is required'],
    ['an unknown refresh token', { grant_type: 'refresh_token', refresh_token: 'x'.repeat(43) }, INVALID],
  ])('is refused for %s', async (_, body, message) => {
    await admin('POST', 'users', { Name: 'nobody' }).catch(() => undefined);
    expect(await refused(body)).toContain(message);
  });

  test('never puts a password or a token into the log or the audit log', async () => {
    const { refresh_token } = await tokens({ username: 'ann', password: PASSWORD });
    await tokens({ grant_type: 'refresh_token', refresh_token });
    await refused({ username: 'ann', password: 'a wrong password' });
    const log = JSON.stringify(service.log);
    for (const secret of [PASSWORD, refresh_token, 'a wrong password']) expect(log).not.toContain(secret);
  });
});

describe('a refresh token', () => {
  test('gives another JWT and stays the same, unless it is renewed', async () => {
    const first = await tokens({ username: 'ann', password: PASSWORD });
    const empty = { username: '', password: '', domain: '' };
    const second = await tokens({ grant_type: 'refresh_token', refresh_token: first.refresh_token, ...empty });
    expect(second.refresh_token).toBe(first.refresh_token);
    expect(second.jwt).not.toBe(first.jwt);
    expect(second.refresh_token_id).toBe(first.refresh_token_id);

    const renewed = await tokens({
      grant_type: 'refresh_token',
      refresh_token: first.refresh_token,
      renew_refresh_token: true,
    });
    expect(renewed.refresh_token).not.toBe(first.refresh_token);
    expect(await refused({ grant_type: 'refresh_token', refresh_token: first.refresh_token })).toBe(INVALID);
    await tokens({ grant_type: 'refresh_token', refresh_token: renewed.refresh_token });
    await userWith(first).ok('GET', 'auth/self/user');
  });

  test('ends 7 days after its last use, and 30 days after the sign-in', async () => {
    const { refresh_token } = await tokens({ username: 'ann', password: PASSWORD });
    const refresh = { grant_type: 'refresh_token', refresh_token };
    const unused = await tokens({ username: 'ann', password: PASSWORD });
    for (let day = 6; day < 30; day += 6) {
      clock.advance(6 * DAY_MS);
      await tokens(refresh);
    }
    expect(await refused({ ...refresh, refresh_token: unused.refresh_token })).toBe(INVALID);
    clock.advance(6 * DAY_MS);
    expect(await refused(refresh)).toBe(INVALID);
  });

  test('ends sooner if the caller asks for it, and never later', async () => {
    const short = await tokens({ username: 'ann', password: PASSWORD, refresh_token_lifetime: 60 });
    const idle = await tokens({ username: 'ann', password: PASSWORD, refresh_token_revoke_unused_in: 10 });
    const long = await tokens({
      username: 'ann',
      password: PASSWORD,
      refresh_token_lifetime: 5_000_000,
      refresh_token_revoke_unused_in: 5_000_000,
    });
    const refresh = ({ refresh_token }: Tokens) => ({ grant_type: 'refresh_token', refresh_token });
    clock.advance(11 * 60_000);
    expect(await refused(refresh(idle))).toBe(INVALID);
    await tokens(refresh(short));
    clock.advance(50 * 60_000);
    expect(await refused(refresh(short))).toBe(INVALID);
    clock.advance(8 * DAY_MS);
    expect(await refused(refresh(long))).toBe(INVALID);
  });

  test('is stored as a hash', async () => {
    const { refresh_token } = await tokens({ username: 'ann', password: PASSWORD });
    const rows = await service.app.get(DataSource).query<object[]>('SELECT * FROM cckm_refresh_tokens');
    const passwords = await service.app.get(DataSource).query<object[]>('SELECT * FROM passwords');
    for (const row of [...rows, ...passwords])
      for (const value of Object.values(row)) {
        const text = Buffer.isBuffer(value) ? value.toString('latin1') : String(value);
        expect(text).not.toContain(refresh_token);
        expect(text).not.toContain(PASSWORD);
      }
  });
});

describe('the refresh tokens of a user', () => {
  test('are listed, read and revoked only by their owner', async () => {
    const bob = await user('bob');
    const second = await signIn('bob');
    const eve = await user('eve');
    const list = await bob.ok('GET', 'auth/tokens/?skip=0&limit=1&sort=createdAt');
    expect(list).toMatchObject({ skip: 0, limit: 1, total: 2, resources: [{ id: bob.tokens.refresh_token_id }] });
    const path = `auth/tokens/${second.tokens.refresh_token_id}`;
    expect(await bob.ok('GET', path)).toEqual({
      id: second.tokens.refresh_token_id,
      uri: `kylo:kylo:cckm:refresh-token:${second.tokens.refresh_token_id}`,
      account: 'kylo:kylo:admin:accounts:kylo',
      application: 'ncryptify:gemalto:admin:apps:kylo',
      devAccount: 'ncryptify:gemalto:admin:accounts:gemalto',
      createdAt: expect.any(String),
      expiresAt: expect.any(String),
      revokeUnusedAt: expect.any(String),
      client_id: expect.stringMatching(UUID),
      user_id: decodeJwt(bob.jwt).sub,
    });

    const missing = '404 16 NCERRResourceNotFound: Resource not found | Token not found';
    expect(await eve.refused('GET', path)).toBe(missing);
    expect(await eve.refused('DELETE', path)).toBe(missing);
    for (const body of [{ refresh_token: bob.tokens.refresh_token }, { refresh_token_id: bob.tokens.refresh_token_id }])
      expect(await eve.refused('POST', 'auth/revoke', body)).toBe(missing);
    expect(await eve.ok('GET', 'auth/tokens')).toMatchObject({ total: 1 });

    const deleted = await bob.send('DELETE', path);
    expect([deleted.status, deleted.text, deleted.headers.get('content-type')]).toEqual([204, '', null]);
    expect(await second.refused('GET', 'auth/self/user')).toBe(REVOKED);
    expect(await bob.refused('DELETE', path)).toBe(missing);
    expect(await refused({ grant_type: 'refresh_token', refresh_token: second.tokens.refresh_token })).toBe(INVALID);
  });

  test.each(['\0', '%', 'BAF58871-2503-4D13-A84A-339AEB8FDFAF', 'none'])('are not found by the id %j', async (id) => {
    const ann = await signIn('ann');
    const missing = '404 16 NCERRResourceNotFound: Resource not found | Token not found';
    for (const method of ['GET', 'DELETE'])
      expect(await ann.refused(method, `auth/tokens/${encodeURIComponent(id)}`)).toBe(missing);
    expect(await ann.refused('POST', 'auth/revoke', { refresh_token_id: id })).toBe(missing);
    expect(await ann.refused('POST', 'auth/revoke', { refresh_token: id })).toBe(missing);
  });

  test.each<[string, (given: Tokens) => object | undefined, string]>([
    ['the token', ({ refresh_token }) => ({ refresh_token }), 'auth/revoke'],
    ['its id', ({ refresh_token_id }) => ({ refresh_token_id }), 'auth/revoke'],
    ["nothing, which stands for the caller's own sign-in", () => undefined, 'auth/revoke'],
    ['the end of the session', () => undefined, 'auth/logout'],
  ])('end by %s, and their JWTs with them', async (_, bodyOf, path) => {
    const first = await signIn('ann');
    expect(await first.ok('POST', path, bodyOf(first.tokens))).toEqual({});
    expect(await first.refused('GET', 'auth/self/user')).toBe(REVOKED);
    expect(await first.refused('POST', path, bodyOf(first.tokens))).toBe(REVOKED);
    expect(await refused({ grant_type: 'refresh_token', refresh_token: first.tokens.refresh_token })).toBe(INVALID);
  });
});

describe('a sign-in ends', () => {
  test('with a new password', async () => {
    const cy = await user('cy');
    clock.advance(1000);
    await admin('PUT', 'users/cy/password', { Password: 'another long password' });
    expect(await cy.refused('GET', 'auth/self/user')).toBe(REVOKED);
    expect(await refused({ grant_type: 'refresh_token', refresh_token: cy.tokens.refresh_token })).toBe(INVALID);
    expect(await refused({ username: 'cy', password: PASSWORD })).toBe(WRONG);
    await signIn('cy', 'another long password');
  });

  test('without a password', async () => {
    const dan = await user('dan');
    await admin('DELETE', 'users/dan/password');
    expect(await dan.refused('GET', 'auth/self/user')).toBe(REVOKED);
    expect(await refused({ username: 'dan', password: PASSWORD })).toBe(WRONG);
  });

  test('with its user, and a later user of the same name does not get it', async () => {
    const fay = await user('fay');
    await admin('DELETE', 'users/fay');
    expect(await fay.refused('GET', 'auth/self/user')).toBe(REVOKED);
    await createUser('fay');
    expect(await fay.refused('GET', 'auth/self/user')).toBe(REVOKED);
    expect(await refused({ grant_type: 'refresh_token', refresh_token: fay.tokens.refresh_token })).toBe(INVALID);
  });

  test('never by a change of policies, which applies to the sign-in at once', async () => {
    const gil = await user('gil', statement('kms:*'));
    await gil.createKey();
    await setPolicy('gil', statement('kms:DescribeKey'));
    expect(await gil.refused('POST', 'cckm/aws/keys', { kms: 'kms', region: 'us-east-1', aws_param: {} })).toMatch(
      /^403 4 NCERRForbidden \| AccessDeniedException: User: arn:aws:iam::000000000000:user\/gil is not authorized to perform: kms:CreateKey/,
    );
  });
});
