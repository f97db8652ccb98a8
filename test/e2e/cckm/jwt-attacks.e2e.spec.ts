import { createHmac, generateKeyPairSync } from 'node:crypto';
import { decodeJwt, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { DataSource } from 'typeorm';
import { serviceSecret } from '../../../src/provider/service-secret.js';
import { MasterKey } from '../../../src/provider/master-key.js';
import { type CckmUser, cckmOf, refusalOf, request, useCckm } from '../../support/cckm.js';
import { startTestService, TestClock } from '../../support/service.js';

const INVALID = '401 5 NCERRUnauthorizedAccess | Invalid token';
const NO_HEADER = '401 5 NCERRUnauthorizedAccess | The request needs one Authorization header: Bearer <JWT>';

/** The clock is stopped at a quarter of a second after a whole one. */
const clock = new TestClock(new Date('2026-11-28T12:00:00.250Z'));
const { service, user } = useCckm({}, clock);

let ann: CckmUser;
let bob: CckmUser;
let claims: JWTPayload;
let secret: Uint8Array;
beforeAll(async () => {
  ann = await user('ann');
  bob = await user('bob');
  claims = decodeJwt(ann.jwt);
  secret = await serviceSecret(service.app.get(DataSource).manager, service.app.get(MasterKey), 'cckm tokens');
});

const self = (authorization: string) => request(service.url, 'GET', 'auth/self/user', { headers: { authorization } });
const answerTo = async (jwt: string) => refusalOf(await self(`Bearer ${jwt}`));
const signed = (payload: JWTPayload, key: Uint8Array = secret, header: object = {}) =>
  new SignJWT(payload).setProtectedHeader({ alg: 'HS256', typ: 'JWT', ...header }).sign(key);
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
/** Signs any header, including ones that no library would sign. */
function forged(header: object, payload: object, key: Uint8Array = secret): string {
  const input = `${part(header)}.${part(payload)}`;
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
}

test('the same claims under the secret of the service are accepted: the attacks below fail for their own reason', async () => {
  const { status } = await self(`Bearer ${await signed(claims)}`);
  expect(status).toBe(200);
  expect((await self(`bearer ${ann.jwt}`)).status).toBe(200);
});

test.each<[string, () => string | Promise<string>]>([
  ['has the algorithm none', () => new UnsecuredJWT(claims).encode()],
  ['has the algorithm None and an empty signature', () => `${part({ alg: 'None', typ: 'JWT' })}.${part(claims)}.`],
  ['has the algorithm none and the signature of HS256', () => forged({ alg: 'none', typ: 'JWT' }, claims)],
  ['lacks its signature', () => ann.jwt.slice(0, ann.jwt.lastIndexOf('.') + 1)],
  ['lacks the algorithm', () => forged({ typ: 'JWT' }, claims)],
  ['is signed with HS512', () => signed(claims, secret, { alg: 'HS512' })],
  ['has an algorithm in another case', () => forged({ alg: 'hs256', typ: 'JWT' }, claims)],
  [
    'is signed with RS256 under a key of the attacker',
    () =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
        .sign(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey),
  ],
  [
    'says RS256 and is signed with HS256 under a public key',
    () => {
      const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      return forged({ alg: 'RS256', typ: 'JWT' }, claims, publicKey.export({ type: 'spki', format: 'der' }));
    },
  ],
  [
    'brings its own key',
    () => {
      const key = Buffer.alloc(32, 1);
      return forged({ alg: 'HS256', typ: 'JWT', jwk: { kty: 'oct', k: key.toString('base64url') } }, claims, key);
    },
  ],
  [
    'names a file as its key',
    () => forged({ alg: 'HS256', typ: 'JWT', kid: '../../dev/null' }, claims, Buffer.alloc(0)),
  ],
  ['is signed with an empty secret', () => forged({ alg: 'HS256', typ: 'JWT' }, claims, Buffer.alloc(0))],
  ['is signed with zeros', () => forged({ alg: 'HS256', typ: 'JWT' }, claims, Buffer.alloc(32))],
  ['is signed with a well-known secret', () => forged({ alg: 'HS256', typ: 'JWT' }, claims, Buffer.from('secret'))],
  ['has an unknown critical header', () => forged({ alg: 'HS256', typ: 'JWT', crit: ['x'], x: 1 }, claims)],
  ['has an unencoded payload', () => forged({ alg: 'HS256', typ: 'JWT', b64: false, crit: ['b64'] }, claims)],
  ['has another type', () => signed(claims, secret, { typ: 'at+jwt' })],
  ['has another issuer', () => signed({ ...claims, iss: 'other' })],
  ['has no issuer', () => signed({ ...claims, iss: undefined })],
  ['is for another audience', () => signed({ ...claims, aud: 'c5c0dbe4-e2bf-473c-8680-55ed1b30132a' })],
  ['has no audience', () => signed({ ...claims, aud: undefined })],
  ['has no expiry', () => signed({ ...claims, exp: undefined })],
  ['expires in a year', () => signed({ ...claims, iat: claims.iat! - 301, exp: claims.iat! + 31_536_000 })],
  ['has no time of issue', () => signed({ ...claims, iat: undefined })],
  ['is issued in the future', () => signed({ ...claims, iat: claims.iat! + 3600, exp: claims.iat! + 3900 })],
  ['is not valid yet', () => signed({ ...claims, nbf: claims.iat! + 3600 })],
  ['has an expiry that is text', () => signed({ ...claims, exp: '9999999999' as never })],
  ['has no subject', () => signed({ ...claims, sub: undefined })],
  ['is about another user', () => signed({ ...claims, sub: decodeJwt(bob.jwt).sub })],
  ['has no sign-in', () => signed({ ...claims, cust: {} })],
  ['has a sign-in that is not an id', () => signed({ ...claims, cust: { sid: "' OR 1=1 --" } })],
  ['has a sign-in that is an object', () => signed({ ...claims, cust: { sid: { length: 36 } } })],
  ['has claims that are an array', () => forged({ alg: 'HS256', typ: 'JWT' }, [])],
  [
    'has another payload',
    () => [ann.jwt.split('.')[0], part({ ...claims, preferred_username: 'bob' }), ann.jwt.split('.')[2]].join('.'),
  ],
  [
    'has the payload of another user',
    () => [ann.jwt.split('.')[0], bob.jwt.split('.')[1], ann.jwt.split('.')[2]].join('.'),
  ],
  ['has a changed signature', () => ann.jwt.slice(0, -3) + (ann.jwt.endsWith('AAA') ? 'BBB' : 'AAA')],
  ['has a fourth part', () => `${ann.jwt}.x`],
  ['is encrypted', () => `${part({ alg: 'dir', enc: 'A256GCM' })}..AAAA.AAAA.AAAA`],
  ['is a refresh token', () => ann.tokens.refresh_token],
  ['is text', () => 'nonsense'],
])('a token that %s is refused', async (_, make) => {
  expect(await answerTo(await make())).toBe(INVALID);
});

test('groups and names in a token grant nothing, even under the secret of the service', async () => {
  const jwt = await signed({
    ...claims,
    preferred_username: 'root',
    cust: { ...(claims['cust'] as object), groups: ['admin'] },
  });
  const { status, json } = await self(`Bearer ${jwt}`);
  expect({ status, json }).toMatchObject({ status: 200, json: { username: 'ann', groups: ['CCKM Users'] } });
});

test('a sign-in that never existed is treated as revoked', async () => {
  const sid = 'baf58871-2503-4d13-a84a-339aeb8fdfaf';
  expect(await answerTo(await signed({ ...claims, cust: { sid } }))).toBe(
    '401 5 NCERRUnauthorizedAccess | Token has been revoked',
  );
});

test.each<[string, string]>([
  ['no scheme', ''],
  ['another scheme', 'Basic YW5uOnBhc3N3b3Jk'],
  ['no token', 'Bearer'],
  ['an empty token', 'Bearer '],
  ['a signature of AWS', 'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLEEXAMPLE/20261128/us-east-1/kms/aws4_request'],
  ['two tokens', 'Bearer a.b.c, Bearer d.e.f'],
])('a header with %s is refused', async (_, authorization) => {
  expect(refusalOf(await self(authorization))).toBe(NO_HEADER);
});

test('a request without a header is refused, and the refusal names the scheme', async () => {
  const answer = await request(service.url, 'GET', 'cckm/aws/keys');
  expect(refusalOf(answer)).toBe(NO_HEADER);
  expect(answer.headers.get('www-authenticate')).toBe('Bearer');
});

test('a request that is signed as for AWS is refused, even by the root', async () => {
  const answer = await service.send({ method: 'GET', path: '/api/v1/cckm/aws/keys', service: 'kms' });
  expect(refusalOf(answer)).toBe(NO_HEADER);
});

test('the token of another deployment is refused, whose user has the same name', async () => {
  const other = await startTestService({}, clock);
  try {
    const foreign = await cckmOf(other).user('ann');
    expect(decodeJwt(foreign.jwt).aud).toBe(claims.aud);
    expect(await answerTo(foreign.jwt)).toBe(INVALID);
  } finally {
    await other.stop();
  }
});

test('a token expires after 300 seconds, and not before', async () => {
  const fresh = await cckmOf(service).signIn('ann');
  clock.advance(299_749);
  expect((await self(`Bearer ${fresh.jwt}`)).status).toBe(200);
  clock.advance(1);
  expect(await answerTo(fresh.jwt)).toBe(INVALID);
  clock.advance(-299_750);
});
