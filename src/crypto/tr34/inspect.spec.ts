import { testPki } from '../../../test/support/tr34.js';
import { hex } from '../../../test/support/vectors.js';
import { encode, integer, NULL, octetString, oid, sequence, set, TAG } from '../asn1.js';
import { CONTENT_CIPHERS, OID, RSA_SIGNATURE, RSAES_OAEP, SHA_256 } from './cms.js';
import { inspectKeyTransport } from './inspect.js';

const pki = testPki();
const KDH = pki.kdh!.certificate.issuerAndSerialNumber;
const KRD = pki.svcKrd2048!.certificate.issuerAndSerialNumber;
const SHA_256_NULL = sequence(OID.sha256, NULL);
const NOTHING: Buffer = Buffer.alloc(0);
const explicit = (content: Buffer) => encode(TAG.CONSTRUCTED_0, content);
const attribute = (type: Buffer, ...values: Buffer[]) => sequence(type, set(...values));

const CONTENT_TYPE = attribute(OID.contentType, OID.envelopedData);
const NONCE = attribute(OID.randomNonce, octetString(hex('E7A9CC5BFD1A7FDC')));
const TIME = attribute(OID.signingTime, encode(TAG.UTC_TIME, Buffer.from('260115120000Z')));
const HEADER = attribute(OID.data, octetString(Buffer.from('D0112K0TB00E0000')));
const DIGEST = attribute(OID.messageDigest, octetString(Buffer.alloc(32)));

/** Builds a well-formed token field by field; nothing in it is signed or encrypted. */
function token(changes: Partial<ReturnType<typeof defaults>> = {}): Buffer {
  const f = { ...defaults(), ...changes };
  const envelope = [
    f.envelopeVersion,
    set(
      sequence(f.recipientVersion, f.krd, f.keyEncryption, octetString(hex('0102'))),
      ...(f.secondRecipient ? [sequence()] : []),
    ),
    sequence(f.contentInfo, sequence(f.cipher, octetString(f.iv), f.inside), f.after),
  ];
  const eContent = f.form === '2012' ? Buffer.concat([...envelope, f.tail]) : sequence(...envelope, f.tail);
  const signedData = sequence(
    f.version,
    set(f.digestAlgorithm),
    sequence(f.eContentType, explicit(f.eContent ?? octetString(eContent))),
    f.certificates,
    f.crls,
    set(
      sequence(
        f.signerVersion,
        KDH,
        f.signerDigest,
        encode(TAG.CONSTRUCTED_0, ...f.attributes),
        f.signatureAlgorithm,
        octetString(hex('03')),
        f.unsignedAttributes,
      ),
      ...(f.secondSigner ? [sequence()] : []),
    ),
  );
  return sequence(f.contentType, explicit(signedData));
}

const defaults = () => ({
  form: '2012' as '2012' | '2019',
  contentType: OID.signedData,
  version: integer(1),
  digestAlgorithm: SHA_256,
  eContentType: OID.envelopedData,
  eContent: undefined as Buffer | undefined,
  certificates: NOTHING,
  crls: NOTHING,
  signerVersion: integer(1),
  signerDigest: SHA_256,
  attributes: [CONTENT_TYPE, NONCE, HEADER, DIGEST],
  signatureAlgorithm: RSA_SIGNATURE,
  unsignedAttributes: NOTHING,
  secondSigner: false,
  envelopeVersion: integer(0),
  recipientVersion: integer(0),
  krd: KRD,
  keyEncryption: RSAES_OAEP.X9_TR34_2012,
  secondRecipient: false,
  contentInfo: OID.data,
  cipher: CONTENT_CIPHERS['DES-EDE3-CBC'].oid,
  iv: Buffer.alloc(8, 1),
  inside: encode(TAG.PRIMITIVE_0, Buffer.alloc(16, 2)),
  after: NOTHING,
  tail: NOTHING,
});

test('returns the content of a token', () => {
  expect(inspectKeyTransport(token())).toEqual({
    form: 'X9_TR34_2012',
    kdh: KDH,
    krd: KRD,
    header: 'D0112K0TB00E0000',
    nonce: hex('E7A9CC5BFD1A7FDC'),
    signingTime: undefined,
    messageDigest: Buffer.alloc(32),
    signedAttributes: [CONTENT_TYPE, NONCE, HEADER, DIGEST],
    signature: hex('03'),
    encryptedKey: hex('0102'),
    contentCipher: 'DES-EDE3-CBC',
    iv: Buffer.alloc(8, 1),
    encryptedContent: Buffer.alloc(16, 2),
    eContent: expect.any(Buffer),
    certificates: [],
    crls: [],
  });
});

