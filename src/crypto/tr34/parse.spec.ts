import fc from 'fast-check';
import { constants, createHash, publicEncrypt, sign } from 'node:crypto';
import { crlOf, testPki } from '../../../test/support/tr34.js';
import { hex, vectors } from '../../../test/support/vectors.js';
import { CryptoError } from '../errors.js';
import { encode, integer, octetString, oid, sequence, set, TAG } from '../asn1.js';
import { buildKeyTransport, type EphemeralKey, type KeyTransportToBuild } from './build.js';
import { issueLeaf, issueRoot } from '../x509/issue.js';
import { inspectKeyTransport } from './inspect.js';
import { type KeyTransportToOpen, openKeyTransport, verifySignature } from './parse.js';
import { CONTENT_CIPHERS, RSAES_OAEP } from './cms.js';

const pki = testPki();
const NOW = new Date('2026-01-15T12:00:00Z');
const KEY = hex('98C8B389315E34E9D00B6BAEC24A577F');
const NONCE = hex('E7A9CC5BFD1A7FDC');
const refusal = (code: string) => expect.objectContaining({ name: 'CryptoError', code }) as Error;
const NOT_AUTHENTIC = refusal('DECRYPTION_FAILED');

/** Builds a token with the parties of the import vectors: the KDH is the client's, the KRD the service's. */
const toBuild = (changes: Partial<KeyTransportToBuild> = {}): KeyTransportToBuild => ({
  form: 'X9_TR34_2012',
  header: 'D0112K0TB00E0000',
  key: KEY,
  kdh: pki.kdh!,
  krd: { certificate: pki.svcKrd2048!.certificate, issuer: pki.svcCa!.certificate },
  time: NOW,
  nonce: NONCE,
  ...changes,
});

const toOpen = (block: Buffer, changes: Partial<KeyTransportToOpen> = {}): KeyTransportToOpen => ({
  block,
  kdh: { certificate: pki.kdh!.certificate, issuer: pki.kdhCa!.certificate },
  krd: pki.svcKrd2048!,
  time: NOW,
  nonce: NONCE,
  ...changes,
});

const token = buildKeyTransport(toBuild());

describe('the nonce of a two-pass or one-pass token', () => {
  const onePass = buildKeyTransport(toBuild({ nonce: undefined }));

  test.each<[string, Buffer, Buffer | undefined]>([
    ['another nonce', token, hex('E7A9CC5BFD1A7FDD')],
    ['a longer nonce', token, Buffer.concat([NONCE, NONCE])],
    ['an empty nonce', token, Buffer.alloc(0)],
    ['no nonce for a two-pass token', token, undefined],
    ['a nonce for a one-pass token', onePass, NONCE],
    ['an empty nonce for a one-pass token', onePass, Buffer.alloc(0)],
  ])('refuses %s', (_, block, nonce) => {
    expect(() => openKeyTransport(toOpen(block, { nonce }))).toThrow(NOT_AUTHENTIC);
  });

  test('returns the signing time of a one-pass token', () => {
    expect(openKeyTransport(toOpen(onePass, { nonce: undefined }))).toEqual({
      header: 'D0112K0TB00E0000',
      key: KEY,
      signingTime: NOW,
    });
  });
});

describe('certificates', () => {
  const { kdh } = toOpen(token);
  test.each<[string, string, Partial<KeyTransportToOpen>]>([
    ['a sender certified by another CA', 'CERTIFICATE', { kdh: { ...kdh, issuer: pki.otherCa!.certificate } }],
    ['a sender before its validity period', 'CERTIFICATE', { time: new Date('2019-12-31T23:59:59Z') }],
    ['a sender after its validity period', 'CERTIFICATE', { time: new Date('2050-01-01T00:00:00Z') }],
    [
      'a private key of another certificate',
      'CERTIFICATE',
      { krd: { ...pki.svcKrd2048!, privateKey: pki.kdh!.privateKey } },
    ],
    ['no private key', 'CERTIFICATE', { krd: { ...pki.svcKrd2048!, privateKey: Buffer.alloc(0) } }],
    ['a token for another receiver', 'DECRYPTION_FAILED', { krd: pki.svcKrd3072! }],
    [
      'a sender of the same name and serial number with another key',
      'DECRYPTION_FAILED',
      { kdh: { certificate: pki.otherKdh!.certificate, issuer: pki.otherCa!.certificate } },
    ],
  ])('refuses %s', (_, code, changes) => {
    expect(() => openKeyTransport(toOpen(token, changes))).toThrow(refusal(code));
  });

  test('refuses another certificate with the same key, because the token names the signing certificate', () => {
    const { privateKey } = pki.kdhCa!;
    const issued = issueLeaf({
      subject: [{ type: 'CN', value: 'the same key' }],
      publicKey: pki.kdh!.certificate.publicKey,
      validity: { notBefore: NOW, notAfter: NOW },
      issuer: { certificate: pki.kdhCa!.certificate, privateKey },
    });
    const changes = { kdh: { ...kdh, certificate: issued } };
    expect(() => openKeyTransport(toOpen(token, changes))).toThrow(NOT_AUTHENTIC);
  });

  test('refuses a sender with an elliptic curve key', () => {
    const certificate = { ...kdh.certificate, keyType: 'EC', keyBits: 256 } as const;
    expect(() => verifySignature(inspectKeyTransport(token), certificate)).toThrow(refusal('CERTIFICATE'));
  });
});

