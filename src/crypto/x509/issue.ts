import { createHash, randomBytes } from 'node:crypto';
import { publicKeyOf } from '../rsa.js';
import {
  bitString,
  decodeSequence,
  encode,
  integer,
  octetString,
  oid,
  sequence,
  TAG,
  time,
  unsignedInteger,
} from '../asn1.js';
import { type Certificate, publicKeyStrength, readCertificate } from './certificate.js';
import { distinguishedName, type NameAttribute } from './distinguished-name.js';
import { signed } from './signature.js';

export interface Validity {
  notBefore: Date;
  notAfter: Date;
}

/** Extensions of RFC 5280 section 4.2.1. KeyUsage is a BIT STRING with bit 0 leftmost and without trailing zeros. */
const TRUE = encode(TAG.BOOLEAN, Buffer.from([0xff]));
const BASIC_CONSTRAINTS_CA = extension('2.5.29.19', sequence(TRUE), 'critical');
const BASIC_CONSTRAINTS_LEAF = extension('2.5.29.19', sequence());
const KEY_USAGE = {
  /** digitalSignature, keyCertSign, cRLSign */
  CA: extension('2.5.29.15', bitString(Buffer.from([0x86]), 1), 'critical'),
  /** digitalSignature, keyEncipherment */
  RSA: extension('2.5.29.15', bitString(Buffer.from([0xa0]), 5), 'critical'),
  /** keyAgreement */
  EC: extension('2.5.29.15', bitString(Buffer.from([0x08]), 3), 'critical'),
};
/** serverAuth, clientAuth */
const EXTENDED_KEY_USAGE = extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'), oid('1.3.6.1.5.5.7.3.2')));

/**
 * Issues a self-signed root certificate for the account's certificate authority: RFC 5280, signed with SHA-512.
 *
 * @param privateKey RSA or elliptic curve, PKCS#8 in DER; the caller zeroizes it
 * @throws CryptoError CERTIFICATE
 */
export function issueRoot({
  subject,
  privateKey,
  validity,
}: {
  subject: readonly NameAttribute[];
  privateKey: Buffer;
  validity: Validity;
}): Certificate {
  return issue(privateKey, (algorithm) => {
    const name = distinguishedName(subject);
    const publicKey = publicKeyOf(privateKey);
    const extensions = [BASIC_CONSTRAINTS_CA, KEY_USAGE.CA, subjectKeyIdentifier(publicKey)];
    return tbsCertificate({ algorithm, issuer: name, validity, subject: name, publicKey, extensions });
  });
}

/**
 * Issues a certificate for a public key of the service, signed by the root. KeyUsage is digitalSignature and
 * keyEncipherment for an RSA key, keyAgreement for an elliptic curve key.
 *
 * @param publicKey SubjectPublicKeyInfo, DER
 * @param issuer    the root certificate and its private key, which the caller zeroizes
 * @throws CryptoError CERTIFICATE
 */
export function issueLeaf({
  subject,
  publicKey,
  validity,
  issuer,
}: {
  subject: readonly NameAttribute[];
  publicKey: Buffer;
  validity: Validity;
  issuer: { certificate: Certificate; privateKey: Buffer };
}): Certificate {
  return issue(issuer.privateKey, (algorithm) =>
    tbsCertificate({
      algorithm,
      issuer: issuer.certificate.subject,
      validity,
      subject: distinguishedName(subject),
      publicKey,
      extensions: [
        BASIC_CONSTRAINTS_LEAF,
        authorityKeyIdentifier(issuer.certificate.publicKey),
        subjectKeyIdentifier(publicKey),
        KEY_USAGE[publicKeyStrength(publicKey).keyType],
        EXTENDED_KEY_USAGE,
      ],
    }),
  );
}

function issue(privateKey: Buffer, tbs: (algorithm: Buffer) => Buffer): Certificate {
  return readCertificate(signed({ privateKey, hash: 'SHA512' }, tbs));
}

/** Encodes TBSCertificate, RFC 5280 section 4.1, version 3, with a random serial number of 16 bytes. */
function tbsCertificate(fields: {
  algorithm: Buffer;
  issuer: Buffer;
  validity: Validity;
  subject: Buffer;
  publicKey: Buffer;
  extensions: Buffer[];
}): Buffer {
  const { algorithm, issuer, validity, subject, publicKey, extensions } = fields;
  return sequence(
    encode(TAG.CONSTRUCTED_0, integer(2)),
    unsignedInteger(randomBytes(16)),
    algorithm,
    issuer,
    sequence(time(validity.notBefore), time(validity.notAfter)),
    subject,
    publicKey,
    encode(TAG.CONSTRUCTED_3, sequence(...extensions)),
  );
}

/** Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING } */
function extension(id: string, value: Buffer, criticality?: 'critical'): Buffer {
  return sequence(oid(id), ...(criticality === 'critical' ? [TRUE] : []), octetString(value));
}

function subjectKeyIdentifier(publicKey: Buffer): Buffer {
  return extension('2.5.29.14', octetString(keyIdentifier(publicKey)));
}

function authorityKeyIdentifier(publicKey: Buffer): Buffer {
  return extension('2.5.29.35', sequence(encode(TAG.PRIMITIVE_0, keyIdentifier(publicKey))));
}

/** Computes a key identifier by method (1) of RFC 5280 section 4.2.1.2: SHA-1 of the key bits. */
function keyIdentifier(publicKey: Buffer): Buffer {
  const spki = decodeSequence(publicKey, 'SubjectPublicKeyInfo', 'CERTIFICATE');
  spki.take(TAG.SEQUENCE, 'algorithm');
  const keyBits = spki.take(TAG.BIT_STRING, 'subjectPublicKey').content.subarray(1);
  return createHash('sha1').update(keyBits).digest();
}
