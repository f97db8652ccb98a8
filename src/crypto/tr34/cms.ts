import { aes } from '../aes.js';
import { tdes } from '../des.js';
import { encode, NULL, octetString, oid, sequence, TAG } from '../asn1.js';

/** Object identifiers of CMS (RFC 5652), PKCS #1 (RFC 8017) and PKCS #9 that TR-34 uses, as DER. */
export const OID = {
  data: oid('1.2.840.113549.1.7.1'),
  signedData: oid('1.2.840.113549.1.7.2'),
  envelopedData: oid('1.2.840.113549.1.7.3'),
  contentType: oid('1.2.840.113549.1.9.3'),
  messageDigest: oid('1.2.840.113549.1.9.4'),
  signingTime: oid('1.2.840.113549.1.9.5'),
  randomNonce: oid('1.2.840.113549.1.9.25.3'),
  rsaEncryption: oid('1.2.840.113549.1.1.1'),
  sha256WithRsaEncryption: oid('1.2.840.113549.1.1.11'),
  rsaesOaep: oid('1.2.840.113549.1.1.7'),
  mgf1: oid('1.2.840.113549.1.1.8'),
  pSpecified: oid('1.2.840.113549.1.1.9'),
  sha256: oid('2.16.840.1.101.3.4.2.1'),
};

/**
 * The two encodings of a token.
 *
 * `X9_TR34_2012`: the envelope has no outer SEQUENCE, the RSAES-OAEP parameters have no context tags, the ciphertext is
 * inside the AlgorithmIdentifier, and the signed attributes keep the order of the standard's example. `X9_TR34_2019`:
 * CMS as defined in RFC 5652 and RFC 8017, following the corrigendum to the 2019 edition.
 */
export type Tr34Form = 'X9_TR34_2012' | 'X9_TR34_2019';

const SHA_256_NULL = sequence(OID.sha256, NULL);

/** AlgorithmIdentifier of SHA-256 as TR-34 sends it, without the NULL that RFC 5754 permits. */
export const SHA_256 = sequence(OID.sha256);
export const SHA_256_ACCEPTED = [SHA_256, SHA_256_NULL];

/**
 * AlgorithmIdentifier of RSASSA-PKCS1-v1_5, with the digest algorithm in a field of its own. RFC 5754 section 3.2
 * permits both identifiers. The second must be accepted without its NULL, too (RFC 4055 section 5).
 */
export const RSA_SIGNATURE = sequence(OID.rsaEncryption, NULL);
export const RSA_SIGNATURES_ACCEPTED = [
  RSA_SIGNATURE,
  sequence(OID.sha256WithRsaEncryption, NULL),
  sequence(OID.sha256WithRsaEncryption),
];

/** AlgorithmIdentifier of RSAES-OAEP with SHA-256, MGF1 with SHA-256 and the empty label, in both forms. */
export const RSAES_OAEP: Record<Tr34Form, Buffer> = {
  X9_TR34_2012: sequence(
    OID.rsaesOaep,
    sequence(SHA_256_NULL, sequence(OID.mgf1, SHA_256), sequence(OID.pSpecified, octetString(Buffer.alloc(0)))),
  ),
  X9_TR34_2019: sequence(
    OID.rsaesOaep,
    sequence(encode(TAG.CONSTRUCTED_0, SHA_256_NULL), encode(TAG.CONSTRUCTED_1, sequence(OID.mgf1, SHA_256_NULL))),
  ),
};

/** Content ciphers. The standard names the first two; the third is accepted from senders that use it. */
export const CONTENT_CIPHER_NAMES = ['DES-EDE3-CBC', 'AES-128-CBC', 'AES-256-CBC'] as const;

export type ContentCipher = (typeof CONTENT_CIPHER_NAMES)[number];

export const CONTENT_CIPHERS = {
  'DES-EDE3-CBC': { oid: oid('1.2.840.113549.3.7'), keyBytes: 24, blockBytes: 8, cipher: tdes },
  'AES-128-CBC': { oid: oid('2.16.840.1.101.3.4.1.2'), keyBytes: 16, blockBytes: 16, cipher: aes },
  'AES-256-CBC': { oid: oid('2.16.840.1.101.3.4.1.42'), keyBytes: 32, blockBytes: 16, cipher: aes },
} as const;
