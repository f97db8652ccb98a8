import { equal } from '../bytes.js';
import { dateOf, decodeSequence, Fields, TAG } from '../asn1.js';
import type { Certificate } from './certificate.js';
import { readSigned } from './signature.js';

/**
 * Determines a certificate's status from a CRL: RFC 5280 section 6.3, without delta and indirect CRLs.
 *
 * @param crl    CertificateList, DER
 * @param issuer the CA that issued the certificate, trusted by the caller
 * @param time   the current time
 * @returns `revoked` when a CRL of this issuer lists the certificate, even if the CRL is out of date; `good` when a
 *   current CRL does not; `unknown` when the CRL is another issuer's, is not signed by this one, is not current, or has
 *   critical extensions
 * @throws CryptoError CERTIFICATE when the CRL is malformed
 */
export function revocationOf(
  certificate: Certificate,
  { crl, issuer, time }: { crl: Buffer; issuer: Certificate; time: Date },
): 'good' | 'revoked' | 'unknown' {
  const { toBeSigned, isValid } = readSigned(decodeSequence(crl, 'CertificateList', 'CERTIFICATE'), issuer);
  const list = readTbsCertList(new Fields('TBSCertList', toBeSigned.children, 'CERTIFICATE'));
  const isOfIssuer = equal(list.issuer, issuer.subject) && equal(certificate.issuer, issuer.subject);
  if (!isOfIssuer || !isValid || list.hasCriticalExtensions) return 'unknown';
  if (list.serialNumbers.some((serialNumber) => equal(serialNumber, certificate.serialNumber))) return 'revoked';
  return time >= list.thisUpdate && list.nextUpdate !== undefined && time <= list.nextUpdate ? 'good' : 'unknown';
}

/** Reads TBSCertList, RFC 5280 section 5.1.2. */
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
    // Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue }. DER omits the default, so a BOOLEAN
    // is always TRUE.
    hasCriticalExtensions: extensions.some(({ children }) => children[1]?.tag === TAG.BOOLEAN),
  };
}
