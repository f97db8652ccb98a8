import { decodeAll, decodeSequence, oidValue, TAG } from '../../src/crypto/asn1.js';
import { certificateFields } from '../../src/crypto/x509/certificate-fields.js';
import { describeName } from '../../src/crypto/x509/distinguished-name.js';

/** Certificate fields to display. The console doesn't verify the certificate: the service does when it is used. */
export interface ReadCertificate {
  subject: string;
  issuer: string;
  /** Hexadecimal. */
  serialNumber: string;
  notBefore: Date;
  notAfter: Date;
  /** KeyAlgorithm of the key, such as RSA_2048; undefined for other algorithms. */
  algorithm: string | undefined;
  isCa: boolean;
}

const RSA = '1.2.840.113549.1.1.1';
const BASIC_CONSTRAINTS = '2.5.29.19';
const CURVES: Readonly<Record<string, string>> = {
  '1.2.840.10045.3.1.7': 'ECC_NIST_P256',
  '1.3.132.0.34': 'ECC_NIST_P384',
  '1.3.132.0.35': 'ECC_NIST_P521',
};

/** Reads a certificate. @throws CryptoError CERTIFICATE */
export function readCertificate(der: Buffer): ReadCertificate {
  const { subject, issuer, serialNumber, notBefore, notAfter, publicKey, extensions } = certificateFields(der);
  const constraints = extensions.find(
    ({ children: [id] }) => id?.tag === TAG.OID && oidValue(id) === BASIC_CONSTRAINTS,
  );
  const value = constraints?.children.at(-1)?.content;
  return {
    subject: describeName(subject),
    issuer: describeName(issuer),
    serialNumber: serialNumber.subarray(2).toString('hex').toUpperCase(),
    notBefore,
    notAfter,
    algorithm: algorithmOf(publicKey),
    isCa: value !== undefined && decodeAll(value, 'CERTIFICATE')[0]?.children[0]?.tag === TAG.BOOLEAN,
  };
}

/** @param info SubjectPublicKeyInfo, DER */
function algorithmOf(info: Buffer): string | undefined {
  const fields = decodeSequence(info, 'SubjectPublicKeyInfo', 'CERTIFICATE');
  const [type, parameters] = fields.take(TAG.SEQUENCE, 'algorithm').children;
  if (type === undefined) return undefined;
  if (oidValue(type) !== RSA) return parameters?.tag === TAG.OID ? CURVES[oidValue(parameters)] : undefined;
  const key = fields.take(TAG.BIT_STRING, 'subjectPublicKey').content.subarray(1);
  const modulus = decodeSequence(key, 'RSAPublicKey', 'CERTIFICATE').take(TAG.INTEGER, 'modulus').content;
  return `RSA_${8 * (modulus[0] === 0 ? modulus.length - 1 : modulus.length)}`;
}
