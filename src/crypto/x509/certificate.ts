import { type KeyObject, X509Certificate } from 'node:crypto';
import { readPublicKey } from '../asymmetric-key.js';
import { equal } from '../bytes.js';
import { CryptoError } from '../errors.js';
import { publicKeyOf } from '../rsa.js';
import { type CertificateFields, certificateFields } from './certificate-fields.js';

export type KeyType = 'RSA' | 'EC';

/** Fields of an X.509 certificate (RFC 5280) that TR-34 and public key imports need. */
export interface Certificate extends Omit<CertificateFields, 'extensions'> {
  der: Buffer;
  keyType: KeyType;
  /** Size of the modulus or of the curve. */
  keyBits: number;
  /** True when BasicConstraints has CA:TRUE. */
  isCa: boolean;
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/;

const CURVE_BITS: Partial<Record<string, number>> = { prime256v1: 256, secp384r1: 384, secp521r1: 521 };

/**
 * Reads an X.509 certificate: RFC 5280 section 4.1.
 *
 * @param encoded DER, or PEM with any line endings; only the first certificate of a PEM text is read
 * @throws CryptoError CERTIFICATE when it is malformed or not DER, or its key is neither RSA nor on P-256, P-384 or
 *   P-521
 */
export function readCertificate(encoded: Buffer): Certificate {
  const { der, publicKey, isCa } = parse(encoded);
  return {
    ...certificateFields(der),
    der,
    publicKey,
    ...publicKeyStrength(publicKey),
    isCa,
  };
}

/**
 * Returns the type of the key in a SubjectPublicKeyInfo and the size of its modulus or curve in bits.
 *
 * @param publicKey SubjectPublicKeyInfo, DER
 * @throws CryptoError CERTIFICATE when the key is neither RSA nor on P-256, P-384 or P-521
 */
export function publicKeyStrength(publicKey: Buffer): { keyType: KeyType; keyBits: number } {
  const key = subjectPublicKey(publicKey);
  const { modulusLength, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa' && modulusLength !== undefined) return { keyType: 'RSA', keyBits: modulusLength };
  const curveBits = CURVE_BITS[namedCurve];
  if (key.asymmetricKeyType === 'ec' && curveBits !== undefined) return { keyType: 'EC', keyBits: curveBits };
  throw new CryptoError('CERTIFICATE', 'The public key must be RSA or on the curve P-256, P-384 or P-521');
}

function subjectPublicKey(publicKey: Buffer): KeyObject {
  try {
    return readPublicKey(publicKey);
  } catch {
    throw new CryptoError('CERTIFICATE', 'The public key must be a SubjectPublicKeyInfo in DER');
  }
}

/**
 * Checks that a certificate was issued by another one and is valid at a given time: RFC 5280 section 6.1.3 (a). The
 * rest of that path validation does not apply, because TR-34 leaf certificates often carry no extensions.
 *
 * Also rejects a certificate stronger than its issuer: an RSA modulus may not be longer than the issuer's, and an
 * elliptic curve key needs an issuer on the same or a larger curve. An RSA key issued under an elliptic curve key is
 * compared with its issuer by table 2 of NIST SP 800-57 part 1.
 *
 * @param issuer the CA's certificate, trusted by the caller; for a self-signed certificate, the certificate itself
 * @param time   the current time
 * @throws CryptoError CERTIFICATE
 */
export function verifyCertificate(
  certificate: Certificate,
  { issuer, time }: { issuer: Certificate; time: Date },
): void {
  if (!isIssuedBy(certificate, issuer))
    throw new CryptoError('CERTIFICATE', 'The certificate must be issued by the given certificate authority');
  if (!(time >= certificate.notBefore && time <= certificate.notAfter))
    throw new CryptoError('CERTIFICATE', 'The certificate must be within its validity period');
  if (isStrongerThan(certificate, issuer))
    throw new CryptoError('CERTIFICATE', 'The key of the certificate must not be stronger than that of its issuer');
}

/** True when a certificate names the other one as its issuer and bears its signature. */
export function isIssuedBy(certificate: Certificate, issuer: Certificate): boolean {
  // Two CAs may have the same name, so the signature decides.
  const isSigned = new X509Certificate(certificate.der).verify(subjectPublicKey(issuer.publicKey));
  return isSigned && equal(certificate.issuer, issuer.subject);
}

/** Encodes PEM (RFC 7468) as the service returns it: without a line ending after the footer. */
export function toPem(label: 'CERTIFICATE' | 'CERTIFICATE REQUEST', der: Buffer): string {
  const base64 = der.toString('base64').replace(/.{64}(?!$)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----`;
}

/**
 * Checks that a certificate and a private key belong together.
 *
 * @param privateKey DER PKCS#8; the caller zeroizes it
 * @throws CryptoError CERTIFICATE
 */
export function verifyKeyPair(certificate: Certificate, privateKey: Buffer): void {
  if (!equal(certificate.publicKey, derivedPublicKey(privateKey)))
    throw new CryptoError('CERTIFICATE', 'The certificate must be that of the given private key');
}

function derivedPublicKey(privateKey: Buffer): Buffer {
  try {
    return publicKeyOf(privateKey);
  } catch {
    throw new CryptoError('CERTIFICATE', 'The private key must be a PKCS#8 key in DER');
  }
}

function parse(encoded: Buffer): { der: Buffer; publicKey: Buffer; isCa: boolean } {
  try {
    const certificate = new X509Certificate(encoded);
    const publicKey = certificate.publicKey.export({ format: 'der', type: 'spki' });
    // OpenSSL accepts BER and ignores trailing bytes; `raw` is its re-encoding in DER.
    if (!equal(certificate.raw, derOf(encoded))) throw new Error('not DER');
    return { der: certificate.raw, publicKey, isCa: certificate.ca };
  } catch {
    throw new CryptoError('CERTIFICATE', 'The certificate must be X.509 in PEM or DER');
  }
}

/** Returns the bytes between the first pair of PEM boundary lines (RFC 7468), or the whole input if there are none. */
function derOf(encoded: Buffer): Buffer {
  const base64 = PEM_CERTIFICATE.exec(encoded.toString('latin1'))?.[1];
  return base64 === undefined ? encoded : Buffer.from(base64, 'base64');
}

/** RSA modulus with the same strength as each curve, in bits: NIST SP 800-57 part 1, table 2. */
const RSA_BITS_OF_CURVE: Partial<Record<number, number>> = { 256: 3072, 384: 7680, 521: 15360 };

function isStrongerThan(certificate: Certificate, issuer: Certificate): boolean {
  if (certificate.keyType === issuer.keyType) return certificate.keyBits > issuer.keyBits;
  return certificate.keyType === 'EC' || certificate.keyBits > (RSA_BITS_OF_CURVE[issuer.keyBits] ?? 0);
}
