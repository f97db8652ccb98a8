import { dateOf, decodeSequence, type Element, type Fields, sequence, TAG } from '../asn1.js';

/** The encoded fields of an X.509 certificate: RFC 5280 section 4.1.2. */
export interface CertificateFields {
  /** INTEGER, including tag and length. */
  serialNumber: Buffer;
  /** Name in DER, as encoded in the certificate. */
  issuer: Buffer;
  /** Name in DER, as encoded in the certificate. */
  subject: Buffer;
  /** IssuerAndSerialNumber of RFC 5652 section 10.2.4, in DER, by which a token identifies this certificate. */
  issuerAndSerialNumber: Buffer;
  notBefore: Date;
  notAfter: Date;
  /** DER SubjectPublicKeyInfo. */
  publicKey: Buffer;
  /** The elements of Extensions; none in a certificate without them. */
  extensions: readonly Element[];
}

/**
 * Reads the fields of a certificate without checking its key or its signature. It needs no `node:crypto`, so it also
 * runs in a browser.
 *
 * @param der DER
 * @returns views of `der`
 * @throws CryptoError CERTIFICATE, naming the malformed field
 */
export function certificateFields(der: Buffer): CertificateFields {
  // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }
  const tbs = decodeSequence(der, 'Certificate', 'CERTIFICATE').within(TAG.SEQUENCE, 'tbsCertificate');
  tbs.optional(TAG.CONSTRUCTED_0); // version
  const serialNumber = tbs.take(TAG.INTEGER, 'serialNumber').der;
  tbs.take(TAG.SEQUENCE, 'signature');
  const issuer = tbs.take(TAG.SEQUENCE, 'issuer').der;
  const validity = tbs.within(TAG.SEQUENCE, 'validity');
  const subject = tbs.take(TAG.SEQUENCE, 'subject').der;
  const publicKey = tbs.take(TAG.SEQUENCE, 'subjectPublicKeyInfo').der;
  for (const tag of [TAG.PRIMITIVE_1, TAG.PRIMITIVE_2]) tbs.optional(tag); // issuerUniqueID, subjectUniqueID
  return {
    serialNumber,
    issuer,
    subject,
    issuerAndSerialNumber: sequence(issuer, serialNumber),
    notBefore: dateOf(takeTime(validity, 'notBefore'), 'CERTIFICATE'),
    notAfter: dateOf(takeTime(validity, 'notAfter'), 'CERTIFICATE'),
    publicKey,
    extensions: tbs.optional(TAG.CONSTRUCTED_3)?.children[0]?.children ?? [],
  };
}

function takeTime(validity: Fields, field: string): Element {
  return validity.optional(TAG.UTC_TIME) ?? validity.take(TAG.GENERALIZED_TIME, field);
}
