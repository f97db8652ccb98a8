import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { request } from 'node:https';
import { createRequire } from 'node:module';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateKeyCommand as CreateKmsKeyCommand, SignCommand, VerifyCommand } from '@aws-sdk/client-kms';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import {
  ConflictException,
  CreateAliasCommand,
  CreateKeyCommand,
  ListKeysCommand,
  paginateListKeys,
  PaymentCryptographyClient,
} from '@aws-sdk/client-payment-cryptography';
import { type DatabaseStore, newStore } from '../../support/database.js';
import { holdKeys } from '../../support/held-keys.js';
import { kmsClient } from '../../support/kms.js';
import { until, useProcesses } from '../../support/process.js';
import { CREDENTIALS, REGION, serviceEnv } from '../../support/service.js';

let store: DatabaseStore;
const spawnService = useProcesses();
beforeEach(async () => {
  store = await newStore();
});
afterEach(() => store.remove());

const start = (env: NodeJS.ProcessEnv = serviceEnv(store)) => spawnService(env);

const client = (endpoint: string, credentials = CREDENTIALS) =>
  new PaymentCryptographyClient({ region: REGION, endpoint, credentials, maxAttempts: 1 });

const createKey = (controlPlane: PaymentCryptographyClient) =>
  controlPlane.send(
    new CreateKeyCommand({
      KeyAttributes: {
        KeyUsage: 'TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY',
        KeyClass: 'SYMMETRIC_KEY',
        KeyAlgorithm: 'AES_128',
        KeyModesOfUse: { Encrypt: true, Decrypt: true, Wrap: true, Unwrap: true },
      },
      Exportable: false,
    }),
  );

async function listArns(controlPlane: PaymentCryptographyClient): Promise<string[]> {
  const arns: string[] = [];
  for await (const { Keys } of paginateListKeys({ client: controlPlane, pageSize: 100 }, {}))
    arns.push(...Keys!.map(({ KeyArn }) => KeyArn!));
  return arns;
}

test('no acknowledged write is lost when the process is killed', async () => {
  const acknowledged: string[] = [];
  for (const round of [1, 2]) {
    const service = start();
    const controlPlane = client(await service.listening);
    expect(new Set(await listArns(controlPlane))).toEqual(
      new Set([...(await listArns(controlPlane)), ...acknowledged]),
    );
    const write = async () => {
      for (;;) acknowledged.push((await createKey(controlPlane)).Key!.KeyArn!);
    };
    const writers = Array.from({ length: 8 }, () => write().catch(() => undefined));
    const enough = acknowledged.length + 40 * round;
    await until(() => acknowledged.length >= enough);
    service.child.kill('SIGKILL');
    expect(await service.ended).toBe('SIGKILL');
    await Promise.all(writers);
  }

  const controlPlane = client(await start().listening);
  const kept = await listArns(controlPlane);
  expect(acknowledged.filter((arn) => !kept.includes(arn))).toEqual([]);
  expect(kept.length - acknowledged.length).toBeLessThanOrEqual(2 * 8);
  await createKey(controlPlane);
});

const PAGES = 8;
const BUNDLE = readFileSync(createRequire(import.meta.url).resolve('swagger-ui-dist/swagger-ui-bundle.js'), 'utf8');

/** Requests a large page over one connection, together more than the buffers of the system hold, and reads nothing yet. */
async function requestPages(url: string, count: number): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write('GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(count));
  await once(socket, 'readable');
  return socket;
}

/** Tells whether a process has taken every signal that was sent to it. */
const hasNoSignal = (pid: number) => /^ShdPnd:\t0+$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));

// npm forwards Ctrl-C to a service that has already received it, and so does the first of several workers.
test.each<NodeJS.Signals[][]>([[['SIGTERM']], [['SIGINT', 'SIGINT']], [['SIGINT', 'SIGTERM']]])(
  '%p lets requests in flight finish, sends what slow clients have yet to receive and then ends the process',
  async (signals) => {
    const service = start();
    const url = await service.listening;
    const controlPlane = client(url);
    const keys = await holdKeys(store);
    const creating = createKey(controlPlane);
    await keys.created();
    const slow = await requestPages(url, PAGES);

    // More than a second after the first one, a signal would end the process at once.
    for (const signal of signals) {
      service.child.kill(signal);
      await until(() => hasNoSignal(service.child.pid!));
    }
    await until(() => service.log().includes('"msg":"stopping"'));
    await keys.release();
    expect((await creating).Key!.KeyState).toBe('CREATE_COMPLETE');
    const pages = (await text(slow)).split(/HTTP\/1\.1 200 OK\r\n[^]*?\r\n\r\n/).slice(1);
    expect(pages.map(({ length }) => length)).toEqual(Array<number>(PAGES).fill(BUNDLE.length));
    expect(await service.ended).toBe(0);
    expect(service.log()).toContain('"operation":"CreateKey"');
    await expect(controlPlane.send(new ListKeysCommand({}))).rejects.toThrow(/ECONNREFUSED/);
  },
);

