import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  verify,
  X509Certificate,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { pkcs8, testPki } from '../../../test/support/tr34.js';
import { vectors } from '../../../test/support/vectors.js';
import { publicKeyOf } from '../rsa.js';
import { decodeAll, oid } from '../asn1.js';
import { verifyCertificate } from './certificate.js';
import { certificationRequest } from './certification-request.js';
import { distinguishedName, type NameAttribute } from './distinguished-name.js';
import { issueLeaf, issueRoot } from './issue.js';
import type { SignatureHash } from './signature.js';

const pki = testPki();
const refusal = expect.objectContaining({ name: 'CryptoError', code: 'CERTIFICATE' });

const ROOT_NAME: NameAttribute[] = [
  { type: 'C', value: 'US' },
  { type: 'O', value: 'Keyblock' },
  { type: 'OU', value: 'Payment cryptography' },
  { type: 'ST', value: 'Virginia' },
  { type: 'CN', value: '111122223333' },
  { type: 'L', value: 'Arlington' },
];
const LEAF_NAME: NameAttribute[] = [
  { type: 'CN', value: '111122223333' },
  { type: 'serialNumber', value: '0123456789' },
];
const NOW = new Date('2026-01-15T12:00:00Z');
const validity = { notBefore: new Date('2026-01-15T11:00:00Z'), notAfter: new Date('2055-04-15T12:00:00Z') };

const childrenOf = (der: Buffer) => decodeAll(der, 'CERTIFICATE')[0]!.children;

