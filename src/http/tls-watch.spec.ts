import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'node:tls';
import { pino } from 'pino';
import { TlsWatch } from './tls-watch.js';

/** Makes a self-signed certificate. @param name common name */
function selfSigned(name: string): { cert: Buffer; key: Buffer } {
  const made = mkdtempSync(join(tmpdir(), 'keyblock-tls-'));
  const [key, cert] = [join(made, 'key'), join(made, 'cert')];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${name}`];
  execFileSync('openssl', ['req', '-x509', ...kind, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const pair = { cert: readFileSync(cert), key: readFileSync(key) };
  rmSync(made, { recursive: true });
  return pair;
}

const [first, second] = [selfSigned('first.example'), selfSigned('second.example')];
let folder: string;
let server: Server;
let watch: TlsWatch;
const log: string[] = [];

beforeEach(async () => {
  log.length = 0;
  folder = mkdtempSync(join(tmpdir(), 'keyblock-tls-'));
  const files = { cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
  writeFileSync(files.cert, first.cert);
  writeFileSync(files.key, first.key);
  server = createServer({ cert: first.cert, key: first.key }, (_request, response) => response.end('ok'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  watch = new TlsWatch(server, { ...first, files }, pino({}, { write: (line) => log.push(line) }), 10);
});
afterEach(async () => {
  watch.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

/** Returns the common name of the certificate that a new connection gets. */
function served(): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      { port: (server.address() as AddressInfo).port, host: '127.0.0.1', rejectUnauthorized: false },
      () => {
        resolve(String(socket.getPeerCertificate().subject.CN));
        socket.destroy();
      },
    );
    socket.on('error', reject);
  });
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await pause(10);
}

test('new connections get a renewed certificate', async () => {
  expect(await served()).toBe('first.example');
  writeFileSync(join(folder, 'tls.key'), second.key);
  writeFileSync(join(folder, 'tls.crt'), second.cert);
  await until(async () => (await served()) === 'second.example');
});

test('a file may be replaced by a link, as in a mounted secret', async () => {
  for (const name of ['tls.crt', 'tls.key'] as const) {
    writeFileSync(join(folder, `next-${name}`), name === 'tls.crt' ? second.cert : second.key);
    symlinkSync(join(folder, `next-${name}`), join(folder, `link-${name}`));
    renameSync(join(folder, `link-${name}`), join(folder, name));
  }
  await until(async () => (await served()) === 'second.example');
});

test('a certificate that does not fit the key is reported, and the old one stays', async () => {
  writeFileSync(join(folder, 'tls.crt'), second.cert);
  await until(() => log.some((line) => line.includes('could not be reloaded')));
  expect(await served()).toBe('first.example');
  writeFileSync(join(folder, 'tls.key'), second.key);
  await until(async () => (await served()) === 'second.example');
});

test('a file that is missing for a moment is reported', async () => {
  renameSync(join(folder, 'tls.crt'), join(folder, 'away'));
  await until(() => log.some((line) => line.includes('could not be reloaded')));
  expect(await served()).toBe('first.example');
});