test('exceptions of the built service have the names of the model, even where a library has a class of that name', async () => {
  const controlPlane = client(await start().listening);
  const { Key } = await createKey(controlPlane);
  const alias = { AliasName: 'alias/taken', KeyArn: Key!.KeyArn! };
  await controlPlane.send(new CreateAliasCommand(alias));
  await expect(controlPlane.send(new CreateAliasCommand(alias))).rejects.toBeInstanceOf(ConflictException);
});

test('the built service computes on its crypto thread, which does not keep it from ending', async () => {
  const service = start();
  const kms = kmsClient({ url: await service.listening });
  const { KeyMetadata } = await kms.send(new CreateKmsKeyCommand({ KeySpec: 'ML_DSA_44', KeyUsage: 'SIGN_VERIFY' }));
  const input = { KeyId: KeyMetadata?.KeyId, Message: Buffer.from('a'), SigningAlgorithm: 'ML_DSA_SHAKE_256' } as const;
  const { Signature } = await kms.send(new SignCommand(input));
  expect(await kms.send(new VerifyCommand({ ...input, Signature }))).toMatchObject({ SignatureValid: true });
  service.child.kill('SIGTERM');
  expect(await service.ended).toBe(0);
});

test('SIGTERM does not wait for a request that never ends', async () => {
  const service = start();
  const { hostname, port } = new URL(await service.listening);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  socket.write('POST /mac/generate HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n{');
  // The request has begun.
  expect(String(await once(socket, 'data'))).toMatch(/^HTTP\/1\.1 100 Continue/);
  service.child.kill('SIGTERM');
  expect(await service.ended).toBe(0);
  socket.destroy();
});

test('serves HTTPS with the configured certificate, and continues when a client disconnects during a request', async () => {
  const [keyFile, certFile] = ['key.pem', 'cert.pem'].map((name) =>
    join(store.env.KEYBLOCK_DATA_DIR, '..', `${process.pid}-${name}`),
  );
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '1',
      '-subj',
      '/CN=localhost',
      '-keyout',
      keyFile!,
      '-out',
      certFile!,
    ],
    { stdio: 'ignore' },
  );
  const service = start({ ...serviceEnv(store), KEYBLOCK_TLS_KEY_FILE: keyFile, KEYBLOCK_TLS_CERT_FILE: certFile });
  const url = await service.listening;
  expect(url).toMatch(/^https:/);
  const trust = { ca: readFileSync(certFile!), servername: 'localhost' };
  const status = () =>
    new Promise((resolve, reject) => {
      request(`${url}/healthz`, trust, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
  expect(await status()).toBe(200);

  const { hostname, port } = new URL(url);
  const socket = connectTls({ host: hostname, port: Number(port), ...trust });
  await once(socket, 'secureConnect');
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{', () => socket.destroy());
  await until(() => service.log().includes('SerializationException'));
  expect(await status()).toBe(200);
  [keyFile, certFile].forEach((file) => rmSync(file!));
});

test.each(['KEYBLOCK_PORT', 'KEYBLOCK_METRICS_PORT', 'A port in KEYBLOCK_PAYSHIELD_FILE'])(
  'names the setting whose port is taken: %s',
  async (setting) => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as AddressInfo;
    const folder = mkdtempSync(join(tmpdir(), 'keyblock-'));
    const payshield = join(folder, 'payshield.yaml');
    writeFileSync(
      payshield,
      `payshield:
  listeners: [{ host: 127.0.0.1, port: ${port}, region: ${REGION}, principal: 'arn:aws:iam::000000000000:user/switch' }]
  lmks: { '00': { scheme: variant, set: test } }
`,
    );
    const name = setting.split(' ').at(-1)!;
    const value = name === 'KEYBLOCK_PAYSHIELD_FILE' ? payshield : String(port);
    const service = start({ ...serviceEnv(store), [name]: value });
    expect(await service.ended).toBe(5);
    expect(service.output()).toMatch(`Keyblock could not start: ${setting} is taken (listen EADDRINUSE`);
    holder.close();
    rmSync(folder, { recursive: true });
  },
);

test('lists every error in the configuration at once and does not start', async () => {
  const service = start({
    DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/nothing',
    KEYBLOCK_PORT: 'http',
    KEYBLOCK_REGION: 'Mars',
    KEYBLOCK_TLS_CERT_FILE: '/no/such/file',
    KEYBLOCK_PROT: '8080',
  });
  expect(await service.ended).toBe(2);
  expect(service.output().trim().split('\n')).toEqual([
    'The configuration is not usable:',
    '  KEYBLOCK_PORT must be a whole number',
    '  KEYBLOCK_REGION must be a Region name such as us-east-1',
    '  KEYBLOCK_PROT is not a setting of Keyblock',
    '  KEYBLOCK_TLS_CERT_FILE and KEYBLOCK_TLS_KEY_FILE must be set together: HTTPS needs both',
    expect.stringMatching(/^ {2}KEYBLOCK_TLS_CERT_FILE cannot be read: ENOENT/),
    '  KEYBLOCK_MASTER_KEY, one of its files or KEYBLOCK_MASTER_KEY_TOKEN is required with DATABASE_URL: all nodes share one master key',
    '  KEYBLOCK_ACCESS_KEY_ID is required with DATABASE_URL: all nodes share one credential',
  ]);
});
