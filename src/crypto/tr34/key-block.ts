import { CryptoError } from '../errors.js';
import { decodeFirst, Fields, integer, octetString, sequence, set, TAG } from '../asn1.js';
import { OID } from './cms.js';

/** TR-31 header: ASCII, 16 characters and the optional blocks. */
const HEADER = /^[\x20-\x7e]{16,}$/;

/**
 * Allowed lengths of the transported key by the algorithm letter of its header. Longer AES keys are excluded, because
 * the content ciphers and the RSA keys in use are weaker.
 */
const KEY_BYTES: Partial<Record<string, readonly number[]>> = { T: [16, 24], A: [16] };

/** Encodes the key block header attribute: SEQUENCE { OID data, SET { OCTET STRING header } }. */
export function headerAttribute(header: string): Buffer {
  return sequence(OID.data, set(octetString(Buffer.from(header, 'latin1'))));
}

/**
 * Reads the header from an attribute's value.
 *
 * @throws CryptoError CMS
 */
export function headerOf(value: Buffer): string {
  const header = value.toString('latin1');
  if (!HEADER.test(header))
    throw new CryptoError('CMS', 'The key block header must be 16 or more printable ASCII characters');
  return header;
}

/**
 * Checks the length of the key against the algorithm in the header (character 7): T for TDES, A for AES.
 *
 * @throws CryptoError DATA_FORMAT, KEY_LENGTH
 */
export function verifyKeyLength({ header, key }: { header: string; key: Buffer }): void {
  const lengths = KEY_BYTES[header.charAt(7)];
  if (!HEADER.test(header) || lengths === undefined)
    throw new CryptoError('DATA_FORMAT', 'The key block header must be that of a TDES or AES key');
  if (!lengths.includes(key.length))
    throw new CryptoError('KEY_LENGTH', `A key with this header must be ${lengths.join(' or ')} bytes`);
}

/**
 * Encodes the key block that the envelope encrypts, with PKCS #7 padding (RFC 5652 section 6.3):
 *
 *     SEQUENCE { INTEGER 1, IssuerAndSerialNumber of the KDH, OCTET STRING key, attribute of the header }
 *
 * @param blockBytes block length of the cipher, 8 or 16
 * @returns a multiple of the block length; the caller must zeroize it
 */
export function encodeKeyBlock(
  { kdh, header, key }: { kdh: Buffer; header: string; key: Buffer },
  blockBytes: number,
): Buffer {
  const attribute = headerAttribute(header);
  // Copy the key in last, so that the encoder makes no copies of it.
  const block = sequence(integer(1), kdh, octetString(Buffer.alloc(key.length)), attribute);
  const padding = blockBytes - (block.length % blockBytes);
  const padded = Buffer.alloc(block.length + padding, padding);
  block.copy(padded);
  key.copy(padded, block.length - attribute.length - key.length);
  return padded;
}

/**
 * Decodes a padded key block: the inverse of `encodeKeyBlock`. The DER length determines the end, because some senders
 * pad only when the length is not a multiple of the block; the rest must be empty or PKCS #7 padding. Ignores the
 * version, because the standard's ASN.1 module and examples disagree on it.
 *
 * @returns views of `padded`
 * @throws CryptoError CMS
 */
export function decodeKeyBlock(padded: Buffer, blockBytes: number): { kdh: Buffer; header: Buffer; key: Buffer } {
  const { element, rest } = decodeFirst(padded, 'CMS');
  if (rest.length > blockBytes || !rest.every((byte) => byte === rest.length))
    throw new CryptoError('CMS', 'The key block must be followed by PKCS #7 padding');
  const block = new Fields('The envelope', [element], 'CMS').within(TAG.SEQUENCE, 'KeyBlock');
  block.take(TAG.INTEGER, 'version');
  const kdh = block.take(TAG.SEQUENCE, 'idKDH').der;
  const key = block.take(TAG.OCTET_STRING, 'clearKey').content;
  const attribute = block.within(TAG.SEQUENCE, 'attrHeader');
  attribute.oneOf([OID.data], 'attrType');
  const header = attribute.within(TAG.SET, 'attrValues').take(TAG.OCTET_STRING, 'header').content;
  block.end();
  return { kdh, header, key };
}
