import { createPublicKey, verify } from 'node:crypto';
import { equal } from '../bytes.js';
import { dateOf, decodeSequence, Fields, oid, TAG } from './asn1.js';
import type { Certificate } from './certificate.js';

/** Signature algorithms of CRLs, RFC 4055 section 5 and RFC 5758 section 3.2: with RSA (PKCS #1 v1.5) and ECDSA. */
const SIGNATURE_HASHES = [
  { hash: 'sha256', identifiers: [oid('1.2.840.113549.1.1.11'), oid('1.2.840.10045.4.3.2')] },
  { hash: 'sha384', identifiers: [oid('1.2.840.113549.1.1.12'), oid('1.2.840.10045.4.3.3')] },
  { hash: 'sha512', identifiers: [oid('1.2.840.113549.1.1.13'), oid('1.2.840.10045.4.3.4')] },
];

/**
 * What a CRL says of a certificate: RFC 5280 section 6.3, without delta and indirect CRLs.
 *
 * @param crl    CertificateList, DER
 * @param issuer the CA that issued the certificate, trusted by the caller
 * @param time   the present
 * @returns `revoked` when a CRL of this issuer lists it, however old; `good` when one that is current doesn't; `unknown`
 *   when the CRL is another issuer's, isn't signed by this one, isn't current, or has critical extensions
 * @throws CryptoError CERTIFICATE when the CRL is malformed
 */
export function revocationOf(
  certificate: Certificate,
  { crl, issuer, time }: { crl: Buffer; issuer: Certificate; time: Date },
): 'good' | 'revoked' | 'unknown' {
  // CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signatureValue }
  const certificateList = decodeSequence(crl, 'CertificateList', 'CERTIFICATE');
  const tbsCertList = certificateList.take(TAG.SEQUENCE, 'tbsCertList');
  const algorithm = certificateList.within(TAG.SEQUENCE, 'signatureAlgorithm').take(TAG.OID, 'algorithm').der;
  const signature = certificateList.take(TAG.BIT_STRING, 'signatureValue').content.subarray(1);
  certificateList.end();

  const list = readTbsCertList(new Fields('tbsCertList', tbsCertList.children, 'CERTIFICATE'));
  const isOfIssuer = equal(list.issuer, issuer.subject) && equal(certificate.issuer, issuer.subject);
  if (!isOfIssuer || list.hasCriticalExtensions) return 'unknown';
  if (!isSigned({ tbs: tbsCertList.der, algorithm, signature }, issuer)) return 'unknown';
  if (list.serialNumbers.some((serialNumber) => equal(serialNumber, certificate.serialNumber))) return 'revoked';
  return time >= list.thisUpdate && list.nextUpdate !== undefined && time <= list.nextUpdate ? 'good' : 'unknown';
}

/** RFC 5280 section 5.1.2. */
function readTbsCertList(tbs: Fields) {
  tbs.optional(TAG.INTEGER); // version
  tbs.take(TAG.SEQUENCE, 'signature');
  const issuer = tbs.take(TAG.SEQUENCE, 'issuer').der;
  const thisUpdate = tbs.optional(TAG.UTC_TIME) ?? tbs.take(TAG.GENERALIZED_TIME, 'thisUpdate');
  const nextUpdate = tbs.optional(TAG.UTC_TIME) ?? tbs.optional(TAG.GENERALIZED_TIME);
  const revokedCertificates = tbs.optional(TAG.SEQUENCE)?.children ?? [];
  const extensions = tbs.optional(TAG.CONSTRUCTED_0)?.children[0]?.children ?? [];
  tbs.end();
  return {
    issuer,
    thisUpdate: dateOf(thisUpdate, 'CERTIFICATE'),
    nextUpdate: nextUpdate && dateOf(nextUpdate, 'CERTIFICATE'),
    serialNumbers: revokedCertificates.flatMap(({ children: [userCertificate] }) => userCertificate?.der ?? []),
    // Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue }: in DER only TRUE is encoded.
    hasCriticalExtensions: extensions.some(({ children }) => children[1]?.tag === TAG.BOOLEAN),
  };
}

function isSigned(
  { tbs, algorithm, signature }: { tbs: Buffer; algorithm: Buffer; signature: Buffer },
  issuer: Certificate,
): boolean {
  const known = SIGNATURE_HASHES.find(({ identifiers }) => identifiers.some((der) => der.equals(algorithm)));
  const key = createPublicKey({ key: issuer.publicKey, format: 'der', type: 'spki' });
  return known !== undefined && verify(known.hash, tbs, key, signature);
}