describe('a sender that signs invalid content', () => {
  /** Signs an arbitrary envelope and header, as a holder of the sender's key can. */
  const signedBy = (eContent: Buffer, header = 'D0112K0TB00E0000') => {
    const attributes = [
      sequence(oid('1.2.840.113549.1.9.3'), set(oid('1.2.840.113549.1.7.3'))),
      sequence(oid('1.2.840.113549.1.9.25.3'), set(octetString(NONCE))),
      sequence(oid('1.2.840.113549.1.7.1'), set(octetString(Buffer.from(header)))),
      sequence(oid('1.2.840.113549.1.9.4'), set(octetString(createHash('sha256').update(eContent).digest()))),
    ];
    const key = { key: pki.kdh!.privateKey, format: 'der', type: 'pkcs8' } as const;
    const sha256 = sequence(oid('2.16.840.1.101.3.4.2.1'));
    const signerInfo = sequence(
      integer(1),
      pki.kdh!.certificate.issuerAndSerialNumber,
      sha256,
      encode(TAG.CONSTRUCTED_0, ...attributes),
      sequence(oid('1.2.840.113549.1.1.1'), encode(0x05)),
      octetString(sign('sha256', set(...attributes), key)),
    );
    const content = sequence(oid('1.2.840.113549.1.7.3'), encode(TAG.CONSTRUCTED_0, octetString(eContent)));
    const signedData = sequence(integer(1), set(sha256), content, set(signerInfo));
    return sequence(oid('1.2.840.113549.1.7.2'), encode(TAG.CONSTRUCTED_0, signedData));
  };

  const IV = Buffer.alloc(16, 7);
  const aesKey = Buffer.alloc(16, 9);
  const oaep = { key: pki.svcKrd2048!.certificate.publicKey, format: 'der', type: 'spki' } as const;
  const encrypted = (ephemeralKey: Buffer, oaepHash = 'sha256') =>
    publicEncrypt({ ...oaep, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, ephemeralKey);

  /** Builds an AES-128 envelope around an arbitrary plaintext. */
  const envelope = (plaintext: Buffer, { ephemeralKey = aesKey, encryptedKey = encrypted(ephemeralKey) } = {}) => {
    using cipher = CONTENT_CIPHERS['AES-128-CBC'].cipher(aesKey);
    const recipientInfo = sequence(
      integer(0),
      pki.svcKrd2048!.certificate.issuerAndSerialNumber,
      RSAES_OAEP.X9_TR34_2012,
      octetString(encryptedKey),
    );
    const ciphertext = encode(TAG.PRIMITIVE_0, cipher.encryptCbc(IV, plaintext));
    const algorithm = sequence(CONTENT_CIPHERS['AES-128-CBC'].oid, octetString(IV), ciphertext);
    return Buffer.concat([integer(0), set(recipientInfo), sequence(oid('1.2.840.113549.1.7.1'), algorithm)]);
  };

  const keyBlock = ({
    kdh = pki.kdh!.certificate.issuerAndSerialNumber,
    key = KEY,
    header = 'D0112K0TB00E0000',
    version = 1,
  } = {}) =>
    sequence(
      integer(version),
      kdh,
      octetString(key),
      sequence(oid('1.2.840.113549.1.7.1'), set(octetString(Buffer.from(header)))),
    );
  const padded = (block: Buffer, padding = 16 - (block.length % 16), byte = padding) =>
    Buffer.concat([block, Buffer.alloc(padding, byte)]);
  const open = (block: Buffer) => openKeyTransport(toOpen(block));

  test('opens a valid token, whatever the version of its key block', () => {
    expect(open(signedBy(envelope(padded(keyBlock())))).key).toEqual(KEY);
    expect(open(signedBy(envelope(padded(keyBlock({ version: 0 }))))).key).toEqual(KEY);
  });

  test('opens a key block that fills whole cipher blocks, with or without a block of padding', () => {
    const header = 'D0112K0TB00E0000';
    const grown = `${header}${'0'.repeat((16 - (keyBlock().length % 16)) % 16)}`;
    const aligned = keyBlock({ header: grown });
    expect(aligned.length % 16).toBe(0);
    expect(open(signedBy(envelope(aligned), grown))).toMatchObject({ key: KEY, header: grown });
    expect(open(signedBy(envelope(padded(aligned)), grown)).key).toEqual(KEY);
  });

  test('opens an AES-256 envelope', () => {
    const key = Buffer.alloc(32, 5);
    const ephemeral: EphemeralKey = {
      contentCipher: 'AES-256-CBC',
      key,
      iv: IV,
      encryptedKey: encrypted(key),
    };
    expect(open(buildKeyTransport(toBuild(), ephemeral)).key).toEqual(KEY);
  });

  const otherHeader = 'D0112D0TB00E0000';
  const block = keyBlock();
  test.each<[string, Buffer]>([
    [
      'a key block from another sender',
      envelope(padded(keyBlock({ kdh: pki.otherCa!.certificate.issuerAndSerialNumber }))),
    ],
    ['another header inside', envelope(padded(keyBlock({ header: otherHeader })))],
    ['another header with the same beginning inside', envelope(padded(keyBlock({ header: 'D0112K0TB00E0000 ' })))],
    ['padding with the wrong byte', envelope(padded(block, 16 - (block.length % 16), 0))],
    ['too much padding', envelope(padded(block, 32 - (block.length % 16)))],
    ['bytes inside that are not DER', envelope(Buffer.alloc(128, 0xff))],
    ['no SEQUENCE inside', envelope(padded(octetString(KEY)))],
    ['no key inside', envelope(padded(sequence(integer(1))))],
    ['one more field inside', envelope(padded(sequence(block.subarray(3), integer(1))))],
    ['a key for another cipher', envelope(padded(block), { ephemeralKey: Buffer.alloc(24, 9) })],
    ['an ephemeral key under OAEP with SHA-1', envelope(padded(block), { encryptedKey: encrypted(aesKey, 'sha1') })],
    [
      'an encrypted ephemeral key shorter than the modulus',
      envelope(padded(block), { encryptedKey: Buffer.alloc(255) }),
    ],
    [
      'an encrypted ephemeral key larger than the modulus',
      envelope(padded(block), { encryptedKey: Buffer.alloc(256, 0xff) }),
    ],
  ])('refuses %s', (_, eContent) => {
    expect(() => open(signedBy(eContent))).toThrow(NOT_AUTHENTIC);
  });

  test.each([
    [8, 'D0112K0TB00E0000', 'KEY_LENGTH'],
    [32, 'D0112K0TB00E0000', 'KEY_LENGTH'],
    [0, 'D0112K0TB00E0000', 'KEY_LENGTH'],
    [24, 'D0112K0AB00E0000', 'KEY_LENGTH'],
    [32, 'D0112K0AB00E0000', 'KEY_LENGTH'],
    [16, 'D0112M7HG00E0000', 'DATA_FORMAT'],
  ])('refuses a key of %i bytes under the header %s', (bytes, header, code) => {
    const eContent = envelope(padded(keyBlock({ key: Buffer.alloc(bytes, 1), header })));
    expect(() => open(signedBy(eContent, header))).toThrow(refusal(code));
  });

  test('every cryptographic failure has the same message', () => {
    const tampered = Buffer.from(token);
    tampered[tampered.length - 1]! ^= 1;
    const messages = [
      () => open(tampered),
      () => open(signedBy(envelope(Buffer.alloc(128, 0xff)))),
      () => open(signedBy(envelope(padded(block), { encryptedKey: Buffer.alloc(256) }))),
      () => open(signedBy(envelope(padded(keyBlock({ header: otherHeader }))))),
      () => openKeyTransport(toOpen(token, { nonce: undefined })),
      () => openKeyTransport(toOpen(token, { krd: pki.svcKrd3072! })),
    ].map((opening) => {
      try {
        opening();
      } catch (error) {
        return String(error);
      }
      return 'opened';
    });
    expect(new Set(messages).size).toBe(1);
    expect(messages[0]).toContain('could not be verified and decrypted');
  });
});

describe('tampering', () => {
  const flipped = (block: Buffer, bit: number) => {
    const tampered = Buffer.from(block);
    tampered[bit >> 3]! ^= 1 << (bit & 7);
    return tampered;
  };
  const opening = (block: Buffer, changes: Partial<KeyTransportToOpen> = {}) => {
    try {
      openKeyTransport(toOpen(block, changes));
      return 'opened';
    } catch (error) {
      return error instanceof CryptoError ? error.code : error;
    }
  };

  test('the unmodified token opens', () => expect(opening(token)).toBe('opened'));

  /** Regions of the token, located by their content. */
  const parts = inspectKeyTransport(token);
  test.each([
    ['key block header', Buffer.from(parts.header)],
    ['nonce', NONCE],
    ['message digest', parts.messageDigest],
    ['signature', parts.signature],
    ['sender', parts.kdh],
    ['receiver', parts.krd],
    ['encrypted ephemeral key', parts.encryptedKey],
    ['initialization vector', parts.iv],
    ['ciphertext', parts.encryptedContent],
  ])('detects a flipped bit anywhere in the %s', (_, region) => {
    const start = token.indexOf(region);
    expect(start).toBeGreaterThan(0);
    const every = Math.ceil(region.length / 12);
    for (let i = 0; i < region.length; i += every)
      expect(opening(flipped(token, (start + i) * 8 + (i % 8)))).toMatch(/^(DECRYPTION_FAILED|CMS)$/);
  });

  test('detects a flipped bit anywhere', () => {
    fc.assert(
      fc.property(fc.nat(token.length * 8 - 1), (bit) => {
        expect(opening(flipped(token, bit))).toMatch(/^(DECRYPTION_FAILED|CMS)$/);
      }),
      { numRuns: 100 },
    );
  });

  test('refuses truncated tokens and tokens with trailing bytes', () => {
    fc.assert(
      fc.property(fc.nat(token.length - 1), (length) => expect(opening(token.subarray(0, length))).toBe('CMS')),
      { numRuns: 60 },
    );
    expect(opening(Buffer.concat([token, Buffer.alloc(1)]))).toBe('CMS');
  });

  test('removed, duplicated, replaced or inserted bytes cause a CryptoError', () => {
    const place = fc.record({
      at: fc.nat(token.length),
      removed: fc.nat(40),
      inserted: fc.uint8Array({ maxLength: 40 }),
    });
    fc.assert(
      fc.property(fc.array(place, { minLength: 1, maxLength: 3 }), (edits) => {
        const mutated = edits.reduce<Buffer>(
          (block, { at, removed, inserted }) =>
            Buffer.concat([block.subarray(0, at), inserted, block.subarray(at + removed)]),
          token,
        );
        fc.pre(!mutated.equals(token));
        expect(opening(mutated)).toMatch(/^(DECRYPTION_FAILED|CMS)$/);
      }),
      { numRuns: 200 },
    );
  });

  test('random bytes cause a CryptoError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => expect(opening(Buffer.from(bytes))).toBe('CMS')),
      { numRuns: 300 },
    );
  });

  test('parts of two tokens from the same sender cannot be combined', () => {
    const other = buildKeyTransport(toBuild({ key: Buffer.alloc(16, 3) }));
    const { encryptedContent: otherContent, encryptedKey: otherKey } = inspectKeyTransport(other);
    const content = Buffer.from(token);
    otherContent.copy(content, token.indexOf(parts.encryptedContent));
    expect(opening(content)).toBe('DECRYPTION_FAILED');
    otherKey.copy(content, token.indexOf(parts.encryptedKey));
    expect(opening(content)).toBe('DECRYPTION_FAILED');
  });
});

