import { useService } from '../../../support/api.js';
import { exchange } from '../../../support/exchange.js';
import { type RawRequest, target, TestClock } from '../../../support/service.js';
import { expectFailure } from '../../../support/wire.js';

// No time passes between a signature and its verification.
const clock = new TestClock(new Date());
const service = useService({}, clock);

describe('signatures', () => {
  const body = '{}';
  const headers = target('ListKeys');
  const FIVE_MINUTES_MS = 300_000;
  const ago = (milliseconds: number) => new Date(clock.now().getTime() - milliseconds);
  const drop = (name: string) => (sent: { headers: Record<string, string> }) => {
    sent.headers = Object.fromEntries(Object.entries(sent.headers).filter(([key]) => key !== name));
  };

  test.each<[string, string, Partial<RawRequest> & { ageMs?: number }]>([
    [
      'another secret',
      'InvalidSignatureException',
      { credentials: { accessKeyId: 'AKIDEXAMPLEEXAMPLE', secretAccessKey: 'another' } },
    ],
    [
      'an unknown access key',
      'UnrecognizedClientException',
      { credentials: { accessKeyId: 'AKIDNOBODY', secretAccessKey: 'x' } },
    ],
    ['another Region', 'InvalidSignatureException', { region: 'eu-west-1' }],
    ['another service', 'InvalidSignatureException', { service: 'kms' }],
    ['an expired date', 'InvalidSignatureException', { ageMs: FIVE_MINUTES_MS + 5000 }],
    ['a date in the future', 'InvalidSignatureException', { ageMs: -FIVE_MINUTES_MS - 5000 }],
    ['another body', 'InvalidSignatureException', { tamper: (sent) => (sent.body = '{"MaxResults":1}') }],
    [
      'another target',
      'InvalidSignatureException',
      { tamper: (sent) => (sent.headers['x-amz-target'] = 'PaymentCryptographyControlPlane.DeleteKey') },
    ],
    [
      'another path',
      'InvalidSignatureException',
      { tamper: (sent) => (sent.path = '/PaymentCryptographyControlPlane/ListKeys') },
    ],
    [
      'a query',
      'InvalidSignatureException',
      { path: '/PaymentCryptographyControlPlane/ListKeys', tamper: (sent) => (sent.path += '?a=b') },
    ],
    [
      'an unsigned target',
      'IncompleteSignatureException',
      { headers: {}, tamper: (sent) => (sent.headers['x-amz-target'] = 'PaymentCryptographyControlPlane.ListKeys') },
    ],
    ['no Authorization header', 'MissingAuthenticationTokenException', { tamper: drop('authorization') }],
    ['no X-Amz-Date', 'IncompleteSignatureException', { tamper: drop('x-amz-date') }],
    [
      'a session token',
      'IncompleteSignatureException',
      { tamper: (sent) => (sent.headers['x-amz-security-token'] = 'token') },
    ],
    [
      'a signed session token',
      'UnrecognizedClientException',
      { headers: { ...headers, 'x-amz-security-token': 'token' } },
    ],
    [
      'a claimed hash of another body',
      'InvalidSignatureException',
      { tamper: (sent) => (sent.headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD') },
    ],
  ])('with %s fail with %s', async (_, name, { ageMs = 0, ...request }) => {
    expectFailure(await service.send({ headers, body, signingDate: ago(ageMs), ...request }), { status: 400, name });
  });

  test('fail with 403 on the data plane', async () => {
    expectFailure(await service.send({ path: '/mac/verify', region: 'eu-west-1' }), {
      status: 403,
      name: 'InvalidSignatureException',
    });
  });

  test.each([-290_000, 290_000])('are accepted if the clocks differ by %i ms', async (milliseconds) => {
    expect((await service.send({ headers, signingDate: ago(milliseconds) })).status).toBe(200);
  });

  test('are accepted with a query and a path of any bytes', async () => {
    const path = '/PaymentCryptographyControlPlane/ListKeys?b=2&a=%2F%20x';
    expect((await service.send({ path })).status).toBe(200);
  });

  test('are rejected with a second Authorization, date or target header', async () => {
    for (const name of ['authorization', 'x-amz-date', 'x-amz-target']) {
      let sent: Record<string, string> = {};
      await service.send({ headers, body, tamper: (request) => (sent = { ...request.headers }) });
      const head = Object.entries(sent)
        .map(([key, value]) => `${key}: ${value}\r\n`.repeat(key === name ? 2 : 1))
        .join('');
      const { host } = new URL(service.url);
      const answer = await exchange(
        service.url,
        `POST / HTTP/1.1\r\nhost: ${host}\r\n${head}content-length: ${body.length}\r\n\r\n${body}`,
      );
      const status = Number(answer.split(' ')[1]);
      expect([name, status]).toEqual([name, name === 'x-amz-target' ? 404 : 400]);
    }
  });

  test('are checked before the body is read', async () => {
    const response = await service.send({ headers: target('GetKey'), body: 'not JSON', region: 'eu-west-1' });
    expectFailure(response, { status: 400, name: 'InvalidSignatureException' });
  });
});
