import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { forgePrivateKey, forgePublicHalf, issueWithForge } from '../../test/support/forge.js';
import { testPki } from '../../test/support/tr34.js';
import { vectors } from '../../test/support/vectors.js';
import { keyblock } from './keyblock.js';

interface TokenVector {
  inputs: { wrappedKeyBlock: string; randomNonce: string };
  expected: { clearKey: string; keyBlockHeader: string };
}

const pki = testPki();
const { inputs, expected } = vectors<TokenVector>('tr34').find(({ id }) => id === 'tr34-import-2pass-tdes2key-k0')!;

const folder = mkdtempSync(join(tmpdir(), 'keyblock-tr34-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
function file(name: string, content: Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const FILES = {
  '--sender-certificate': file('kdh.der', pki.kdh!.certificate.der),
  '--ca': file('ca.der', pki.kdhCa!.certificate.der),
  '--receiver-certificate': file('krd.der', pki.svcKrd2048!.certificate.der),
  '--receiver-key': file('krd.key', pki.svcKrd2048!.privateKey),
};

async function open(changes: Record<string, string> = {}) {
  const options = { ...FILES, '--nonce': inputs.randomNonce, '--at': '2026-01-15', ...changes };
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const exitCode = await keyblock(
    ['tr34', 'open', inputs.wrappedKeyBlock, '--json', ...Object.entries(options).flat()],
    {
      stdin: Readable.from([]),
      stdout,
      stderr,
    },
  );
  stdout.end();
  stderr.end();
  return { exitCode, stdout: await text(stdout), stderr: await text(stderr) };
}

test('opens a token and prints its key', async () => {
  const { exitCode, stdout, stderr } = await open();
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual({
    Opened: true,
    KeyBlockHeader: expected.keyBlockHeader,
    Key: expected.clearKey,
  });
});

test.each([
  ['another nonce', { '--nonce': 'E7A9CC5BFD1A7FDD' }],
  [
    'another receiver',
    {
      '--receiver-certificate': file('krd3072.der', pki.svcKrd3072!.certificate.der),
      '--receiver-key': file('krd3072.key', pki.svcKrd3072!.privateKey),
    },
  ],
])('answers no with %s', async (_, changes) => {
  const { exitCode, stdout } = await open(changes);
  expect([exitCode, JSON.parse(stdout)]).toEqual([1, { Opened: false }]);
});

test("refuses a sender's certificate that the service refuses", async () => {
  const ca = forgePrivateKey(pki.kdhCa!.privateKey);
  const issued = issueWithForge({
    subject: [{ shortName: 'CN', value: 'Sender' }],
    publicKey: forgePublicHalf(forgePrivateKey(pki.kdh!.privateKey)),
    issuer: { subject: [{ shortName: 'CN', value: 'Root' }], privateKey: ca },
    notBefore: new Date('2026-01-01'),
    notAfter: new Date('2027-01-01'),
    hash: 'sha1',
  });
  expect(await open({ '--sender-certificate': file('sha1.der', issued) })).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: expect.stringContaining('must be signed with SHA-224, SHA-256, SHA-384 or SHA-512') as string,
  });
});