describe('a CRL in the token', () => {
  const vector = vectors<{ build?: { crl: string | null } }>('tr34').find(({ build }) => build?.crl)!;
  const harmless = hex(vector.build!.crl!);
  const listed = { serialNumbers: [pki.kdh!.certificate.serialNumber] };
  const revoking = crlOf(pki.kdhCa!, listed);
  const build = (crl: Buffer) => buildKeyTransport(toBuild({ form: 'X9_TR34_2019', crl }));

  test('is accepted when it lists only other certificates', () => {
    const block = build(harmless);
    expect(inspectKeyTransport(block)).toMatchObject({ form: 'X9_TR34_2019', crls: [harmless] });
    expect(openKeyTransport(toOpen(block)).key).toEqual(KEY);
  });

  test('revokes the sender that it lists', () => {
    expect(() => openKeyTransport(toOpen(build(revoking)))).toThrow(refusal('CERTIFICATE'));
  });

  test('is ignored when another CA issued it', () => {
    const foreign = crlOf(pki.otherCa!, listed);
    expect(openKeyTransport(toOpen(build(foreign))).key).toEqual(KEY);
  });
});

test('a self-signed sender certificate is its own issuer', () => {
  const { privateKey } = pki.kdh!;
  const validity = { notBefore: NOW, notAfter: NOW };
  const certificate = issueRoot({ subject: [{ type: 'CN', value: 'self' }], privateKey, validity });
  const block = buildKeyTransport(toBuild({ kdh: { certificate, privateKey } }));
  expect(openKeyTransport(toOpen(block, { kdh: { certificate, issuer: certificate } })).key).toEqual(KEY);
});
