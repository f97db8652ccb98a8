import { createHash, createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { xor } from '../../src/crypto/bytes.js';
import { rsaEncrypt } from '../../src/crypto/rsa.js';
import { encode, integer, NULL, oid, sequence, TAG } from '../../src/crypto/asn1.js';
import { type Certificate, readCertificate } from '../../src/crypto/x509/certificate.js';

/** A party of the test PKI: its certificate and private key (PKCS#8, DER). */
export interface Party {
  certificate: Certificate;
  privateKey: Buffer;
}

/** Reads the PKI in test/vectors/tr34.json. */
export function testPki(): Record<string, Party> {
  const file = new URL('../vectors/tr34.json', import.meta.url);
  const { pki } = JSON.parse(readFileSync(file, 'utf8')) as {
    pki: Record<string, { certificatePem: string; privateKeyPem: string }>;
  };
  return Object.fromEntries(
    Object.entries(pki).map(([name, { certificatePem, privateKeyPem }]) => [
      name,
      { certificate: readCertificate(Buffer.from(certificatePem)), privateKey: pkcs8(privateKeyPem) },
    ]),
  );
}

export function pkcs8(pem: string): Buffer {
  return createPrivateKey(pem).export({ format: 'der', type: 'pkcs8' });
}

/**
 * Encrypts with RSAES-OAEP under a given seed, with SHA-256, MGF1 with SHA-256 and the empty label: RFC 8017 section
 * 7.1.1.
 */
export function oaepWithSeed(publicKey: Buffer, { message, seed }: { message: Buffer; seed: Buffer }): Buffer {
  const modulusBytes = rsaEncrypt(publicKey, 'OAEP_SHA256', message).length;
  const db = Buffer.alloc(modulusBytes - 33);
  createHash('sha256').digest().copy(db);
  db[db.length - message.length - 1] = 0x01;
  message.copy(db, db.length - message.length);
  const maskedDb = xor(db, mgf1(seed, db.length));
  const maskedSeed = xor(seed, mgf1(maskedDb, seed.length));
  return rsaEncrypt(publicKey, 'NONE', Buffer.concat([maskedSeed, maskedDb]));
}

function mgf1(seed: Buffer, length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, i) =>
    createHash('sha256')
      .update(seed)
      .update(Buffer.from([0, 0, 0, i]))
      .digest(),
  );
  return Buffer.concat(blocks).subarray(0, length);
}

/** Issues a CRL, RFC 5280 section 5.1, that lists certificates by their serial numbers (INTEGER in DER). */
export function crlOf(
  ca: Party,
  {
    serialNumbers,
    thisUpdate = '250101000000Z',
    nextUpdate = '270101000000Z',
    extensions,
  }: { serialNumbers: Buffer[]; thisUpdate?: string; nextUpdate?: string | null; extensions?: Buffer },
): Buffer {
  const utcTime = (text: string) => encode(TAG.UTC_TIME, Buffer.from(text));
  const algorithm = sequence(oid('1.2.840.113549.1.1.11'), NULL);
  const tbsCertList = sequence(
    integer(1),
    algorithm,
    ca.certificate.subject,
    utcTime(thisUpdate),
    ...(nextUpdate === null ? [] : [utcTime(nextUpdate)]),
    ...(serialNumbers.length === 0
      ? []
      : [sequence(...serialNumbers.map((serial) => sequence(serial, utcTime(thisUpdate))))]),
    ...(extensions === undefined ? [] : [encode(TAG.CONSTRUCTED_0, sequence(extensions))]),
  );
  const signature = sign('sha256', tbsCertList, { key: ca.privateKey, format: 'der', type: 'pkcs8' });
  return sequence(tbsCertList, algorithm, encode(TAG.BIT_STRING, Buffer.alloc(1), signature));
}
