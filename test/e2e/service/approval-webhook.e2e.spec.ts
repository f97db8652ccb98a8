import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createPlainServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import pg from 'pg';
import { signatureOf } from '../../../src/approvals/webhook.js';
import { adminOf } from '../../support/admin.js';
import { approvalsOf, sessionIdOf } from '../../support/approvals.js';
import { runKeyblock } from '../../support/cli.js';
import { type DatabaseStore, newStore } from '../../support/database.js';
import { type ServiceProcess, spawnService, until } from '../../support/process.js';
import { selfSigned } from '../../support/self-signed.js';
import { type RawRequest, type RawResponse, send, serviceEnv, TestClock } from '../../support/service.js';

const TOKEN = 'a-token-in-the-path';
const SECRET = Buffer.alloc(32, 7);
const SETTING = `whsec_${SECRET.toString('base64')}`;

interface Notice {
  type: string;
  data: Record<string, unknown>;
}

const folder = mkdtempSync(join(tmpdir(), 'keyblock-webhook-'));
const clock = new TestClock();
const environment = { ...process.env };
let received: Notice[] = [];
/** The receiver's answer; if undefined, requests wait for one. */
let status: number | undefined;
const waiting: ServerResponse[] = [];
/** Number of requests that the service gave up before the receiver answered. */
let givenUp = 0;
let receiver: Server;
let plain: Server;
let store: DatabaseStore;
let service: ServiceProcess;
let url = '';
const admin = adminOf({
  send: (request: Partial<RawRequest>): Promise<RawResponse> => send(url, clock, request),
});
const { createUsers, createTeam, guard, newKey, control, approve, vote, approval, users } = approvalsOf(admin);

/** Verifies a notice as receivers do. */
const listener: RequestListener = (request, response) => {
  response.on('close', () => {
    if (!response.writableEnded) givenUp++;
  });
  void text(request).then((body) => {
    const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signature } = request.headers;
    if (request.url === `/${TOKEN}` && signature === signatureOf(SECRET, String(id), Number(time), body))
      received.push(JSON.parse(body) as Notice);
    if (status === undefined) waiting.push(response);
    else response.writeHead(status).end();
  });
};

async function listen(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  const { key, cert } = selfSigned(folder);
  receiver = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, listener);
  plain = createPlainServer(listener);
  store = await newStore();
  service = spawnService({
    ...serviceEnv(store),
    NODE_EXTRA_CA_CERTS: cert,
    KEYBLOCK_APPROVALS_WEBHOOK: `https://127.0.0.1:${await listen(receiver)}/${TOKEN}`,
    KEYBLOCK_APPROVALS_WEBHOOK_SECRET: SETTING,
  });
  url = await service.listening;
  await createUsers();
  await createTeam('custodians');
  await guard('DeleteKey', 'custodians');
});
beforeEach(() => {
  [received, status] = [[], 204];
});
afterAll(async () => {
  process.env = environment;
  service.child.kill('SIGKILL');
  await service.ended;
  for (const server of [receiver, plain]) {
    server.closeAllConnections();
    server.close();
  }
  await store.remove();
  rmSync(folder, { recursive: true });
});

const deleteKey = (KeyIdentifier: string) => control('DeleteKey', { KeyIdentifier });
async function types(notices: number): Promise<string[]> {
  await until(() => received.length >= notices);
  return received.map(({ type }) => type);
}
async function metric(outcome: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(
    new RegExp(`^keyblock_approval_notices_total\\{outcome="${outcome}"\\} (\\d+)$`, 'm').exec(metrics)?.[1],
  );
}

