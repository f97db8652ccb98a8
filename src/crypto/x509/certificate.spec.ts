import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { pkcs8, testPki } from '../../../test/support/tr34.js';
import { vectors } from '../../../test/support/vectors.js';
import exchange from '../../../test/vectors/ecdh-exchange.json' with { type: 'json' };
import { toHex } from '../bytes.js';
import { publicKeyOf } from '../rsa.js';
import { bitString, decodeAll, sequence } from '../asn1.js';
import { publicKeyStrength, readCertificate, toPem, verifyCertificate, verifyKeyPair } from './certificate.js';
import { issueLeaf, issueRoot } from './issue.js';

const pki = testPki();
const kdh = pki.kdh!.certificate;
const kdhCa = pki.kdhCa!.certificate;
const NOW = new Date('2026-01-15T12:00:00Z');
const refusal = (code: string) => expect.objectContaining({ name: 'CryptoError', code }) as Error;

describe('reading a certificate', () => {
  test('returns the fields as encoded', () => {
    expect(toHex(kdh.serialNumber)).toBe('020200C8');
    expect(toHex(kdh.issuerAndSerialNumber)).toBe(`3048${toHex(kdhCa.subject)}020200C8`);
    expect(kdh.notBefore).toEqual(new Date('2020-01-01T00:00:00Z'));
    expect(kdh.notAfter).toEqual(new Date('2049-12-31T23:59:59Z'));
    expect(kdh).toMatchObject({ keyType: 'RSA', keyBits: 2048, isCa: false });
    expect(kdhCa.isCa).toBe(true);
    expect(publicKeyOf(pki.kdh!.privateKey)).toEqual(kdh.publicKey);
  });

  const pem = toPem('CERTIFICATE', kdh.der);
  test.each([
    ['DER', kdh.der],
    ['PEM without a final line feed', Buffer.from(pem)],
    ['PEM with a final line feed', Buffer.from(`${pem}\n`)],
    ['PEM with CR LF', Buffer.from(pem.replaceAll('\n', '\r\n'))],
    ['the first of two certificates in PEM', Buffer.from(`${pem}\n${toPem('CERTIFICATE', kdhCa.der)}\n`)],
  ])('reads %s', (_, encoded) => {
    expect(readCertificate(encoded)).toEqual(kdh);
  });

  test('writes the same PEM as OpenSSL, without the final line feed', () => {
    expect(`${pem}\n`).toBe(new X509Certificate(kdh.der).toString());
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('certificate')],
    ['half a certificate', kdh.der.subarray(0, 300)],
    ['a private key', pki.kdh!.privateKey],
    ['PEM with another label', Buffer.from(toPem('CERTIFICATE REQUEST', kdh.der))],
  ])('refuses %s', (_, encoded) => {
    expect(() => readCertificate(encoded)).toThrow(refusal('CERTIFICATE'));
  });

  test('refuses an invalid date', () => {
    const changed = Buffer.from(kdh.der);
    changed.write('209931', changed.indexOf('200101000000Z'), 'latin1');
    expect(() => readCertificate(changed)).toThrow(refusal('CERTIFICATE'));
  });

  test.each([
    [generateKeyPairSync('ed25519').publicKey],
    [generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey],
  ])('refuses keys that are neither RSA nor on a NIST curve', (publicKey) => {
    const spki = publicKey.export({ format: 'der', type: 'spki' });
    expect(() => publicKeyStrength(spki)).toThrow(refusal('CERTIFICATE'));
  });

  // Node aborts the process when it is asked for the curve of such a key.
  test('refuses the point at infinity, alone and in a certificate', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const [algorithm] = decodeAll(publicKey.export({ format: 'der', type: 'spki' }), 'CERTIFICATE')[0]!.children;
    const atInfinity = sequence(algorithm!.der, bitString(Buffer.alloc(1)));
    expect(() => publicKeyStrength(atInfinity)).toThrow(refusal('CERTIFICATE'));

    const [tbs, ...rest] = decodeAll(kdh.der, 'CERTIFICATE')[0]!.children;
    const fields = tbs!.children.map(({ der }) => (der.equals(kdh.publicKey) ? atInfinity : der));
    const certificate = sequence(sequence(...fields), ...rest.map(({ der }) => der));
    expect(certificate.includes(atInfinity)).toBe(true);
    expect(() => readCertificate(certificate)).toThrow(refusal('CERTIFICATE'));
  });

  test('refuses an invalid public key', () => {
    expect(() => publicKeyStrength(Buffer.from('30820122', 'hex'))).toThrow(refusal('CERTIFICATE'));
  });
});

