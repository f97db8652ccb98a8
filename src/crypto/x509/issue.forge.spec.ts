import { generateKeyPairSync } from 'node:crypto';
import forge from 'node-forge';
import {
  forgeCertificate,
  forgeName,
  forgePrivateKey,
  forgePublicHalf,
  forgeRequest,
  verifyChainWithForge,
} from '../../../test/support/forge.js';
import { testPki } from '../../../test/support/tr34.js';
import { bitFlips } from '../../../test/support/vectors.js';
import { certificationRequest } from './certification-request.js';
import type { NameAttribute } from './distinguished-name.js';
import { issueLeaf, issueRoot } from './issue.js';

const NOW = new Date('2026-01-15T12:00:00Z');
const pki = testPki();
const caKey = pki.svcCa!.privateKey;
const validity = { notBefore: new Date('2026-01-15T11:00:00Z'), notAfter: new Date('2026-04-15T12:00:00Z') };
/** The names that the account's certificate authority gives to itself and to its leaf certificates. */
const ROOT_NAME: NameAttribute[] = [
  { type: 'O', value: 'Keyblock' },
  { type: 'OU', value: 'us-east-1' },
  { type: 'OU', value: 'RSA_4096' },
  { type: 'CN', value: '111122223333' },
];
const LEAF_NAME: NameAttribute[] = [
  { type: 'CN', value: '111122223333' },
  { type: 'serialNumber', value: '0123456789' },
];

const root = issueRoot({ subject: ROOT_NAME, privateKey: caKey, validity });
const leafFor = (publicKey: Buffer, changes: Partial<Parameters<typeof issueLeaf>[0]> = {}) =>
  issueLeaf({
    subject: LEAF_NAME,
    publicKey,
    validity,
    issuer: { certificate: root, privateKey: caKey },
    ...changes,
  });
const leaf = leafFor(pki.kdh!.certificate.publicKey);
const extension = (certificate: forge.pki.Certificate, name: string) =>
  certificate.getExtension(name) as Record<string, unknown> | null;

describe('forge reads a root that we issued', () => {
  const read = forgeCertificate(root.der);

  test('with its names, validity, key and signature', () => {
    expect(forgeName(read.subject)).toBe('O=Keyblock, OU=us-east-1, OU=RSA_4096, CN=111122223333');
    expect(forgeName(read.issuer)).toBe(forgeName(read.subject));
    expect(read.validity).toEqual(validity);
    expect(read.version).toBe(2);
    expect(read.serialNumber).toMatch(/^(00[89a-f]|(?!00)[0-7])[0-9a-f](..){12,15}$/);
    expect(read.publicKey).toMatchObject({ n: forgePrivateKey(caKey).n });
    expect(forge.pki.oids[read.signatureOid]).toBe('sha512WithRSAEncryption');
    expect(read.verify(read)).toBe(true);
  });

  test('with the extensions of a certificate authority', () => {
    expect(extension(read, 'basicConstraints')).toMatchObject({ cA: true, critical: true });
    expect(extension(read, 'keyUsage')).toMatchObject({
      critical: true,
      digitalSignature: true,
      nonRepudiation: false,
      keyEncipherment: false,
      dataEncipherment: false,
      keyAgreement: false,
      keyCertSign: true,
      cRLSign: true,
      encipherOnly: false,
      decipherOnly: false,
    });
    expect(read.verifySubjectKeyIdentifier()).toBe(true);
    expect(read.extensions).toHaveLength(3);
  });
});

describe('forge reads a leaf that we issued', () => {
  const read = forgeCertificate(leaf.der);

  test('with its names, validity and key', () => {
    expect(forgeName(read.subject)).toBe('CN=111122223333, serialNumber=0123456789');
    expect(read.isIssuer(forgeCertificate(root.der))).toBe(true);
    expect(read.validity).toEqual(validity);
    expect(read.publicKey).toMatchObject({ n: forgePrivateKey(pki.kdh!.privateKey).n });
  });

  test('with the extensions of a certificate for signing and encryption', () => {
    expect(extension(read, 'basicConstraints')).toMatchObject({ cA: false, critical: false });
    expect(extension(read, 'keyUsage')).toMatchObject({
      critical: true,
      digitalSignature: true,
      nonRepudiation: false,
      keyEncipherment: true,
      dataEncipherment: false,
      keyAgreement: false,
      keyCertSign: false,
      cRLSign: false,
    });
    expect(extension(read, 'extKeyUsage')).toMatchObject({ serverAuth: true, clientAuth: true, critical: false });
    expect(read.verifySubjectKeyIdentifier()).toBe(true);
    const authorityKeyIdentifier = extension(read, 'authorityKeyIdentifier')!['value'] as string;
    const issuerKeyIdentifier = forgeCertificate(root.der).generateSubjectKeyIdentifier().getBytes();
    expect(authorityKeyIdentifier).toBe(`0\x16\x80\x14${issuerKeyIdentifier}`);
    expect(read.extensions).toHaveLength(5);
  });

  test('with a chain to the root', () => {
    expect(() => verifyChainWithForge([leaf.der], root.der, NOW)).not.toThrow();
    expect(() => verifyChainWithForge([leaf.der, root.der], root.der, NOW)).not.toThrow();
  });

  test('with a validity period after 2049', () => {
    const times = { notBefore: NOW, notAfter: new Date('2055-04-15T12:00:00Z') };
    const late = leafFor(pki.kdh!.certificate.publicKey, { validity: times });
    expect(forgeCertificate(late.der).validity).toEqual(times);
  });

  test('with a name in any script', () => {
    const subject: NameAttribute[] = [{ type: 'CN', value: 'Schlüssel 鍵' }];
    const named = leafFor(pki.kdh!.certificate.publicKey, { subject });
    expect(forgeName(forgeCertificate(named.der).subject)).toBe('CN=Schlüssel 鍵');
  });
});