describe('differences between senders are accepted', () => {
  const outside = { inside: NOTHING, after: encode(TAG.PRIMITIVE_0, Buffer.alloc(16, 2)) };
  const aes = { iv: Buffer.alloc(16) };
  const oaep = (...parameters: Buffer[]) => ({ keyEncryption: sequence(OID.rsaesOaep, ...parameters) });
  const { der } = pki.kdh!.certificate;
  const other = encode(TAG.CONSTRUCTED_1, OID.data);

  test.each<[string, Parameters<typeof token>[0], object]>([
    ['the 2019 form', { form: '2019', ...outside }, { form: 'X9_TR34_2019' }],
    ['version 3 in the 2019 form', { form: '2019', version: integer(3) }, { form: 'X9_TR34_2019' }],
    ['ciphertext outside the AlgorithmIdentifier in the 2012 form', outside, { form: 'X9_TR34_2012' }],
    ['AES-128', { ...aes, cipher: CONTENT_CIPHERS['AES-128-CBC'].oid }, { contentCipher: 'AES-128-CBC' }],
    ['AES-256', { ...aes, cipher: CONTENT_CIPHERS['AES-256-CBC'].oid }, { contentCipher: 'AES-256-CBC' }],
    ['SHA-256 with NULL', { digestAlgorithm: SHA_256_NULL, signerDigest: SHA_256_NULL }, {}],
    ['sha256WithRSAEncryption', { signatureAlgorithm: sequence(OID.sha256WithRsaEncryption, NULL) }, {}],
    ['sha256WithRSAEncryption without NULL', { signatureAlgorithm: sequence(OID.sha256WithRsaEncryption) }, {}],
    ['OAEP parameters with tags', { keyEncryption: RSAES_OAEP.X9_TR34_2019 }, {}],
    ['OAEP without parameters', oaep(), {}],
    ['OAEP parameters with another structure', oaep(sequence(SHA_256)), {}],
    [
      'a signing time',
      { attributes: [CONTENT_TYPE, TIME, HEADER, DIGEST] },
      { nonce: undefined, signingTime: new Date('2026-01-15T12:00:00Z') },
    ],
    [
      'a nonce and a signing time',
      { attributes: [CONTENT_TYPE, NONCE, TIME, HEADER, DIGEST] },
      { nonce: hex('E7A9CC5BFD1A7FDC') },
    ],
    ['attributes in another order', { attributes: [DIGEST, HEADER, NONCE, CONTENT_TYPE] }, {}],
    [
      'an additional attribute',
      { attributes: [CONTENT_TYPE, NONCE, HEADER, DIGEST, attribute(oid('1.2.3'), NULL)] },
      {},
    ],
    ['certificates', { certificates: explicit(der) }, { certificates: [der] }],
    [
      'CRLs mixed with other revocation information',
      { crls: encode(TAG.CONSTRUCTED_1, sequence(), other) },
      { crls: [sequence()] },
    ],
  ])('%s', (_, changes, expected) => {
    expect(inspectKeyTransport(token(changes))).toMatchObject(expected);
  });
});

