import { oaepWithSeed, testPki } from '../../../test/support/tr34.js';
import { hex, type Vector, vectors } from '../../../test/support/vectors.js';
import { toHex } from '../bytes.js';
import { buildKeyTransport } from './build.js';
import { type Certificate, readCertificate } from '../x509/certificate.js';
import type { ContentCipher } from './cms.js';
import { inspectKeyTransport } from './inspect.js';
import { openKeyTransport, verifySignature } from './parse.js';

interface TokenVector extends Vector {
  operation: 'ImportKey' | 'ExportKey' | 'VerifyOnly';
  why: string;
  inputs: {
    certificateAuthority: string;
    signingKey: string;
    wrappingKey: string;
    randomNonce: string | null;
    wrappedKeyBlock: string;
    signingKeyCertificatePem: string;
  };
  build: {
    form: 'x9-2012' | 'cms-2019';
    attributeOrder: string;
    clearKey: string;
    header: string;
    contentEncryption: ContentCipher;
    ephemeralKey: string;
    iv: string;
    oaepSeed: string;
    signingTime: string | null;
    crl: string | null;
  };
  expected: {
    accept: boolean;
    reason: string;
    clearKey: string;
    keyBlockHeader: string;
    signingTime: string;
    signerId: string;
    recipientId: string;
    eContentSha256: string;
    signedBytes: string;
    contentEncryption: string;
    iv: string;
    encryptedContentLength: number;
  };
}

const pki = testPki();
const all = vectors<TokenVector>('tr34');
const NOW = new Date('2026-01-15T12:00:00Z');

/** Issuers of the PKI's certificates; on export, the CA named in a vector is the receiver's. */
const ISSUER: Partial<Record<string, string>> = {
  kdh: 'kdhCa',
  kdhExpired: 'kdhCa',
  svcKdh: 'svcCa',
  cliKrd2048: 'cliCa',
  cliKrd3072: 'cliCa',
};
const issuerOf = (name: string): Certificate => pki[ISSUER[name] ?? 'svcCa']!.certificate;

function open({ operation, inputs }: TokenVector) {
  const issuer =
    operation === 'ImportKey' ? pki[inputs.certificateAuthority]!.certificate : issuerOf(inputs.signingKey);
  return openKeyTransport({
    block: hex(inputs.wrappedKeyBlock),
    kdh: { certificate: pki[inputs.signingKey]!.certificate, issuer },
    krd: pki[inputs.wrappingKey]!,
    time: NOW,
    nonce: inputs.randomNonce === null ? undefined : hex(inputs.randomNonce),
  });
}

const dateOf = (utcTime: string) => new Date(`20${utcTime.replace(/(..)(..)(..)(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z')}`);

const accepted = all.filter(({ operation, expected }) => operation !== 'VerifyOnly' && expected.accept);
const refused = all.filter(({ expected }) => !expected.accept);

describe('vectors of tr34.json', () => {
  test.each(accepted)('opens $id: $why', (vector) => {
    const { header, key, signingTime } = open(vector);
    expect(header).toBe(vector.expected.keyBlockHeader);
    expect(toHex(key)).toBe(vector.expected.clearKey);
    expect(signingTime).toEqual(vector.build.signingTime === null ? undefined : dateOf(vector.build.signingTime));
  });

  // One token is signed over its attributes in an order other than the order sent. No implementation should build such
  // a token.
  test.each(accepted.filter(({ build }) => !build.attributeOrder.startsWith('sent')))(
    'rebuilds $id byte for byte',
    ({ inputs, build }) => {
      const krd = pki[inputs.wrappingKey]!.certificate;
      const key = hex(build.ephemeralKey);
      const token = buildKeyTransport(
        {
          form: build.form === 'x9-2012' ? 'X9_TR34_2012' : 'X9_TR34_2019',
          header: build.header,
          key: hex(build.clearKey),
          kdh: pki[inputs.signingKey]!,
          krd: { certificate: krd, issuer: issuerOf(inputs.wrappingKey) },
          time: build.signingTime === null ? NOW : dateOf(build.signingTime),
          nonce: inputs.randomNonce === null ? undefined : hex(inputs.randomNonce),
          crl: build.crl === null ? undefined : hex(build.crl),
        },
        {
          contentCipher: build.contentEncryption,
          key,
          iv: hex(build.iv),
          encryptedKey: oaepWithSeed(krd.publicKey, { message: key, seed: hex(build.oaepSeed) }),
        },
      );
      expect(toHex(token)).toBe(inputs.wrappedKeyBlock);
    },
  );

  test.each(accepted)('inspects $id without a key', ({ inputs, build, expected }) => {
    const token = inspectKeyTransport(hex(inputs.wrappedKeyBlock));
    expect(token.form).toBe(build.form === 'x9-2012' ? 'X9_TR34_2012' : 'X9_TR34_2019');
    expect(token.header).toBe(expected.keyBlockHeader);
    expect(toHex(token.kdh)).toBe(expected.signerId);
    expect(toHex(token.krd)).toBe(expected.recipientId);
    expect(token.contentCipher).toBe(build.contentEncryption);
    expect(toHex(token.iv)).toBe(build.iv);
    expect(token.nonce === undefined ? null : toHex(token.nonce)).toBe(inputs.randomNonce);
    expect(toHex(token.messageDigest)).toBe(expected.eContentSha256);
    expect(token.crls.map(toHex)).toEqual(build.crl === null ? [] : [build.crl]);
    expect(token.certificates).toEqual([]);
  });

  const CODES: Record<string, string> = {
    CHAIN: 'CERTIFICATE',
    CERT_EXPIRED: 'CERTIFICATE',
  };
  test.each(refused)('refuses $id for $expected.reason: $why', (vector) => {
    const code = CODES[vector.expected.reason] ?? 'DECRYPTION_FAILED';
    expect(() => open(vector)).toThrow(expect.objectContaining({ name: 'CryptoError', code }));
  });

  test('no vector is missing', () => {
    expect([accepted.length, refused.length, all.length]).toEqual([10, 10, 21]);
  });
});

test('inspects a token from the AWS service: signer, signature, digest and every unencrypted field', () => {
  const { inputs, expected } = all.find(({ operation }) => operation === 'VerifyOnly')!;
  const token = inspectKeyTransport(hex(inputs.wrappedKeyBlock));
  verifySignature(token, readCertificate(Buffer.from(inputs.signingKeyCertificatePem)));
  expect(token).toMatchObject({ form: 'X9_TR34_2012', header: expected.keyBlockHeader, nonce: undefined });
  expect(token.signingTime).toEqual(dateOf(expected.signingTime));
  expect(toHex(token.kdh)).toBe(expected.signerId);
  expect(toHex(token.krd)).toBe(expected.recipientId);
  expect(toHex(token.messageDigest)).toBe(expected.eContentSha256);
  expect(token.contentCipher).toBe(expected.contentEncryption);
  expect(toHex(token.iv)).toBe(expected.iv);
  expect(token.encryptedContent).toHaveLength(expected.encryptedContentLength);
  expect(() => verifySignature(token, pki.kdh!.certificate)).toThrow(
    expect.objectContaining({ code: 'DECRYPTION_FAILED' }),
  );
});
