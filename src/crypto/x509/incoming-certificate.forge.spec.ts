import { constants, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import {
  type CertificateToIssue,
  forgePrivateKey,
  forgePublicHalf,
  issueWithForge,
} from '../../../test/support/forge.js';
import { testPki } from '../../../test/support/tr34.js';
import { bitString, decodeAll, type Element, encode, integer, NULL, octetString, oid, sequence, TAG } from '../asn1.js';
import { readCertificate, toPem } from './certificate.js';
import { readIncomingCertificate } from './incoming-certificate.js';

const pki = testPki();
const caPkcs8 = pki.kdhCa!.privateKey;
const caKey = forgePrivateKey(caPkcs8);
const leafKey = forgePublicHalf(forgePrivateKey(pki.kdh!.privateKey));
const NAME = [{ shortName: 'CN', value: 'Forge root' }];

const issue = (changes: Partial<CertificateToIssue> = {}) =>
  issueWithForge({
    subject: NAME,
    publicKey: leafKey,
    issuer: { subject: NAME, privateKey: caKey },
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2027-01-01T00:00:00Z'),
    ...changes,
  });

const refusal = (message: string): Error =>
  expect.objectContaining({ code: 'CERTIFICATE', message: expect.stringContaining(message) as unknown }) as Error;
const expectRefused = (der: Buffer, message: string) => {
  expect(() => readIncomingCertificate(der)).toThrow(refusal(message));
  expect(() => readIncomingCertificate(Buffer.from(toPem('CERTIFICATE', der)))).toThrow(refusal(message));
};

const critical = (id: string, value = sequence()) => ({ id, critical: true, value: value.toString('latin1') });
const extension = (id: string, value: Buffer) => ({ id, value: value.toString('latin1') });

/** The parts of a certificate: the fields of tbsCertificate without its version, and the signature algorithm. */
interface Parts {
  fields: Buffer[];
  algorithm: Buffer;
  /** Signs the encoding of tbsCertificate. */
  sign: (tbs: Buffer) => Buffer;
}

const SHA256_RSA = sequence(oid('1.2.840.113549.1.1.11'), NULL);
const caPrivateKey = createPrivateKey({ key: caPkcs8, format: 'der', type: 'pkcs8' });

/** Takes a certificate apart, changes the parts and signs them again. */
function changed(change: (parts: Parts) => Partial<Parts>, certificate = issue()): Buffer {
  const [{ children }] = decodeAll(certificate, 'CERTIFICATE') as [Element];
  const [version, ...fields] = children[0]!.children.map(({ der }) => der) as [Buffer, ...Buffer[]];
  const parts: Parts = { fields, algorithm: SHA256_RSA, sign: (tbs) => sign('sha256', tbs, caPrivateKey) };
  const all = { ...parts, ...change(parts) };
  const tbs = sequence(version, ...all.fields);
  return sequence(tbs, all.algorithm, bitString(all.sign(tbs)));
}

/** Positions of the fields in tbsCertificate after the version. */
const [SERIAL, SIGNATURE, PUBLIC_KEY] = [0, 1, 5];
const replace =
  (at: number, by: Buffer) =>
  ({ fields }: Parts) => ({ fields: fields.with(at, by) });
const withAlgorithm = (algorithm: Buffer, signature: Parts['sign']) =>
  changed(({ fields }) => ({ fields: fields.with(SIGNATURE, algorithm), algorithm, sign: signature }));

/** RSASSA-PSS-params with one hash for both parts, or without both parts, which means SHA-1. */
const pss = (hash?: string) =>
  sequence(
    oid('1.2.840.113549.1.1.10'),
    hash === undefined
      ? sequence()
      : sequence(
          encode(TAG.CONSTRUCTED_0, sequence(oid(hash), NULL)),
          encode(TAG.CONSTRUCTED_1, sequence(oid('1.2.840.113549.1.1.8'), sequence(oid(hash), NULL))),
          encode(0xa2, integer(32)),
        ),
  );
const pssSign = (hash: string) => (tbs: Buffer) =>
  sign(hash, tbs, { key: caPrivateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const SHA1 = '1.3.14.3.2.26';
const SHA256 = '2.16.840.1.101.3.4.2.1';

test.each<[string, Buffer]>([
  ['SHA-256, SHA-384 and SHA-512 of forge', issue({ hash: 'sha384' })],
  ['RSASSA-PSS with SHA-256', withAlgorithm(pss(SHA256), pssSign('sha256'))],
  [
    'ECDSA with SHA-256',
    withAlgorithm(sequence(oid('1.2.840.10045.4.3.2')), (tbs) => sign('sha256', tbs, ec.privateKey)),
  ],
  ['known critical extensions', issue({ extensions: [{ name: 'basicConstraints', cA: true, critical: true }] })],
  ['a critical extended key usage', issue({ extensions: [{ name: 'extKeyUsage', serverAuth: true, critical: true }] })],
  ['an unknown extension that is not critical', issue({ extensions: [extension('1.2.3.4', Buffer.from('no DER'))] })],
  ['fields as the other reader returns them', changed(() => ({}))],
])('reads a certificate with %s', (_, der) => {
  expect(readIncomingCertificate(der)).toEqual(readCertificate(der));
});

describe('a signature is refused with', () => {
  const STRONG = 'must be signed with SHA-224, SHA-256, SHA-384 or SHA-512';
  test.each<[string, Buffer]>([
    ['SHA-1 of forge', issue({ hash: 'sha1' })],
    ['MD5 of forge', issue({ hash: 'md5' })],
    ['ECDSA with SHA-1', withAlgorithm(sequence(oid('1.2.840.10045.4.1')), (tbs) => sign('sha1', tbs, ec.privateKey))],
    ['RSASSA-PSS with its default, SHA-1', withAlgorithm(pss(), pssSign('sha1'))],
    ['RSASSA-PSS with SHA-1', withAlgorithm(pss(SHA1), pssSign('sha1'))],
    [
      'RSASSA-PSS whose mask is of SHA-1',
      withAlgorithm(
        sequence(
          oid('1.2.840.113549.1.1.10'),
          sequence(encode(TAG.CONSTRUCTED_0, sequence(oid(SHA256), NULL)), encode(0xa2, integer(32))),
        ),
        pssSign('sha256'),
      ),
    ],
    ['an unknown algorithm', withAlgorithm(sequence(oid('1.2.3.4')), () => Buffer.alloc(256))],
  ])('%s', (_, der) => {
    expectRefused(der, STRONG);
  });

  test('two different algorithms', () => {
    expectRefused(changed(replace(SIGNATURE, sequence(oid('1.2.840.113549.1.1.13'), NULL))), 'one signature algorithm');
  });
});

describe('extensions are refused with', () => {
  test.each<[string, object[], string]>([
    ['an unknown critical extension', [critical('1.2.3.4')], 'unknown critical extension 1.2.3.4'],
    [
      'critical name constraints, which the service does not check',
      [critical('2.5.29.30')],
      'unknown critical extension 2.5.29.30',
    ],
    [
      'a critical extension after others',
      [{ name: 'subjectKeyIdentifier' }, critical('2.5.29.36')],
      'extension 2.5.29.36',
    ],
    [
      'a duplicate extension',
      [{ name: 'basicConstraints', cA: true }, extension('1.2.3.4', NULL), extension('1.2.3.4', NULL)],
      'has the extension 1.2.3.4 twice',
    ],
    [
      'bytes after a value',
      [extension('2.5.29.37', Buffer.concat([sequence(oid('1.3.6.1.5.5.7.3.1')), Buffer.from([5, 0])]))],
      'extKeyUsage has further bytes',
    ],
    ['a missing value', [extension('2.5.29.37', Buffer.alloc(0))], 'extKeyUsage has further bytes'],
    ['a value in BER', [extension('2.5.29.37', Buffer.from('30810A06082B06010505070301', 'hex'))], 'must be DER'],
    [
      'a value of indefinite length',
      [extension('2.5.29.37', Buffer.from('308006082B060105050703010000', 'hex'))],
      'must be DER',
    ],
  ])('%s', (_, extensions, message) => {
    expectRefused(issue({ extensions }), message);
  });

  test.each<[string, Buffer, string]>([
    ['a critical flag of FALSE, which DER omits', Buffer.from([0x00]), 'critical is TRUE or absent'],
    ['a critical flag of TRUE encoded as 01', Buffer.from([0x01]), 'critical is TRUE or absent'],
  ])('%s', (_, value, message) => {
    const one = sequence(oid('2.5.29.37'), encode(TAG.BOOLEAN, value), octetString(sequence(oid('1.3.6.1.5.5.7.3.1'))));
    const list = encode(TAG.CONSTRUCTED_3, sequence(one));
    expectRefused(
      changed(({ fields }) => ({ fields: [...fields, list] })),
      message,
    );
  });

  test('two lists of extensions', () => {
    const list = encode(TAG.CONSTRUCTED_3, sequence(sequence(oid('1.2.3.4'), octetString(NULL))));
    expect(() => readIncomingCertificate(changed(({ fields }) => ({ fields: [...fields, list, list] })))).toThrow(
      expect.objectContaining({ code: 'CERTIFICATE' }) as Error,
    );
  });
});

describe('an RSA key', () => {
  const withKeyOf = (modulusLength: number) => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength });
    return changed(replace(PUBLIC_KEY, publicKey.export({ format: 'der', type: 'spki' })));
  };

  test.each([512, 1024, 2047])('of %i bits is refused', (bits) => {
    expectRefused(withKeyOf(bits), 'must have at least 2048 bits');
  });

  test('of 2048 bits is accepted', () => {
    expect(readIncomingCertificate(withKeyOf(2048))).toMatchObject({ keyType: 'RSA', keyBits: 2048 });
  });
});

