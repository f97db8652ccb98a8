import { PaymentCryptographyClient, ListKeysCommand } from '@aws-sdk/client-payment-cryptography';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { useVictim } from '../../../support/attacks.js';
import { REGION, CREDENTIALS } from '../../../support/service.js';

const { service, expectHealthy } = useVictim();

/** A connection that sends one byte a second, with everything that it received. */
interface Slow {
  socket: Socket;
  received: () => string;
  closed: Promise<unknown>;
}

const SLOW: [what: string, bytes: string][] = [
  ['a head that never ends', 'POST /mac/generate HTTP/1.1\r\nhost: x\r\nx-a: '],
  ['a body that never ends', 'POST /mac/generate HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{'],
  [
    'chunks that never end',
    'POST /mac/generate HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{    \r\n',
  ],
];

/** Sends one byte a second until the connection is closed. */
async function dribble(bytes: string): Promise<Slow> {
  const { hostname, port } = new URL(service.url);
  const socket = connect(Number(port), hostname);
  let received = '';
  socket.on('data', (chunk) => (received += chunk.toString()));
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(bytes);
  const timer = setInterval(() => socket.write(bytes.includes('chunked') ? '1\r\na\r\n' : 'a'), 1000);
  const closed = once(socket, 'close').then(() => clearInterval(timer));
  return { socket, received: () => received, closed };
}

const slow: Slow[] = [];
// The service takes half a minute to close these connections, so they begin before the other tests.
beforeAll(async () => void slow.push(...(await Promise.all(SLOW.map(([, bytes]) => dribble(bytes))))));
afterAll(() => slow.forEach(({ socket }) => socket.destroy()));

describe('slow requests:', () => {
  test('five hundred idle connections do not keep other clients from being served', async () => {
    const { hostname, port } = new URL(service.url);
    const idle = Array.from({ length: 500 }, () => connect(Number(port), hostname));
    await Promise.all(idle.map((socket) => once(socket, 'connect')));
    for (const socket of idle) socket.write('POST / HTTP/1.1\r\n');
    const config = { region: REGION, endpoint: service.url, credentials: CREDENTIALS, maxAttempts: 1 };
    const client = new PaymentCryptographyClient(config);
    expect((await client.send(new ListKeysCommand({ MaxResults: 1 }))).Keys).toHaveLength(1);
    client.destroy();
    for (const socket of idle) socket.destroy();
  });

  test.each(SLOW.map(([what], i) => [what, i] as const))('%s ends with 408', async (_, i) => {
    await slow[i]!.closed;
    expect(slow[i]!.received()).toMatch(/^HTTP\/1\.1 408/);
  });
});

test('attacks leave the service healthy', () => expectHealthy());