describe('forge refuses', () => {
  const changed = (der: Buffer, at: number) => {
    const copy = Buffer.from(der);
    copy[at < 0 ? copy.length + at : at]! ^= 1;
    return copy;
  };
  const otherRoot = issueRoot({ subject: ROOT_NAME, privateKey: pki.cliCa!.privateKey, validity });
  const underLeaf = leafFor(pki.svcKdh!.certificate.publicKey, {
    issuer: { certificate: leaf, privateKey: pki.kdh!.privateKey },
  });

  test.each<[string, Buffer[], Buffer, string]>([
    ['a leaf before its validity period', [leaf.der], root.der, '2026-01-15T10:59:59Z'],
    ['a leaf that has expired', [leaf.der], root.der, '2026-04-15T12:00:01Z'],
    ['a leaf with a modified signature', [changed(leaf.der, -1)], root.der, '2026-01-15T12:00:00Z'],
    ['a leaf with a modified serial number', [changed(leaf.der, 20)], root.der, '2026-01-15T12:00:00Z'],
    ['a leaf under another root of the same name', [leaf.der], otherRoot.der, '2026-01-15T12:00:00Z'],
    ['a leaf issued by a leaf', [underLeaf.der, leaf.der], root.der, '2026-01-15T12:00:00Z'],
  ])('%s', (_, chain, trusted, time) => {
    expect(() => verifyChainWithForge(chain, trusted, new Date(time))).toThrow(
      expect.objectContaining({ error: expect.stringMatching(/^forge\.pki\./) as string }) as Error,
    );
  });

  test('every elliptic curve certificate, so other tests have to verify those', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { der } = leafFor(publicKey.export({ format: 'der', type: 'spki' }));
    expect(() => forgeCertificate(der)).toThrow('OID is not RSA');
  });
});

describe('certification requests', () => {
  const subject: NameAttribute[] = [
    { type: 'CN', value: 'krd 1' },
    { type: 'OU', value: 'HSM' },
    { type: 'O', value: 'Example' },
    { type: 'L', value: 'Wellington' },
    { type: 'ST', value: 'WGN' },
    { type: 'C', value: 'NZ' },
    { type: 'emailAddress', value: 'keys@example.com' },
  ];
  const { privateKey } = pki.kdh!;
  const request = (hash: 'SHA224' | 'SHA256' | 'SHA384' | 'SHA512') =>
    certificationRequest({ subject, privateKey, hash });

  test.each(['SHA256', 'SHA384', 'SHA512'] as const)('forge verifies a request signed with %s', (hash) => {
    const read = forgeRequest(request(hash));
    expect(forgeName(read.subject)).toBe('CN=krd 1, OU=HSM, O=Example, L=Wellington, ST=WGN, C=NZ, E=keys@example.com');
    expect(read.publicKey).toMatchObject({ n: forgePublicHalf(forgePrivateKey(privateKey)).n });
    expect(forge.pki.oids[read.signatureOid!]).toBe(`${hash.toLowerCase()}WithRSAEncryption`);
    expect(read.attributes).toEqual([]);
    expect(read.verify()).toBe(true);
  });

  test('forge does not support SHA-224, so other tests have to verify requests with it', () => {
    expect(() => forgeRequest(request('SHA224')).verify()).toThrow('Unknown signature OID');
  });

  test('forge refuses every request with a modified signature', () => {
    const der = request('SHA256');
    for (const end of bitFlips(der.subarray(-1))) {
      const changed = forgeRequest(Buffer.concat([der.subarray(0, -1), end]));
      expect(verified(changed)).toBe(false);
    }
  });

  test('forge refuses a request with a modified name or key', () => {
    const der = request('SHA256');
    for (const at of [der.indexOf('krd 1'), der.length - 320]) {
      const changed = Buffer.from(der);
      changed[at]! ^= 2;
      expect(verified(forgeRequest(changed))).toBe(false);
    }
  });

  test('forge refuses a request signed with another key', () => {
    const other = certificationRequest({ subject, privateKey: pki.otherKdh!.privateKey, hash: 'SHA256' });
    const read = forgeRequest(request('SHA256'));
    read.signature = forgeRequest(other).signature;
    expect(verified(read)).toBe(false);
  });

  /** forge returns false or throws, depending on the result of the RSA operation. */
  const verified = (read: ReturnType<typeof forgeRequest>) => {
    try {
      return read.verify();
    } catch {
      return false;
    }
  };
});