describe('malformed and unsupported fields are named', () => {
  const sha1 = sequence(oid('1.3.14.3.2.26'), NULL);
  const attributes = (...list: Buffer[]) => ({ attributes: list });

  test.each<[string, Parameters<typeof token>[0], string]>([
    ['another content type', { contentType: OID.data }, 'ContentInfo has an unsupported contentType'],
    ['version 0', { version: integer(0) }, 'SignedData has an unsupported version'],
    ['version 3 in the 2012 form', { version: integer(3) }, 'SignedData has an unsupported version'],
    ['version 2 in the 2019 form', { form: '2019', version: integer(2) }, 'SignedData has an unsupported version'],
    ['a version that is not an INTEGER', { version: NULL }, 'SignedData must have the field version'],
    ['SHA-1', { digestAlgorithm: sha1 }, 'digestAlgorithms has an unsupported digestAlgorithm'],
    ["SHA-1 as the signer's digest", { signerDigest: sha1 }, 'SignerInfo has an unsupported digestAlgorithm'],
    ['plain data inside', { eContentType: OID.data }, 'encapContentInfo has an unsupported eContentType'],
    ['no envelope', { eContent: sequence() }, 'eContent must have the field OCTET STRING'],
    ['an empty envelope', { eContent: octetString(NOTHING) }, 'EnvelopedData has an unsupported version'],
    ['an envelope that is not DER', { eContent: octetString(hex('0205')) }, 'must be complete DER'],
    ['two envelopes in the 2019 form', { eContent: octetString(hex('30003000')) }, 'more than its fields'],
    ['a signer of version 3', { signerVersion: integer(3) }, 'SignerInfo has an unsupported version'],
    [
      'another signature algorithm',
      { signatureAlgorithm: sequence(oid('1.2.840.113549.1.1.10')) },
      'unsupported signatureAlgorithm',
    ],
    [
      'rsaEncryption without NULL',
      { signatureAlgorithm: sequence(OID.rsaEncryption) },
      'unsupported signatureAlgorithm',
    ],
    ['unsigned attributes', { unsignedAttributes: encode(TAG.CONSTRUCTED_1) }, 'SignerInfo has more than its fields'],
    ['two signers', { secondSigner: true }, 'signerInfos has more than its fields'],
    ['two receivers', { secondRecipient: true }, 'recipientInfos has more than its fields'],
    ['an envelope of version 2', { envelopeVersion: integer(2) }, 'EnvelopedData has an unsupported version'],
    ['a receiver of version 2', { recipientVersion: integer(2) }, 'KeyTransRecipientInfo has an unsupported version'],
    [
      'a receiver identified by its key',
      { krd: encode(TAG.PRIMITIVE_0, hex('01')) },
      'must have the field issuerAndSerialNumber',
    ],
    ['PKCS #1 v1.5', { keyEncryption: RSA_SIGNATURE }, 'must be RSAES-OAEP with SHA-256'],
    ['an algorithm without identifier', { keyEncryption: sequence() }, 'must be RSAES-OAEP with SHA-256'],
    [
      'OAEP with SHA-1',
      { keyEncryption: sequence(OID.rsaesOaep, sequence(explicit(sha1))) },
      'must be RSAES-OAEP with SHA-256',
    ],
    [
      'an envelope around signed data',
      { contentInfo: OID.signedData },
      'EncryptedContentInfo has an unsupported contentType',
    ],
    ['another cipher', { cipher: oid('1.3.14.3.2.7') }, 'must be TDES or AES in CBC'],
    ['an initialization vector for another cipher', { iv: Buffer.alloc(16) }, 'must fit the cipher'],
    ['an incomplete block', { inside: encode(TAG.PRIMITIVE_0, Buffer.alloc(12)) }, 'must fit the cipher'],
    ['no ciphertext', { inside: encode(TAG.PRIMITIVE_0) }, 'must fit the cipher'],
    ['missing ciphertext', { inside: NOTHING }, 'must have the field encryptedContent'],
    ['ciphertext twice', { after: encode(TAG.PRIMITIVE_0) }, 'EncryptedContentInfo has more than its fields'],
    ['unprotected attributes', { tail: encode(TAG.CONSTRUCTED_1) }, 'EnvelopedData has more than its fields'],
    ['no contentType', attributes(NONCE, HEADER, DIGEST), 'contentType must be envelopedData'],
    [
      'contentType data',
      attributes(attribute(OID.contentType, OID.data), NONCE, HEADER, DIGEST),
      'contentType must be envelopedData',
    ],
    ['no digest', attributes(CONTENT_TYPE, NONCE, HEADER), 'must have messageDigest and the header'],
    ['no header', attributes(CONTENT_TYPE, NONCE, DIGEST), 'must have messageDigest and the header'],
    [
      'neither nonce nor time',
      attributes(CONTENT_TYPE, HEADER, DIGEST),
      'randomNonce (two-pass) or signingTime (one-pass)',
    ],
    ['two nonces', attributes(CONTENT_TYPE, NONCE, NONCE, HEADER, DIGEST), 'must occur once and have one value'],
    [
      'two headers in one attribute',
      attributes(CONTENT_TYPE, NONCE, attribute(OID.data, NULL, NULL), DIGEST),
      'must occur once',
    ],
    ['no value', attributes(CONTENT_TYPE, NONCE, HEADER, attribute(OID.messageDigest)), 'must occur once and have one'],
    [
      'an attribute without its set',
      attributes(CONTENT_TYPE, NONCE, HEADER, sequence(OID.messageDigest)),
      'must occur once',
    ],
    [
      'a nonce that is a number',
      attributes(CONTENT_TYPE, attribute(OID.randomNonce, integer(1)), HEADER, DIGEST),
      'OCTET STRING',
    ],
    [
      'an invalid time',
      attributes(CONTENT_TYPE, attribute(OID.signingTime, integer(1)), HEADER, DIGEST),
      'A time must be',
    ],
    [
      'a short header',
      attributes(CONTENT_TYPE, NONCE, attribute(OID.data, octetString(Buffer.alloc(15, 65))), DIGEST),
      '16 or more',
    ],
    [
      'a binary header',
      attributes(CONTENT_TYPE, NONCE, attribute(OID.data, octetString(Buffer.alloc(16))), DIGEST),
      'printable',
    ],
  ])('%s', (_, changes, message) => {
    const refused = expect(() => inspectKeyTransport(token(changes)));
    refused.toThrow(expect.objectContaining({ name: 'CryptoError', code: 'CMS' }));
    refused.toThrow(message);
  });

  test.each([
    ['nothing', NOTHING],
    ['bytes that are not DER', Buffer.from('token')],
    ['two tokens', Buffer.concat([token(), token()])],
    ['a certificate', pki.kdh!.certificate.der],
    ['a token above the maximum length', Buffer.concat([token(), Buffer.alloc(16_384)])],
  ])('%s', (_, block) => {
    expect(() => inspectKeyTransport(block)).toThrow(expect.objectContaining({ name: 'CryptoError', code: 'CMS' }));
  });
});
