import forge from 'node-forge';
import {
  type CertificateToIssue,
  forgePrivateKey,
  forgePublicHalf,
  fromDer,
  issueWithForge,
  toDer,
} from '../../../test/support/forge.js';
import { testPki } from '../../../test/support/tr34.js';
import { bitFlips } from '../../../test/support/vectors.js';
import { readCertificate, toPem, verifyCertificate } from './certificate.js';
import { describeName } from './distinguished-name.js';

const NOW = new Date('2026-01-15T12:00:00Z');
const YEAR_MS = 365 * 86_400_000;
const pki = testPki();
const caKey = forgePrivateKey(pki.kdhCa!.privateKey);
const leafKey = forgePrivateKey(pki.kdh!.privateKey);
const otherKey = forgePrivateKey(pki.otherCa!.privateKey);
const CA_NAME = [
  { shortName: 'C', value: 'NZ' },
  { shortName: 'O', value: 'Forge' },
  { shortName: 'CN', value: 'Forge root' },
];
const CA_EXTENSIONS = [
  { name: 'basicConstraints', cA: true, critical: true },
  { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
];

const issue = (changes: Partial<CertificateToIssue> = {}) =>
  issueWithForge({
    subject: [{ shortName: 'CN', value: 'Forge leaf' }],
    publicKey: forgePublicHalf(leafKey),
    issuer: { subject: CA_NAME, privateKey: caKey },
    notBefore: new Date(NOW.getTime() - YEAR_MS),
    notAfter: new Date(NOW.getTime() + YEAR_MS),
    ...changes,
  });
const root = (changes: Partial<CertificateToIssue> = {}) =>
  issue({ subject: CA_NAME, publicKey: forgePublicHalf(caKey), extensions: CA_EXTENSIONS, ...changes });

const issuer = readCertificate(root());
const refusal = expect.objectContaining({ name: 'CryptoError', code: 'CERTIFICATE' }) as Error;
const verify = (der: Buffer, changes: { issuer?: typeof issuer; time?: Date } = {}) =>
  verifyCertificate(readCertificate(der), { issuer, time: NOW, ...changes });

describe('a certificate that forge issued', () => {
  test('has the fields that forge wrote', () => {
    const certificate = readCertificate(issue({ serialNumber: '00C0FFEE' }));
    expect(certificate).toMatchObject({
      serialNumber: Buffer.from('020400C0FFEE', 'hex'),
      notBefore: new Date(NOW.getTime() - YEAR_MS),
      notAfter: new Date(NOW.getTime() + YEAR_MS),
      publicKey: toDer(forge.pki.publicKeyToAsn1(forgePublicHalf(leafKey))),
      keyType: 'RSA',
      keyBits: 2048,
      isCa: false,
    });
    expect(describeName(certificate.issuer)).toBe('C=NZ, O=Forge, CN=Forge root');
    expect(describeName(certificate.subject)).toBe('CN=Forge leaf');
  });

  test.each(['sha256', 'sha384', 'sha512'] as const)('verifies under its root when it is signed with %s', (hash) => {
    expect(() => verify(issue({ hash }))).not.toThrow();
  });

  test('is read from the PEM that forge writes, with CR LF line endings', () => {
    const der = issue();
    const pem = forge.pki.certificateToPem(forge.pki.certificateFromAsn1(fromDer(der)));
    expect(pem).toContain('\r\n');
    expect(readCertificate(Buffer.from(pem))).toEqual(readCertificate(der));
  });

  test('may end after 2049, in GeneralizedTime', () => {
    const notAfter = new Date('2060-02-29T00:00:00Z');
    const der = issue({ notAfter });
    expect(der.includes('20600229000000Z')).toBe(true);
    expect(readCertificate(der).notAfter).toEqual(notAfter);
  });

  test.each<[string, boolean, object[]]>([
    ['CA:TRUE and keyCertSign', true, CA_EXTENSIONS],
    ['CA:TRUE without a key usage', true, CA_EXTENSIONS.slice(0, 1)],
    [
      'CA:TRUE with a key usage that lacks keyCertSign',
      false,
      [CA_EXTENSIONS[0]!, { name: 'keyUsage', digitalSignature: true }],
    ],
    ['CA:FALSE with keyCertSign', false, [{ name: 'basicConstraints', cA: false }, CA_EXTENSIONS[1]!]],
    ['keyCertSign alone', false, CA_EXTENSIONS.slice(1)],
    ['no extensions', false, []],
  ])('with %s has isCa %s', (_, isCa, extensions) => {
    expect(readCertificate(root({ extensions })).isCa).toBe(isCa);
  });
});

describe('a certificate that forge issued is refused', () => {
  test.each<[string, string, Partial<CertificateToIssue>]>([
    ['when it has expired', 'within its validity period', { notAfter: new Date(NOW.getTime() - 1000) }],
    ['before its validity period', 'within its validity period', { notBefore: new Date(NOW.getTime() + 1000) }],
    [
      'when another key of the same name signed it',
      'issued by',
      { issuer: { subject: CA_NAME, privateKey: otherKey } },
    ],
    ['when it signed itself', 'issued by', { issuer: { subject: CA_NAME, privateKey: leafKey } }],
    ['when it names another issuer', 'issued by', { issuer: { subject: CA_NAME.slice(1), privateKey: caKey } }],
    [
      "when the issuer's name is in another order",
      'issued by',
      { issuer: { subject: [...CA_NAME].reverse(), privateKey: caKey } },
    ],
    [
      "when its key is longer than the issuer's",
      'must not be stronger',
      { publicKey: forgePublicHalf(forgePrivateKey(pki.svcKrd3072!.privateKey)) },
    ],
  ])('%s', (_, message, changes) => {
    expect(() => verify(issue(changes))).toThrow(refusal);
    expect(() => verify(issue(changes))).toThrow(message);
  });

  test('with any byte modified', () => {
    const der = issue({ extensions: [{ name: 'keyUsage', digitalSignature: true, critical: true }] });
    const signatureAt = der.length - 256;
    for (let at = 0; at < signatureAt; at += 4) {
      const changed = Buffer.from(der);
      changed[at]! ^= 0x01;
      expect(() => verify(changed)).toThrow(refusal);
    }
  });

  test('with a flipped bit in the signature', () => {
    const der = issue();
    const changed = bitFlips(der.subarray(-4)).map((end) => Buffer.concat([der.subarray(0, -4), end]));
    for (const each of changed) expect(() => verify(each)).toThrow(refusal);
  });

  test.each<[string, (der: Buffer) => Buffer]>([
    ['is truncated', (der) => der.subarray(0, -1)],
    ['has an extra byte', (der) => Buffer.concat([der, Buffer.alloc(1)])],
    ['is followed by another certificate', (der) => Buffer.concat([der, der])],
    ['has a length that is not minimal', (der) => Buffer.concat([Buffer.from('308300', 'hex'), der.subarray(2)])],
    [
      'has an indefinite length',
      (der) => Buffer.concat([Buffer.from('3080', 'hex'), der.subarray(4), Buffer.alloc(2)]),
    ],
    ['is empty', () => Buffer.from('3000', 'hex')],
  ])('when it %s, in DER and in PEM', (_, change) => {
    const changed = change(issue());
    expect(() => readCertificate(changed)).toThrow(refusal);
    expect(() => readCertificate(Buffer.from(toPem('CERTIFICATE', changed)))).toThrow(refusal);
  });
});