test('the receiver is notified of each change of a request, without the text that approvers have to read', async () => {
  const key = await newKey([{ Key: 'line', Value: 'not to be told' }]);
  const id = sessionIdOf(await deleteKey(key));
  expect(await types(1)).toEqual(['approval.pending']);
  expect(sessionIdOf(await deleteKey(key))).toBe(id);
  const { RequestHash } = await approval(id);
  await vote('approve', id, { RequestHash, Comment: 'a comment' }, users.ann);
  await approve(id, users.bob);
  expect(await types(2)).toEqual(['approval.pending', 'approval.approved']);
  expect((await deleteKey(key)).status).toBe(200);
  expect(await types(3)).toEqual(['approval.pending', 'approval.approved', 'approval.executed']);
  const seconds = expect.any(Number) as number;
  const common = {
    Id: id,
    SessionArn: expect.stringMatching(
      /^arn:aws:mpa:us-east-1:000000000000:session\/custodians\/[A-Z2-7]{26}$/,
    ) as string,
    TeamArn: 'arn:aws:mpa:us-east-1:000000000000:approval-team/custodians',
    Operation: 'payment-cryptography:DeleteKey',
    Requester: 'arn:aws:iam::000000000000:user/op',
    CreateTimestamp: seconds,
    ExpirationTimestamp: seconds,
    IsBreakGlass: false,
  };
  expect(received.map(({ data }) => data)).toEqual([
    { ...common, State: 'PENDING' },
    { ...common, State: 'APPROVED', ApprovedUntil: seconds },
    { ...common, State: 'EXECUTED', ApprovedUntil: seconds },
  ]);
  expect(JSON.stringify(received)).not.toMatch(new RegExp(`${RequestHash}|a comment|not to be told|${key}`));
  // Counted once the receiver's answer has arrived.
  await until(async () => (await metric('delivered')) === 3);
});

test('a change that is not committed sends no notice', async () => {
  const database = new pg.Client(store.env.DATABASE_URL);
  await database.connect();
  await database.query(
    `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'at the commit'; END $$`,
  );
  await database.query(`CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON approval_sessions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail()`);
  const key = await newKey();
  expect((await deleteKey(key)).status).toBe(500);
  await database.query('DROP FUNCTION fail CASCADE');
  await database.end();
  const id = sessionIdOf(await deleteKey(key));
  await types(1);
  expect(received.map(({ data }) => data['Id'])).toEqual([id]);
});

test('a receiver that does not answer delays no call, and one that fails gets another attempt', async () => {
  status = undefined;
  sessionIdOf(await deleteKey(await newKey()));
  await types(1);
  expect(givenUp).toBe(0);
  // Otherwise there is another attempt later.
  waiting.pop()!.writeHead(204).end();
  status = 500;
  const id = sessionIdOf(await deleteKey(await newKey()));
  await types(2);
  status = 204;
  await types(3);
  expect(received[2]).toEqual(received[1]);
  expect(received[2]!.data['Id']).toBe(id);
});

test('the operator who breaks the glass is told whether the receiver was notified', async () => {
  const port = await listen(plain);
  const ids = [sessionIdOf(await deleteKey(await newKey())), sessionIdOf(await deleteKey(await newKey()))];
  await types(2);
  const breakGlass = (id: string, webhook: string) => {
    Object.assign(process.env, serviceEnv(store), {
      KEYBLOCK_APPROVALS_WEBHOOK: webhook,
      KEYBLOCK_APPROVALS_WEBHOOK_SECRET: SETTING,
    });
    return runKeyblock(['approvals', 'break-glass', id, '--yes', '--reason', 'INC-4711']);
  };
  const told = await breakGlass(ids[0]!, `http://127.0.0.1:${port}/${TOKEN}`);
  expect(told).toMatchObject({ exitCode: 0, stderr: '' });
  expect(received[2]).toMatchObject({ type: 'approval.approved', data: { Id: ids[0], IsBreakGlass: true } });
  expect(JSON.stringify(received)).not.toContain('INC-4711');
  // This process doesn't trust the certificate.
  const untold = await breakGlass(ids[1]!, `https://127.0.0.1:${(receiver.address() as AddressInfo).port}/${TOKEN}`);
  expect(untold).toMatchObject({ exitCode: 0, stderr: 'The webhook did not get the notice.\n' });
  expect(received).toHaveLength(3);
});

test('neither the URL nor the secret is in the log or in the metrics', async () => {
  const said = service.log() + service.output() + (await (await fetch(`${url}/metrics`)).text());
  expect(said).toContain('approval session changed');
  expect(said).toContain('The receiver answered 500.');
  for (const secret of [TOKEN, SECRET.toString('base64'), SECRET.toString('hex')]) expect(said).not.toContain(secret);
});
