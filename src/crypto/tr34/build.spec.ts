import { execFileSync, spawnSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { crlOf, pkcs8, testPki } from '../../../test/support/tr34.js';
import { hex } from '../../../test/support/vectors.js';
import { isStrong, withOddParity } from '../des.js';
import { rsaDecrypt } from '../rsa.js';
import { buildKeyTransport, type KeyTransportToBuild } from './build.js';
import { toPem } from '../x509/certificate.js';
import { inspectKeyTransport } from './inspect.js';
import { issueLeaf, issueRoot } from '../x509/issue.js';
import { openKeyTransport } from './parse.js';

const pki = testPki();
const NOW = new Date('2026-01-15T12:00:00.789Z');
const refusal = (code: string) => expect.objectContaining({ name: 'CryptoError', code }) as Error;
const CRL = crlOf(pki.svcCa!, { serialNumbers: [] });

const toBuild = (changes: Partial<KeyTransportToBuild> = {}): KeyTransportToBuild => ({
  form: 'X9_TR34_2012',
  header: 'D0112K0TB00E0000',
  key: hex('98C8B389315E34E9D00B6BAEC24A577F'),
  kdh: pki.svcKdh!,
  krd: { certificate: pki.cliKrd2048!.certificate, issuer: pki.cliCa!.certificate },
  time: NOW,
  nonce: hex('E7A9CC5BFD1A7FDC'),
  ...changes,
});

const open = (block: Buffer, { nonce, time }: { nonce?: Buffer; time: Date }) =>
  openKeyTransport({
    block,
    kdh: { certificate: pki.svcKdh!.certificate, issuer: pki.svcCa!.certificate },
    krd: pki.cliKrd2048!,
    nonce,
    time,
  });

test('a built token opens, in every form', () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map((b) => Buffer.from(b));
  const payload = fc.oneof(
    fc.record({ algorithm: fc.constant('T'), key: fc.oneof(bytes(16), bytes(24)) }),
    fc.record({ algorithm: fc.constant('A'), key: bytes(16) }),
  );
  const nonce = fc.option(
    fc.uint8Array({ minLength: 8, maxLength: 16 }).map((b) => Buffer.from(b)),
    {
      nil: undefined,
    },
  );
  const optionalBlocks = fc.stringMatching(/^[0-9A-Z]{0,112}$/);
  const form = fc.constantFrom<KeyTransportToBuild['form'][]>('X9_TR34_2012', 'X9_TR34_2019');
  const time = fc.date({ min: new Date('2020-01-01'), max: new Date('2049-12-31'), noInvalidDate: true });
  fc.assert(
    fc.property(payload, nonce, optionalBlocks, form, time, ({ algorithm, key }, nonce, blocks, form, time) => {
      const header = `D9999K0${algorithm}B00E0000${blocks}`;
      const crl = form === 'X9_TR34_2019' ? CRL : undefined;
      const opened = open(buildKeyTransport(toBuild({ form, header, key, nonce, time, crl })), { nonce, time });
      expect(opened).toMatchObject({ header, key });
      expect(opened.signingTime?.getTime()).toBe(nonce ? undefined : Math.floor(time.getTime() / 1000) * 1000);
    }),
    { numRuns: 25 },
  );
});

test('every token has a new ephemeral key and initialization vector', () => {
  const [a, b] = [0, 1].map(() => inspectKeyTransport(buildKeyTransport(toBuild())));
  expect(a!.iv).not.toEqual(b!.iv);
  expect(a!.encryptedKey).not.toEqual(b!.encryptedKey);
  expect(a!.encryptedContent).not.toEqual(b!.encryptedContent);
});