describe('verifying who issued a certificate', () => {
  test.each(['kdh', 'kdhCa'])('accepts %s as issued by its CA', (name) => {
    expect(() => verifyCertificate(pki[name]!.certificate, { issuer: kdhCa, time: NOW })).not.toThrow();
  });

  test.each([
    ['a CA of the same name with another key', 'otherCa'],
    ['a CA of another name', 'svcCa'],
    ['itself', 'kdh'],
  ])('does not accept %s', (_, issuer) => {
    expect(() => verifyCertificate(kdh, { issuer: pki[issuer]!.certificate, time: NOW })).toThrow(
      refusal('CERTIFICATE'),
    );
  });

  test('does not accept a CA of the same name with an elliptic curve key', () => {
    const { inputs } = vectors<{ inputs: { publicKeyCertificatePem: string } }>('ecdh-exchange').find(
      ({ id }) => id === 'ecdh-neg-rogue-ca',
    )!;
    const certificate = readCertificate(Buffer.from(inputs.publicKeyCertificatePem));
    const issuer = readCertificate(Buffer.from(exchange.pki.ca_NIST_P256.certificatePem));
    expect(toHex(certificate.issuer)).toBe(toHex(issuer.subject));
    expect(() => verifyCertificate(certificate, { issuer, time: NOW })).toThrow('must be issued by');
  });

  test('does not accept a flipped bit', () => {
    const changed = Buffer.from(kdh.der);
    changed[changed.length - 1]! ^= 1;
    expect(() => verifyCertificate(readCertificate(changed), { issuer: kdhCa, time: NOW })).toThrow(
      refusal('CERTIFICATE'),
    );
  });

  test.each([
    ['2019-12-31T23:59:59.999Z', false],
    ['2020-01-01T00:00:00Z', true],
    ['2049-12-31T23:59:59Z', true],
    ['2049-12-31T23:59:59.001Z', false],
    ['no date', false],
  ])('at %s, validity is %s', (time, valid) => {
    const verifying = expect(() => verifyCertificate(kdh, { issuer: kdhCa, time: new Date(time) }));
    if (valid) verifying.not.toThrow();
    else verifying.toThrow(refusal('CERTIFICATE'));
  });
});

interface ChainVector {
  operation: string;
  why: string;
  inputs: { certificatePem: string; issuerCertificatePem: string };
  expected: { accept: boolean };
}

describe('a certificate is not stronger than its issuer', () => {
  const chains = ['rsa', 'ecdh-exchange'].flatMap((file) =>
    vectors<ChainVector>(file).filter(({ operation }) => operation === 'CertificateChainStrength'),
  );
  test.each(chains)('$id', ({ inputs, expected }) => {
    const certificate = readCertificate(Buffer.from(inputs.certificatePem));
    const issuer = readCertificate(Buffer.from(inputs.issuerCertificatePem));
    const verifying = expect(() => verifyCertificate(certificate, { issuer, time: NOW }));
    if (expected.accept) verifying.not.toThrow();
    else verifying.toThrow('must not be stronger');
  });

  test('no vector is missing', () => expect(chains.map(({ expected }) => expected.accept).sort()).toHaveLength(5));

  test.each([
    ['P-256', 'svcKrd3072', true],
    ['P-256', 'svcCa', false],
    ['P-521', 'svcCa', true],
  ])('an RSA key that a root on %s certifies, that of %s, is accepted: %s', (namedCurve, leaf, accepted) => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve });
    const root = { privateKey: pkcs8(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()) };
    const validity = { notBefore: NOW, notAfter: NOW };
    const certificate = issueRoot({ subject: [{ type: 'CN', value: 'EC root' }], validity, ...root });
    const issued = issueLeaf({
      subject: [{ type: 'CN', value: 'RSA leaf' }],
      publicKey: pki[leaf]!.certificate.publicKey,
      validity,
      issuer: { certificate, ...root },
    });
    const verifying = expect(() => verifyCertificate(issued, { issuer: certificate, time: NOW }));
    if (accepted) verifying.not.toThrow();
    else verifying.toThrow(refusal('CERTIFICATE'));
  });
});

describe('a certificate and its private key', () => {
  test('belong together', () => {
    expect(() => verifyKeyPair(kdh, pki.kdh!.privateKey)).not.toThrow();
  });

  test.each([
    ['of another pair', pki.otherKdh!.privateKey],
    ['that is invalid', Buffer.alloc(100)],
    [
      'that is a public key',
      createPublicKey({ key: kdh.publicKey, format: 'der', type: 'spki' }).export({ format: 'der', type: 'spki' }),
    ],
  ])('do not belong together with a key %s', (_, privateKey) => {
    expect(() => verifyKeyPair(kdh, privateKey)).toThrow(refusal('CERTIFICATE'));
  });
});
