import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { newStore, type TestStore } from '../../support/database.js';
import { useProcesses } from '../../support/process.js';
import { serviceEnv, sign, TestClock } from '../../support/service.js';
import { healthBody, newCredential } from '../../support/xks.js';

const start = useProcesses();
let store: TestStore;
let folder: string;
beforeAll(async () => {
  store = await newStore();
  folder = mkdtempSync(join(tmpdir(), 'keyblock-xks-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await store.remove();
});

test('AWS KMS calls over TLS 1.2 and 1.3, with cipher suites that the specification names', async () => {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const files = ['-keyout', key, '-out', cert];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', ...subject, ...files], {
    stdio: 'ignore',
  });
  const service = start({ ...serviceEnv(store), KEYBLOCK_TLS_KEY_FILE: key, KEYBLOCK_TLS_CERT_FILE: cert });
  const { hostname, port, host, href } = new URL(await service.listening);
  const { credentials } = await newCredential({ store }, 'stores/orders');
  const trust = { ca: readFileSync(cert), servername: 'localhost' };

  const call = async (maxVersion: 'TLSv1.2' | 'TLSv1.3', ciphers: string) => {
    const sent = await sign(href, new TestClock(), {
      ...{ service: 'kms-xks-proxy', region: 'eu-central-1', credentials },
      path: '/stores/orders/kms/xks/v1/health',
      body: JSON.stringify(healthBody),
    });
    return new Promise<{ status?: number; cipher: string; body: string }>((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port), maxVersion, ciphers, ...trust });
      const { path, headers } = sent;
      request({ createConnection: () => socket, method: 'POST', path, headers: { ...headers, host } }, (response) => {
        const { statusCode: status } = response;
        const cipher = socket.getCipher().standardName;
        text(response).then((body) => resolve({ status, cipher, body }), reject);
      })
        .on('error', reject)
        .end(sent.body);
    });
  };
  for (const [version, ciphers, cipher] of [
    ['TLSv1.3', 'TLS_AES_256_GCM_SHA384', 'TLS_AES_256_GCM_SHA384'],
    ['TLSv1.3', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_CHACHA20_POLY1305_SHA256'],
    ['TLSv1.2', 'ECDHE-RSA-AES256-GCM-SHA384', 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384'],
  ] as const)
    expect(await call(version, ciphers)).toEqual({
      status: 200,
      cipher,
      body: expect.stringContaining('"healthStatus":"ACTIVE"') as unknown,
    });
});