test.each([
  ['T', 'DES-EDE3-CBC', 24],
  ['A', 'AES-128-CBC', 16],
])('encrypts a key of algorithm %s with %s', (algorithm, contentCipher, keyBytes) => {
  const token = inspectKeyTransport(buildKeyTransport(toBuild({ header: `D0112K0${algorithm}B00E0000` })));
  const ephemeralKey = rsaDecrypt(pki.cliKrd2048!.privateKey, 'OAEP_SHA256', token.encryptedKey);
  expect(token.contentCipher).toBe(contentCipher);
  expect(ephemeralKey).toHaveLength(keyBytes);
  if (keyBytes === 24) expect([isStrong(ephemeralKey), withOddParity(ephemeralKey)]).toEqual([true, ephemeralKey]);
});

test('writes the signing time as a GeneralizedTime from 2050', () => {
  const time = new Date('2051-02-03T04:05:06Z');
  const validity = { notBefore: NOW, notAfter: new Date('2060-01-01T00:00:00Z') };
  const issuer = issueRoot({ subject: [{ type: 'CN', value: 'root' }], privateKey: pki.cliCa!.privateKey, validity });
  const certificate = issueLeaf({
    subject: [{ type: 'CN', value: 'leaf' }],
    publicKey: pki.cliKrd2048!.certificate.publicKey,
    validity,
    issuer: { certificate: issuer, privateKey: pki.cliCa!.privateKey },
  });
  const block = buildKeyTransport(toBuild({ krd: { certificate, issuer }, nonce: undefined, time }));
  expect(block.includes(Buffer.from('\x18\x0f20510203040506Z', 'latin1'))).toBe(true);
  expect(inspectKeyTransport(block).signingTime).toEqual(time);
});

describe('building a token is refused with', () => {
  const { kdh, krd } = toBuild();
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const ecKey = pkcs8(ec.export({ format: 'pem', type: 'pkcs8' }).toString());
  const validity = { notBefore: NOW, notAfter: NOW };
  const ecParty = {
    certificate: issueRoot({ subject: [{ type: 'CN', value: 'EC' }], privateKey: ecKey, validity }),
    privateKey: ecKey,
  };
  const ecKrd = { certificate: ecParty.certificate, issuer: ecParty.certificate };

  test.each<[string, string, Partial<KeyTransportToBuild>]>([
    ['a nonce of 7 bytes', 'DATA_LENGTH', { nonce: Buffer.alloc(7) }],
    ['a nonce of 17 bytes', 'DATA_LENGTH', { nonce: Buffer.alloc(17) }],
    ['an empty nonce', 'DATA_LENGTH', { nonce: Buffer.alloc(0) }],
    ['a single DES key', 'KEY_LENGTH', { key: Buffer.alloc(8) }],
    ['a TDES key of 32 bytes', 'KEY_LENGTH', { key: Buffer.alloc(32) }],
    ['no key', 'KEY_LENGTH', { key: Buffer.alloc(0) }],
    ['an AES-192 key', 'KEY_LENGTH', { key: Buffer.alloc(24), header: 'D0112K0AB00E0000' }],
    ['an AES-256 key', 'KEY_LENGTH', { key: Buffer.alloc(32), header: 'D0144K0AB00E0000' }],
    ['a header of 15 characters', 'DATA_FORMAT', { header: 'D0112K0TB00E000' }],
    ['a header with a line end', 'DATA_FORMAT', { header: 'D0112K0TB00E0000\n' }],
    ['a header with a character beyond ASCII', 'DATA_FORMAT', { header: 'D0112K0TB00E000é' }],
    ['a header for an HMAC key', 'DATA_FORMAT', { header: 'D0112M7HG00E0000' }],
    ['a CRL in the 2012 form', 'CMS', { crl: CRL }],
    ['a CRL that is not a CRL', 'CMS', { form: 'X9_TR34_2019', crl: Buffer.from('0402', 'hex') }],
    ['a one-pass 2019 token without a CRL', 'CMS', { form: 'X9_TR34_2019', nonce: undefined }],
    ['a receiver certified by another CA', 'CERTIFICATE', { krd: { ...krd, issuer: pki.svcCa!.certificate } }],
    ['a receiver before its validity period', 'CERTIFICATE', { time: new Date('2019-12-31T23:59:59Z') }],
    ['a receiver after its validity period', 'CERTIFICATE', { time: new Date('2050-01-01T00:00:00Z') }],
    ['no time', 'CERTIFICATE', { time: new Date(Number.NaN) }],
    ['a receiver with an elliptic curve key', 'CERTIFICATE', { krd: ecKrd }],
    ['a sender with an elliptic curve key', 'CERTIFICATE', { kdh: ecParty }],
    ["another pair's private key", 'CERTIFICATE', { kdh: { ...kdh, privateKey: pki.kdh!.privateKey } }],
    ['an invalid private key', 'CERTIFICATE', { kdh: { ...kdh, privateKey: Buffer.from('key') } }],
  ])('%s', (_, code, changes) => {
    expect(() => buildKeyTransport(toBuild(changes))).toThrow(refusal(code));
  });
});

