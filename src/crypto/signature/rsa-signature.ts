import { createHash, type KeyObject, randomBytes } from 'node:crypto';
import { equal, xor } from '../bytes.js';
import { modulusBytesOf, rsaDecrypt, rsaEncrypt } from '../rsa.js';

/** SHA-2 hash functions (FIPS 180-4) of signatures by their API names, with the length of their digests in bytes. */
export type SignatureHash = 'SHA256' | 'SHA384' | 'SHA512';
export const DIGEST_BYTES: Readonly<Record<SignatureHash, number>> = { SHA256: 32, SHA384: 48, SHA512: 64 };

/** An RSA signature scheme: how a digest becomes the number that the key signs, as long as the modulus. */
interface RsaEncoding {
  encode(hash: SignatureHash, digest: Buffer, modulusBytes: number): Buffer;
  isEncodingOf(encoded: Buffer, hash: SignatureHash, digest: Buffer): boolean;
}

/** DER of DigestInfo before the digest: RFC 8017 section 9.2, note 1. */
const DIGEST_INFO: Readonly<Record<SignatureHash, Buffer>> = {
  SHA256: Buffer.from('3031300d060960864801650304020105000420', 'hex'),
  SHA384: Buffer.from('3041300d060960864801650304020205000430', 'hex'),
  SHA512: Buffer.from('3051300d060960864801650304020305000440', 'hex'),
};

/** RSASSA-PKCS1-v1_5: RFC 8017 section 8.2. */
export const PKCS1: RsaEncoding = {
  encode: emsaPkcs1,
  isEncodingOf: (encoded, hash, digest) => equal(encoded, emsaPkcs1(hash, digest, encoded.length)),
};

/** RSASSA-PSS with MGF1 over the same hash and a salt as long as the digest: RFC 8017 section 8.1. */
export const PSS: RsaEncoding = { encode: emsaPss, isEncodingOf: isEmsaPss };

/** The digest to sign, by an RSA scheme. Node can't sign a digest that the caller has computed. */
export interface RsaDigest {
  scheme: RsaEncoding;
  hash: SignatureHash;
  /** Has the output length of the hash. */
  digest: Buffer;
}

/**
 * Signs a digest.
 *
 * @param privateKey RSA; its modulus has a multiple of 8 bits
 * @returns signature as long as the modulus
 */
export function rsaSign(privateKey: KeyObject, { scheme, hash, digest }: RsaDigest): Buffer {
  return rsaDecrypt(privateKey, 'NONE', scheme.encode(hash, digest, modulusBytesOf(privateKey)));
}

/** Verifies a signature over a digest. @param publicKey RSA; its modulus has a multiple of 8 bits */
export function rsaVerify(publicKey: KeyObject, { scheme, hash, digest }: RsaDigest, signature: Buffer): boolean {
  if (signature.length !== modulusBytesOf(publicKey)) return false;
  try {
    return scheme.isEncodingOf(rsaEncrypt(publicKey, 'NONE', signature), hash, digest);
  } catch {
    // The signature isn't a number below the modulus.
    return false;
  }
}

/** EMSA-PKCS1-v1_5: RFC 8017 section 9.2. */
function emsaPkcs1(hash: SignatureHash, digest: Buffer, modulusBytes: number): Buffer {
  const encoded = Buffer.alloc(modulusBytes, 0xff);
  const info = DIGEST_INFO[hash];
  const start = modulusBytes - info.length - digest.length;
  encoded[0] = 0;
  encoded[1] = 1;
  encoded[start - 1] = 0;
  info.copy(encoded, start);
  digest.copy(encoded, start + info.length);
  return encoded;
}

const PSS_TRAILER = 0xbc;

/** EMSA-PSS-ENCODE: RFC 8017 section 9.1.1. The modulus has a multiple of 8 bits, so that the highest bit alone must be 0. */
function emsaPss(hash: SignatureHash, digest: Buffer, modulusBytes: number): Buffer {
  const salt = randomBytes(digest.length);
  const h = pssHash(hash, digest, salt);
  const db = Buffer.alloc(modulusBytes - h.length - 1);
  db[db.length - salt.length - 1] = 1;
  salt.copy(db, db.length - salt.length);
  const maskedDb = xor(db, mgf1(hash, h, db.length));
  maskedDb[0] = byteAt(maskedDb, 0) & 0x7f;
  return Buffer.concat([maskedDb, h, Buffer.from([PSS_TRAILER])]);
}

/** EMSA-PSS-VERIFY: RFC 8017 section 9.1.2. */
function isEmsaPss(encoded: Buffer, hash: SignatureHash, digest: Buffer): boolean {
  const dbLength = encoded.length - digest.length - 1;
  const maskedDb = encoded.subarray(0, dbLength);
  const h = encoded.subarray(dbLength, -1);
  if (encoded.at(-1) !== PSS_TRAILER || byteAt(maskedDb, 0) > 0x7f) return false;
  const db = xor(maskedDb, mgf1(hash, h, dbLength));
  db[0] = byteAt(db, 0) & 0x7f;
  const salt = db.subarray(-digest.length);
  const padding = db.subarray(0, -digest.length);
  const isPadding = padding.at(-1) === 1 && padding.subarray(0, -1).every((byte) => byte === 0);
  return isPadding && equal(h, pssHash(hash, digest, salt));
}

function pssHash(hash: SignatureHash, digest: Buffer, salt: Buffer): Buffer {
  return createHash(hash).update(Buffer.alloc(8)).update(digest).update(salt).digest();
}

/** MGF1: RFC 8017 appendix B.2.1. */
function mgf1(hash: SignatureHash, seed: Buffer, length: number): Buffer {
  const blocks: Buffer[] = [];
  const counter = Buffer.alloc(4);
  for (let i = 0; i * DIGEST_BYTES[hash] < length; i++) {
    counter.writeUInt32BE(i);
    blocks.push(createHash(hash).update(seed).update(counter).digest());
  }
  return Buffer.concat(blocks).subarray(0, length);
}

function byteAt(bytes: Buffer, index: number): number {
  return bytes[index] as number;
}
