import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import { selfSigned } from '../../test/support/self-signed.js';
import { type NoticeOutcome, signatureOf, Webhook } from './webhook.js';

const SECRET = Buffer.from('a secret of 24 bytes: ok', 'latin1');
const TOKEN = 'a-token-in-the-path';
const NOW = new Date('2026-02-14T11:12:13.456Z');
const DATA = { Id: 'custodians:ABC' };

/** A request that the receiver got. */
interface Received {
  headers: IncomingMessage['headers'];
  url: string | undefined;
  body: string;
}

let servers: { close: () => unknown; closeAllConnections?: () => void }[] = [];
let received: Received[] = [];
let log: string[] = [];
let outcomes: NoticeOutcome[] = [];

beforeEach(() => {
  [received, log, outcomes] = [[], [], []];
});
afterEach(() => {
  for (const server of servers) {
    server.closeAllConnections?.();
    server.close();
  }
  servers = [];
});

async function portOf(server: Server): Promise<number> {
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

/** Starts a receiver. @param answer writes the response @returns its URL */
async function receiver(answer: RequestListener): Promise<string> {
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ headers: request.headers, url: request.url, body });
      answer(request, response);
    });
  });
  return `http://127.0.0.1:${await portOf(server)}/${TOKEN}`;
}

/** Answers requests with these statuses in turn, and with the last one from then on. */
function statuses(...given: number[]): RequestListener {
  return (_, response) => void response.writeHead(given[Math.min(received.length, given.length) - 1] ?? 200).end();
}

const clock = { now: () => NOW };

function webhookAt(url: string, limits: { timeoutMs?: number; pausesMs?: number[] } = {}): Webhook {
  const logger = pino({ level: 'info' }, { write: (line) => void log.push(line) });
  const count = (outcome: NoticeOutcome) => void outcomes.push(outcome);
  return new Webhook({ url, secret: SECRET, clock, logger, count, timeoutMs: 60_000, pausesMs: [5, 5], ...limits });
}

async function counted(notices: number): Promise<NoticeOutcome[]> {
  while (outcomes.length < notices) await new Promise((resolve) => setTimeout(resolve, 5));
  return outcomes;
}

/** Sends a notice that isn't delivered. @returns the errors of its attempts */
async function errorsAt(url: string, limits: { timeoutMs?: number } = {}): Promise<unknown[]> {
  webhookAt(url, limits).send('approval.pending', DATA);
  expect(await counted(1)).toEqual(['failed']);
  return log.map((line) => (JSON.parse(line) as { error: string }).error);
}

test('the signature is that of Standard Webhooks, by its published example', () => {
  const secret = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64');
  expect(signatureOf(secret, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330, '{"test": 2432232314}')).toBe(
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  );
});

test('sends a signed notice, and repeats it until the receiver accepts it', async () => {
  const webhook = webhookAt(await receiver(statuses(500, 429, 204)));
  webhook.send('approval.pending', DATA);
  expect(await counted(1)).toEqual(['delivered']);
  expect(received).toHaveLength(3);
  expect(new Set(received.map(({ headers, body }) => `${String(headers['webhook-id'])} ${body}`)).size).toBe(1);
  const { headers, url, body } = received[2]!;
  expect(JSON.parse(body)).toEqual({ type: 'approval.pending', timestamp: NOW.toISOString(), data: DATA });
  expect({ url, type: headers['content-type'] }).toEqual({ url: `/${TOKEN}`, type: 'application/json' });
  const [id, time] = [String(headers['webhook-id']), Number(headers['webhook-timestamp'])];
  expect(id).toMatch(/^msg_[\da-f-]{36}$/);
  expect(time).toBe(1_771_067_533);
  expect(headers['webhook-signature']).toBe(signatureOf(SECRET, id, time, body));
  await webhook.close();
});

test.each([400, 401, 404, 410, 500, 503])(
  'a receiver that answers %d gets three attempts, and no more',
  async (status) => {
    expect(await errorsAt(await receiver(statuses(status)))).toEqual(Array(3).fill(`The receiver answered ${status}.`));
    expect(received).toHaveLength(3);
  },
);