describe('the certificate authority', () => {
  const key = pki.svcCa!.privateKey;
  const root = issueRoot({ subject: ROOT_NAME, privateKey: key, validity });

  test('issues its root', () => {
    const x509 = new X509Certificate(root.der);
    expect(x509.subject).toBe('C=US\nO=Keyblock\nOU=Payment cryptography\nST=Virginia\nCN=111122223333\nL=Arlington');
    expect(x509.issuer).toBe(x509.subject);
    expect(x509.ca).toBe(true);
    expect(x509.checkIssued(x509)).toBe(true);
    expect(root).toMatchObject({ ...validity, keyType: 'RSA', keyBits: 4096, isCa: true });
    expect(() => verifyCertificate(root, { issuer: root, time: NOW })).not.toThrow();
  });

  test('issues a leaf for an RSA key', () => {
    const leaf = issueLeaf({
      subject: LEAF_NAME,
      publicKey: pki.kdh!.certificate.publicKey,
      validity,
      issuer: { certificate: root, privateKey: key },
    });
    const x509 = new X509Certificate(leaf.der);
    expect(x509.subject).toBe('CN=111122223333\nserialNumber=0123456789');
    expect(x509.checkIssued(new X509Certificate(root.der))).toBe(true);
    expect(x509.checkPrivateKey(privateKeyOf('kdh'))).toBe(true);
    expect(x509.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    expect(leaf.isCa).toBe(false);
    expect(leaf.issuer).toEqual(root.subject);
    expect(leaf.der.includes(Buffer.from('0603551D0F0101FF0404030205A0', 'hex'))).toBe(true);
    expect(() => verifyCertificate(leaf, { issuer: root, time: NOW })).not.toThrow();
  });

  test('issues a leaf for an elliptic curve key under an elliptic curve root', () => {
    const pair = (namedCurve: string) =>
      pkcs8(generateKeyPairSync('ec', { namedCurve }).privateKey.export({ format: 'pem', type: 'pkcs8' }).toString());
    const rootKey = pair('P-521');
    const certificate = issueRoot({ subject: ROOT_NAME, privateKey: rootKey, validity });
    const leaf = issueLeaf({
      subject: LEAF_NAME,
      publicKey: publicKeyOf(pair('P-256')),
      validity,
      issuer: { certificate, privateKey: rootKey },
    });
    expect(leaf).toMatchObject({ keyType: 'EC', keyBits: 256 });
    expect(leaf.der.includes(Buffer.from('0603551D0F0101FF040403020308', 'hex'))).toBe(true);
    expect(new X509Certificate(leaf.der).checkIssued(new X509Certificate(certificate.der))).toBe(true);
    expect(() => verifyCertificate(leaf, { issuer: certificate, time: NOW })).not.toThrow();
  });

  test('gives every certificate a different positive serial number', () => {
    const serials = Array.from({ length: 20 }, () => issueRoot({ subject: ROOT_NAME, privateKey: key, validity })).map(
      ({ serialNumber }) => serialNumber,
    );
    expect(new Set(serials.map((serial) => serial.toString('hex'))).size).toBe(20);
    for (const serial of serials) {
      expect(serial.length).toBeLessThanOrEqual(19);
      expect(serial[2]! & 0x80).toBe(0);
    }
  });

  test.each([
    ['no key', Buffer.alloc(0)],
    [
      'a key that can only be used for key agreement',
      pkcs8(generateKeyPairSync('x25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()),
    ],
  ])('refuses %s', (_, privateKey) => {
    expect(() => issueRoot({ subject: ROOT_NAME, privateKey, validity })).toThrow(refusal);
  });

  test.each([new Date(Number.NaN), new Date('1949-12-31T23:59:59Z'), new Date('+010000-01-01T00:00:00Z')])(
    'refuses the time %s',
    (notAfter) => {
      const times = { ...validity, notAfter };
      expect(() => issueRoot({ subject: ROOT_NAME, privateKey: key, validity: times })).toThrow(
        expect.objectContaining({ code: 'DATA_FORMAT' }),
      );
    },
  );

  test('refuses to certify an invalid public key', () => {
    const issuer = { certificate: root, privateKey: key };
    expect(() => issueLeaf({ subject: LEAF_NAME, publicKey: Buffer.alloc(4), validity, issuer })).toThrow(refusal);
  });
});

function privateKeyOf(name: string) {
  return createPrivateKey({ key: pki[name]!.privateKey, format: 'der', type: 'pkcs8' });
}

describe('names', () => {
  test.each<[NameAttribute['type'], string]>([
    ['CN', ''],
    ['CN', 'x'.repeat(65)],
    ['CN', 'line\nbreak'],
    ['CN', '\ud800'],
    ['O', 'x'.repeat(65)],
    ['OU', ''],
    ['L', 'x'.repeat(129)],
    ['ST', ''],
    ['C', 'USA'],
    ['C', 'Ü1'],
    ['serialNumber', 'a_b'],
    ['emailAddress', 'ä@example.com'],
    ['emailAddress', 'x'.repeat(129)],
  ])('refuse %s=%j', (type, value) => {
    expect(() => distinguishedName([{ type, value }])).toThrow(refusal);
  });

  test('accept characters of any script and count characters, not bytes', () => {
    const value = '\u{1f511}'.repeat(64);
    expect(distinguishedName([{ type: 'CN', value }]).includes(Buffer.from(value))).toBe(true);
  });
});

interface RequestVector {
  operation: string;
  inputs: { key: string; signingAlgorithm: SignatureHash; certificateSubject: Record<string, string> };
  expected: {
    signatureAlgorithmOid: string;
    subjectAttributes: Record<string, string>;
    subjectPublicKeyInfoSha256: string;
  };
}

const MEMBERS = {
  CommonName: 'CN',
  OrganizationUnit: 'OU',
  Organization: 'O',
  City: 'L',
  StateOrProvince: 'ST',
  Country: 'C',
  EmailAddress: 'emailAddress',
} as const;

describe('certification requests', () => {
  const cases = ['rsa', 'ecdh-exchange'].flatMap((file) =>
    vectors<RequestVector>(file)
      .filter(({ operation }) => operation === 'GetCertificateSigningRequest')
      .map((vector) => ({ ...vector, file })),
  );

  test.each(cases)('match $id', ({ file, inputs, expected }) => {
    const subject = Object.entries(inputs.certificateSubject).map(([member, value]) => ({
      type: MEMBERS[member as keyof typeof MEMBERS],
      value,
    }));
    const { key, signingAlgorithm: hash } = inputs;
    const request = certificationRequest({ subject, privateKey: keyOf(file, key), hash });

    const [info, algorithm, signature] = childrenOf(request);
    const [version, name, spki, attributes] = childrenOf(info!.der);
    expect(version!.der.toString('hex')).toBe('020100');
    expect(name!.der).toEqual(distinguishedName(subject));
    expect(name!.children).toHaveLength(Object.keys(expected.subjectAttributes).length);
    expect(createHash('sha256').update(spki!.der).digest('hex').toUpperCase()).toBe(
      expected.subjectPublicKeyInfoSha256,
    );
    expect(attributes!.der.toString('hex')).toBe('a000');
    expect(algorithm!.children[0]!.der).toEqual(oid(expected.signatureAlgorithmOid));
    const publicKey = createPublicKey({ key: spki!.der, format: 'der', type: 'spki' });
    expect(verify(hash, info!.der, publicKey, signature!.content.subarray(1))).toBe(true);
  });

  test('no vector is missing', () => expect(cases).toHaveLength(5));

  test('are refused without a valid key', () => {
    const request = { subject: LEAF_NAME, privateKey: Buffer.alloc(3), hash: 'SHA256' } as const;
    expect(() => certificationRequest(request)).toThrow(refusal);
  });
});

/** Returns the key that a request vector names, from the PKI of its file. */
function keyOf(file: string, name: string): Buffer {
  const { pki: keys } = JSON.parse(
    readFileSync(new URL(`../../../test/vectors/${file}.json`, import.meta.url), 'utf8'),
  ) as { pki: Record<string, { privateKeyPem: string }> };
  return pkcs8(keys[name]!.privateKeyPem);
}