/** OpenSSL reads the tokens that we build: whole tokens in the 2019 form, and the CMS parts of the 2012 form. */
const withOpenSsl = spawnSync('openssl', ['version']).status === 0 ? describe : describe.skip;
withOpenSsl('openssl cms', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tr34-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string, content: string | Buffer) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  const kdh = file('kdh.pem', toPem('CERTIFICATE', pki.svcKdh!.certificate.der));
  const ca = file('ca.pem', toPem('CERTIFICATE', pki.svcCa!.certificate.der));
  const krd = file('krd.pem', toPem('CERTIFICATE', pki.cliKrd2048!.certificate.der));
  const krdKey = createPrivateKey({ key: pki.cliKrd2048!.privateKey, format: 'der', type: 'pkcs8' });
  const key = file('krd.key', krdKey.export({ format: 'pem', type: 'pkcs8' }));
  const run = (...args: string[]) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const verified = (block: Buffer) =>
    run(
      ...['cms', '-verify', '-inform', 'DER', '-in', file('token.der', block), '-binary'],
      ...['-certfile', kdh, '-nointern', '-CAfile', ca, '-purpose', 'any'],
    );

  test.each([
    ['X9_TR34_2012', 8],
    ['X9_TR34_2012', 16],
    ['X9_TR34_2012', undefined],
    ['X9_TR34_2019', 8],
    ['X9_TR34_2019', 16],
    ['X9_TR34_2019', undefined],
  ] as const)('OpenSSL verifies our signature, %s, nonce of %s bytes', (form, nonceBytes) => {
    const nonce = nonceBytes && Buffer.alloc(nonceBytes, 0xa5);
    const block = buildKeyTransport(toBuild({ form, nonce, crl: form === 'X9_TR34_2019' ? CRL : undefined }));
    expect(verified(block)).toEqual(inspectKeyTransport(block).eContent);
  });

  test.each(['D0112K0TB00E0000', 'D0112K0AB00E0000'])('OpenSSL opens our 2019 envelope, header %s', (header) => {
    const token = toBuild({ form: 'X9_TR34_2019', header });
    const { eContent } = inspectKeyTransport(buildKeyTransport(token));
    const info = hex('3082000006092A864886F70D010703A0820000');
    info.writeUInt16BE(eContent.length + 15, 2);
    info.writeUInt16BE(eContent.length, info.length - 2);
    const envelope = file('envelope.der', Buffer.concat([info, eContent]));
    const plaintext = run(
      'cms',
      '-decrypt',
      '-inform',
      'DER',
      '-in',
      envelope,
      '-recip',
      krd,
      '-inkey',
      key,
      '-binary',
    );
    expect(plaintext.includes(token.key)).toBe(true);
    expect(plaintext.includes(pki.svcKdh!.certificate.issuerAndSerialNumber)).toBe(true);
    expect(plaintext.subarray(-16).toString()).toBe(header);
  });
});