test.each([301, 302, 303, 307, 308])('a redirect with %d is not followed', async (status) => {
  let redirected = 0;
  const elsewhere = await portOf(createServer((_, response) => void response.end(String(redirected++))));
  const location = `http://127.0.0.1:${elsewhere}/`;
  const url = await receiver((_, response) => void response.writeHead(status, { location }).end());
  expect(await errorsAt(url)).toEqual(Array(3).fill(`The receiver answered ${status}.`));
  expect(redirected).toBe(0);
});

test('a receiver that does not answer in time is abandoned, and delays nothing else', async () => {
  const url = await receiver(() => undefined);
  const began = performance.now();
  expect(await errorsAt(url, { timeoutMs: 50 })).toEqual(Array(3).fill('TimeoutError'));
  expect(performance.now() - began).toBeGreaterThanOrEqual(150);
});

test('the body of a response is not read', async () => {
  const ended = new Promise<void>((resolve) => {
    void receiver((_, response) => {
      response.writeHead(200).write('x');
      const timer = setInterval(() => response.write('x'.repeat(10_000)), 1);
      response.once('close', () => {
        clearInterval(timer);
        resolve();
      });
    }).then((url) => webhookAt(url).send('approval.pending', DATA));
  });
  expect(await counted(1)).toEqual(['delivered']);
  await ended;
});

test('a receiver that refuses connections, breaks them or speaks another protocol fails', async () => {
  const closed = createServer();
  const port = await portOf(closed);
  closed.close();
  expect(await errorsAt(`http://127.0.0.1:${port}/${TOKEN}`)).toEqual(Array(3).fill('ECONNREFUSED'));
  for (const answer of ['', '220 mail.example ESMTP\r\n']) {
    [log, outcomes] = [[], []];
    const server = createTcpServer((socket) => void socket.end(answer));
    servers.push(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const errors = await errorsAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${TOKEN}`);
    expect(errors).toEqual(Array(3).fill(expect.stringMatching(/^(?:UND_ERR|HPE|ECONN|EPIPE)\w+$/)));
  }
});

test('a receiver whose certificate is not trusted gets nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keyblock-webhook-'));
  const { key, cert } = selfSigned(folder);
  const tls = { key: readFileSync(key), cert: readFileSync(cert) };
  rmSync(folder, { recursive: true });
  let asked = 0;
  const port = await portOf(createTlsServer(tls, (_, response) => void response.end(String(asked++))));
  expect(await errorsAt(`https://127.0.0.1:${port}/${TOKEN}`)).toEqual(Array(3).fill('DEPTH_ZERO_SELF_SIGNED_CERT'));
  expect(asked).toBe(0);
});

test('the log has the notice and the error, but neither the URL nor the secret', async () => {
  await errorsAt(await receiver(statuses(500)));
  const [id] = received.map(({ headers }) => headers['webhook-id']);
  expect(log.map((line) => JSON.parse(line) as object)).toEqual([
    expect.objectContaining({ level: 40, notice: id, attempt: 1 }),
    expect.objectContaining({ level: 40, notice: id, attempt: 2 }),
    expect.objectContaining({ level: 50, notice: id, attempt: 3 }),
  ]);
  for (const secret of [
    TOKEN,
    '127.0.0.1',
    SECRET.toString('base64'),
    SECRET.toString('latin1'),
    SECRET.toString('hex'),
  ])
    expect(log.join('')).not.toContain(secret);
});

test('at most a hundred notices wait, and further ones are dropped', async () => {
  const webhook = webhookAt(await receiver(() => undefined), { timeoutMs: 200, pausesMs: [] });
  for (let i = 0; i < 102; i++) webhook.send('approval.pending', DATA);
  expect(outcomes).toEqual(['dropped', 'dropped']);
  expect(log).toHaveLength(2);
  await webhook.close();
  expect(outcomes.filter((outcome) => outcome === 'failed')).toHaveLength(100);
});

test('closing waits for the attempt in progress, and for no other', async () => {
  let answer: () => void = () => undefined;
  const url = await receiver((_, response) => void (answer = () => void response.writeHead(200).end()));
  const webhook = webhookAt(url);
  webhook.send('approval.pending', DATA);
  while (received.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const closed = webhook.close();
  answer();
  await closed;
  expect(outcomes).toEqual(['delivered']);

  const failing = webhookAt(await receiver(statuses(500)), { pausesMs: [60_000] });
  failing.send('approval.pending', DATA);
  while (log.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await failing.close();
  expect(outcomes).toEqual(['delivered', 'failed']);
  expect(received).toHaveLength(2);
});
