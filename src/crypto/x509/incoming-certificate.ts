import { decodeAll, decodeSequence, type Element, Fields, oidValue, TAG } from '../asn1.js';
import { CryptoError } from '../errors.js';
import { type Certificate, readCertificate } from './certificate.js';

/** Hash functions that a signature may use, i.e. SHA-224 to SHA-512, and the signature algorithms with one of them. */
const HASHES = new Set([1, 2, 3, 4].map((arc) => `2.16.840.1.101.3.4.2.${arc}`));
const SIGNATURES = new Set([
  // RSASSA-PKCS1-v1_5: RFC 4055 section 5
  ...[11, 12, 13, 14].map((arc) => `1.2.840.113549.1.1.${arc}`),
  // ECDSA: RFC 5758 section 3.2
  ...[1, 2, 3, 4].map((arc) => `1.2.840.10045.4.3.${arc}`),
]);
const RSASSA_PSS = '1.2.840.113549.1.1.10';
const MGF1 = '1.2.840.113549.1.1.8';

/** Shorter RSA keys are disallowed: NIST SP 800-131A revision 2, table 2, and annex C of PCI PIN Security. */
const MIN_RSA_BITS = 2048;

/**
 * Extensions of RFC 5280 section 4.2.1 that don't limit anything checked here, so that a critical one may be ignored.
 */
const KNOWN_EXTENSIONS = new Map([
  ['2.5.29.14', 'subjectKeyIdentifier'],
  ['2.5.29.15', 'keyUsage'],
  ['2.5.29.17', 'subjectAltName'],
  ['2.5.29.18', 'issuerAltName'],
  ['2.5.29.19', 'basicConstraints'],
  ['2.5.29.32', 'certificatePolicies'],
  ['2.5.29.35', 'authorityKeyIdentifier'],
  ['2.5.29.37', 'extKeyUsage'],
]);

/**
 * Reads a certificate from outside the service. Adds to the checks of `readCertificate`: the signature must use SHA-2,
 * an RSA key must have at least 2048 bits, no critical extension may be unknown (RFC 5280 section 4.2), and the content
 * of OCTET STRINGs and BIT STRINGs must be DER without trailing bytes.
 *
 * @param encoded DER, or PEM with any line endings; only the first certificate of a PEM text is read
 * @throws CryptoError CERTIFICATE
 */
export function readIncomingCertificate(encoded: Buffer): Certificate {
  const certificate = readCertificate(encoded);
  const outer = decodeSequence(certificate.der, 'Certificate', 'CERTIFICATE');
  const tbs = outer.within(TAG.SEQUENCE, 'tbsCertificate');
  const algorithm = outer.take(TAG.SEQUENCE, 'signatureAlgorithm');
  wholeBytes(outer.take(TAG.BIT_STRING, 'signatureValue'), 'signatureValue');
  outer.end();

  tbs.optional(TAG.CONSTRUCTED_0); // version
  tbs.take(TAG.INTEGER, 'serialNumber');
  const signature = tbs.take(TAG.SEQUENCE, 'signature');
  for (const field of ['issuer', 'validity', 'subject']) tbs.take(TAG.SEQUENCE, field);
  const publicKey = tbs.within(TAG.SEQUENCE, 'subjectPublicKeyInfo');
  for (const tag of [TAG.PRIMITIVE_1, TAG.PRIMITIVE_2]) tbs.optional(tag); // issuerUniqueID, subjectUniqueID
  const extensions = tbs.optional(TAG.CONSTRUCTED_3);
  tbs.end();

  if (!signature.der.equals(algorithm.der))
    throw refused('must name one signature algorithm in both places', algorithm.offset);
  if (!isStrong(algorithm)) throw refused('must be signed with SHA-224, SHA-256, SHA-384 or SHA-512', algorithm.offset);
  checkPublicKey(publicKey, certificate);
  if (certificate.keyType === 'RSA' && certificate.keyBits < MIN_RSA_BITS)
    throw new CryptoError('CERTIFICATE', `The RSA key of a certificate must have at least ${MIN_RSA_BITS} bits`);
  if (extensions) checkExtensions(extensions, certificate.der);
  return certificate;
}

function isStrong({ children: [algorithm, parameters] }: Element): boolean {
  const id = algorithm?.tag === TAG.OID ? oidValue(algorithm) : '';
  if (id === RSASSA_PSS) return isStrongPss(parameters);
  return SIGNATURES.has(id);
}

/**
 * RSASSA-PSS-params, RFC 4055 section 3.1: [0] hashAlgorithm and [1] maskGenAlgorithm default to SHA-1, so both must be
 * present.
 */
function isStrongPss(parameters: Element | undefined): boolean {
  const [hash, mask] = [TAG.CONSTRUCTED_0, TAG.CONSTRUCTED_1].map(
    (tag) => parameters?.children.find((child) => child.tag === tag)?.children[0],
  );
  const [generator, hashOfMask] = mask?.children ?? [];
  return isHash(hash) && generator !== undefined && oidValue(generator) === MGF1 && isHash(hashOfMask);
}

function isHash(algorithm: Element | undefined): boolean {
  const id = algorithm?.children[0];
  return id?.tag === TAG.OID && HASHES.has(oidValue(id));
}

/** RSAPublicKey is DER inside the BIT STRING; the point of an elliptic curve isn't. */
function checkPublicKey(info: Fields, { keyType, der }: Certificate): void {
  info.take(TAG.SEQUENCE, 'algorithm');
  const bits = wholeBytes(info.take(TAG.BIT_STRING, 'subjectPublicKey'), 'subjectPublicKey');
  info.end();
  if (keyType === 'RSA') decodeSequence(bits, 'RSAPublicKey', 'CERTIFICATE', der);
}

function checkExtensions({ children, offset }: Element, der: Buffer): void {
  const [list, ...more] = children;
  if (list?.tag !== TAG.SEQUENCE || more.length > 0) throw refused('must have one list of extensions', offset);
  const seen = new Set<string>();
  for (const extension of list.children) {
    // Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }
    const fields = new Fields('Extension', extension.children, 'CERTIFICATE');
    const id = oidValue(fields.take(TAG.OID, 'extnID'));
    const critical = fields.optional(TAG.BOOLEAN);
    const value = fields.take(TAG.OCTET_STRING, 'extnValue').content;
    fields.end();
    const name = KNOWN_EXTENSIONS.get(id);
    if (critical && !critical.content.equals(Buffer.from([0xff])))
      throw refused('must be DER: critical is TRUE or absent', critical.offset);
    if (critical && name === undefined) throw refused(`has the unknown critical extension ${id}`, extension.offset);
    if (seen.has(id)) throw refused(`has the extension ${id} twice`, extension.offset);
    seen.add(id);
    if (name !== undefined && decodeAll(value, 'CERTIFICATE', der).length !== 1)
      throw refused(`must be DER: ${name} has further bytes`, extension.offset);
  }
}

/** Returns the bytes of a BIT STRING that has no unused bits. */
function wholeBytes({ content, offset }: Element, field: string): Buffer {
  if (content[0] !== 0) throw refused(`must have whole bytes in ${field}`, offset);
  return content.subarray(1);
}

function refused(what: string, offset: number): CryptoError {
  return new CryptoError('CERTIFICATE', `The certificate ${what}`, offset);
}
