import { randomBytes } from 'node:crypto';
import { CREDENTIALS } from '../../support/service.js';
import {
  encryptBody,
  expectXksError,
  healthBody,
  newCredential,
  outputOf,
  sendXks,
  useXks,
  xksDone,
} from '../../support/xks.js';

const { service, set, call, release } = useXks({ KEYBLOCK_CLOCK_SKEW_SECONDS: '900' });
beforeAll(() => release('orders'));

const encrypt = (request: Parameters<typeof call>[2] = {}) => call('keys/orders/encrypt', encryptBody(), request);
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000);

test('a call may be signed for any Region, and up to five minutes ago, however long other signatures are valid', async () => {
  for (const region of ['us-east-1', 'ap-southeast-4', 'us-gov-west-1']) outputOf(await encrypt({ region }));
  outputOf(await encrypt({ signingDate: inSeconds(-290) }));
  outputOf(await encrypt({ signingDate: inSeconds(290) }));
});

test.each<[string, Parameters<typeof call>[2], RegExp]>([
  ['for another service', { service: 'kms' }, /correct service: 'kms-xks-proxy'/],
  ['for Payment Cryptography', { service: 'payment-cryptography' }, /correct service/],
  [
    'by a credential that does not exist',
    { credentials: { accessKeyId: 'XKSPABCDEFGHIJKLMNOPQRST', secretAccessKey: 'x'.repeat(44) } },
    /security token/,
  ],
  ['by an access key id of another form', { credentials: { accessKeyId: 'InvalidXKSP', secretAccessKey: 'x' } }, /./],
  ['by the root', { credentials: CREDENTIALS }, /security token/],
  ['with a changed body', { tamper: (sent) => (sent.body = sent.body.replace('SGVs', 'SGVt')) }, /does not match/],
  [
    'with a changed path',
    { tamper: (sent) => (sent.path = sent.path.replace('encrypt', 'decrypt')) },
    /does not match/,
  ],
  ['with another date', { tamper: ({ headers }) => (headers['x-amz-date'] = '20200101T000000Z') }, /./],
  ['by nobody', { tamper: ({ headers }) => delete headers['authorization'] }, /Missing Authentication Token/],
  ['by another algorithm', { tamper: ({ headers }) => (headers['authorization'] = 'Bearer x') }, /AWS4-HMAC-SHA256/],
])('a call that is signed %s is refused', async (_, request, message) => {
  expectXksError(await encrypt(request), 401, 'AuthenticationFailedException', message);
});

test.each([
  [-310, /Signature expired/],
  [310, /not yet current/],
])('a call that is signed %d seconds from now is refused', async (seconds, message) => {
  const answer = await encrypt({ signingDate: inSeconds(seconds) });
  expectXksError(answer, 401, 'AuthenticationFailedException', message);
});

test('a call that is signed with another secret is refused', async () => {
  const credentials = { ...set.credentials, secretAccessKey: randomBytes(32).toString('base64') };
  expectXksError(await encrypt({ credentials }), 401, 'AuthenticationFailedException', /does not match/);
});

test('a credential of the proxy signs no call of another API', async () => {
  const { credentials } = set;
  for (const [name, path] of [
    ['payment-cryptography', '/mac/generate'],
    ['payment-cryptography', '/admin/users'],
    ['kms-xks-proxy', '/mac/generate'],
  ] as const) {
    const { status, json } = await service.send({ service: name, path, credentials });
    expect({ status, type: json['__type'] }).toEqual({ status: 403, type: 'UnrecognizedClientException' });
  }
});

test('an unauthenticated caller does not learn which paths exist', async () => {
  const credentials = { accessKeyId: 'XKSPABCDEFGHIJKLMNOPQRST', secretAccessKey: 'x'.repeat(44) };
  const answers = await Promise.all(
    ['stores/orders', 'stores/none', ''].map(async (prefix) => {
      const path = `${prefix}/kms/xks/v1/health`.replace(/^\//, '');
      const { status, json } = await sendXks(service, path, healthBody, { credentials });
      return { status, json };
    }),
  );
  for (const answer of answers) expect(answer).toEqual(answers[0]);
  expect(answers[0]).toMatchObject({ status: 401 });
});

test('a second credential takes over from the first, which is then revoked', async () => {
  const first = await newCredential(service, 'rotated');
  const second = await newCredential(service, 'rotated');
  const health = (credentials: typeof first.credentials) =>
    sendXks(service, 'rotated/kms/xks/v1/health', healthBody, { credentials });
  outputOf(await health(first.credentials));
  outputOf(await health(second.credentials));
  await xksDone(service, 'revoke', first.credentials.accessKeyId, '--yes');
  let answer = await health(first.credentials);
  while (answer.status === 200) answer = await health(first.credentials);
  expectXksError(answer, 401, 'AuthenticationFailedException', /security token/);
  outputOf(await health(second.credentials));
  outputOf(await call('health', healthBody));
});