describe('a certificate whose encoding is invalid is refused with', () => {
  const [{ children }] = decodeAll(issue(), 'CERTIFICATE') as [Element];
  const info = children[0]!.children.find(
    ({ tag, children: [, bits] }) => tag === TAG.SEQUENCE && bits?.tag === TAG.BIT_STRING,
  )!;
  const [algorithm, bits] = info.children.map(({ der }) => der) as [Buffer, Buffer];
  const rsaKey = info.children[1]!.content.subarray(1);

  test.each<[string, Buffer]>([
    ['bytes after the RSA key', sequence(algorithm, bitString(Buffer.concat([rsaKey, NULL])))],
    ['bytes after the public key', sequence(algorithm, bits, NULL)],
  ])('%s', (_, publicKey) => {
    expect(() => readIncomingCertificate(changed(replace(PUBLIC_KEY, publicKey)))).toThrow(
      expect.objectContaining({ code: 'CERTIFICATE' }) as Error,
    );
  });

  test.each<[string, Buffer]>([
    ['a length that is not minimal', Buffer.from('02810401020304', 'hex')],
    ['a serial number in two pieces', Buffer.from('2206020201020304', 'hex')],
  ])('%s', (_, serial) => {
    expect(() => readIncomingCertificate(changed(replace(SERIAL, serial)))).toThrow(
      expect.objectContaining({ code: 'CERTIFICATE' }) as Error,
    );
  });

  test('bytes after the certificate, in DER and in PEM', () => {
    expectRefused(Buffer.concat([issue(), Buffer.alloc(1)]), 'must be X.509 in PEM or DER');
  });

  test('an additional field', () => {
    const unknown = encode(TAG.CONSTRUCTED_3, sequence());
    expect(() => readIncomingCertificate(changed(({ fields }) => ({ fields: [...fields, unknown, NULL] })))).toThrow(
      expect.objectContaining({ code: 'CERTIFICATE' }) as Error,
    );
  });
});
