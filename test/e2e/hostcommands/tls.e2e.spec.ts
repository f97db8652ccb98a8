import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ConnectionOptions } from 'node:tls';
import { PrincipalRepository } from '../../../src/access/principal.repository.js';
import { AuditLog } from '../../../src/audit/audit-log.js';
import { DataSource } from 'typeorm';
import { HostCommands } from '../../../src/hostcommands/host-commands.js';
import { listener, SWITCH, useHostCommands } from '../../support/host-listeners.js';
import { PayshieldClient } from '../../support/payshield-client.js';

const ATM = 'arn:aws:iam::000000000000:user/atm';
const folder = mkdtempSync(join(tmpdir(), 'keyblock-host-tls-'));
afterAll(() => rmSync(folder, { recursive: true }));

const path = (name: string) => join(folder, name);
const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];

/** Makes a key and a certificate with openssl, of an issuer or self-signed. */
function certificate(name: string, subject: string, issuer?: string): void {
  const signedBy = issuer === undefined ? [] : ['-CA', path(`${issuer}.crt`), '-CAkey', path(`${issuer}.key`)];
  const files = ['-keyout', path(`${name}.key`), '-out', path(`${name}.crt`)];
  execFileSync('openssl', ['req', '-x509', ...EC, '-subj', subject, ...signedBy, ...files], { stdio: 'ignore' });
}

certificate('server', '/CN=localhost');
certificate('ca', '/CN=hosts');
certificate('switch', '/O=Bank/CN=switch', 'ca');
certificate('atm', '/O=Bank/CN=atm, 1', 'ca');
certificate('nobody', '/O=Bank/CN=nobody', 'ca');
certificate('unnamed', '/', 'ca');
certificate('forged', '/O=Bank/CN=switch');

const { fingerprint256 } = new X509Certificate(readFileSync(path('switch.crt')));
const tls = { cert: path('server.crt'), key: path('server.key'), ca: path('ca.crt') };
const principals = { [fingerprint256]: SWITCH, 'O=Bank, CN=atm\\, 1': ATM };
const service = useHostCommands({
  listeners: [
    listener({ principal: undefined, principals, tls }),
    listener({ tls: { ...tls, ca: undefined, clientCertificate: false } }),
    listener({ principal: undefined, principals, tls, maxConnections: 1 }),
  ],
});
beforeAll(() => service.app.get(PrincipalRepository).create('user', 'atm'));

const as = (name: string, more: ConnectionOptions = {}): { tls: ConnectionOptions } => ({
  tls: {
    ca: readFileSync(path('server.crt')),
    servername: 'localhost',
    cert: readFileSync(path(`${name}.crt`)),
    key: readFileSync(path(`${name}.key`)),
    ...more,
  },
});

async function callers(): Promise<unknown[]> {
  await service.app.get(AuditLog).flush();
  return service.app.get(DataSource).query(
    `SELECT event->'userIdentity'->>'arn' AS arn, event->'tlsDetails' AS tls FROM audit_events
      WHERE event->>'eventSource' = 'hostcommands' ORDER BY chain, sequence`,
  );
}

test.each(['TLSv1.2', 'TLSv1.3'] as const)('certificates decide who calls over %s', async (version) => {
  for (const name of ['switch', 'atm'])
    expect(await (await service.connect(0, as(name, { maxVersion: version }))).ask('B20004PING')).toBe('B300PING');
  const [first, second] = (await callers()).slice(-2);
  const details = { tlsVersion: version, cipherSuite: expect.stringMatching(/^TLS_/) as unknown };
  expect([first, second]).toEqual([
    { arn: SWITCH, tls: details },
    { arn: ATM, tls: details },
  ]);
});

test.each(['nobody', 'unnamed', 'forged'])('refuses the certificate of %s', async (name) => {
  const before = (await callers()).length;
  const client = await service.connect(0, as(name));
  client.socket.write(Buffer.from('\x00\x0a0000B20000', 'latin1'));
  expect(await client.read()).toBeUndefined();
  expect((await callers()).length).toBe(before);
});

test('refuses a client without a certificate', async () => {
  const client = await service.connect(0, as('switch', { cert: undefined, key: undefined }));
  expect(await client.read()).toBeUndefined();
});

test('refuses TLS 1.1 and plain text', async () => {
  await expect(
    service.connect(0, as('switch', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })),
  ).rejects.toThrow();
  const client = await service.connect(0);
  client.socket.write(Buffer.from('\x00\x0a0000B20000', 'latin1'));
  expect((await client.read())?.toString('latin1') ?? '').not.toContain('B3');
});

test('asks for no certificate where the configuration says so', async () => {
  const client = await service.connect(1, as('switch', { cert: undefined, key: undefined }));
  expect(await client.ask('B20004PING')).toBe('B300PING');
});

test('a host that ends its side gets its answers', async () => {
  const client = await service.connect(1, as('switch'));
  client.socket.end(Buffer.from('\x00\x0a0000B20000\x00\x0a0001B20000', 'latin1'));
  expect((await client.readAll()).map(String)).toEqual(['0000B300', '0001B300']);
});

test('a handshake takes the place of a connection until it fails or takes too long', async () => {
  const port = service.app.get<HostCommands>(HostCommands, { strict: false }).ports[2]!;
  const ask = async (): Promise<string | undefined> => {
    try {
      const client = await PayshieldClient.connect({ port, ...as('switch') });
      return await client.ask('B20000').finally(() => client.close());
    } catch {
      await pause(100);
      return undefined;
    }
  };
  const silent = await PayshieldClient.connect({ port });
  expect(await ask()).toBeUndefined();
  expect(await silent.read()).toBeUndefined();
  const gone = await PayshieldClient.connect({ port });
  gone.close();
  let reply = await ask();
  for (let attempts = 0; reply === undefined && attempts < 300; attempts++) reply = await ask();
  expect(reply).toBe('B300');
});

describe('a service that stops', () => {
  const service = useHostCommands({
    listeners: [listener({ tls: { ...tls, ca: undefined, clientCertificate: false } })],
  });

  test('does not wait for a handshake', async () => {
    const hostCommands = service.app.get<HostCommands>(HostCommands, { strict: false });
    const silent = await PayshieldClient.connect({ port: hostCommands.ports[0]! });
    expect(await (await service.connect(0, as('switch'))).ask('B20000')).toBe('B300');
    const before = service.log.length;
    await hostCommands.close(performance.now());
    expect(service.log.slice(before)).toEqual([]);
    expect(await silent.read()).toBeUndefined();
  });
});
