import forge from 'node-forge';

/**
 * node-forge as an independent implementation: it reads what Keyblock writes and writes what Keyblock reads. Nothing here
 * imports from `src`, so that a mistake of ours can't cancel itself out.
 */
const { asn1, pki, md } = forge;

export type Asn1 = forge.asn1.Asn1;
export type ForgePrivateKey = forge.pki.rsa.PrivateKey;
export type ForgePublicKey = forge.pki.rsa.PublicKey;

/** forge keeps bytes in strings, one character each. */
export const binary = (bytes: Buffer) => bytes.toString('latin1');
export const buffer = (text: string) => Buffer.from(text, 'latin1');
export const toDer = (node: Asn1) => buffer(asn1.toDer(node).getBytes());
export const fromDer = (der: Buffer) => asn1.fromDer(binary(der), true);

/** @param pkcs8 PrivateKeyInfo of an RSA key, DER */
export const forgePrivateKey = (pkcs8: Buffer): ForgePrivateKey => pki.privateKeyFromAsn1(fromDer(pkcs8));
export const forgePublicHalf = ({ n, e }: ForgePrivateKey): ForgePublicKey => pki.setRsaPublicKey(n, e);
export const forgeCertificate = (der: Buffer): forge.pki.Certificate => pki.certificateFromAsn1(fromDer(der));
export const forgeRequest = (der: Buffer) => pki.certificationRequestFromAsn1(fromDer(der));

/** Throws unless forge builds the chain from the leaf to the root, at this time. */
export function verifyChainWithForge(chain: Buffer[], root: Buffer, time: Date): void {
  const store = pki.createCaStore([forgeCertificate(root)]);
  pki.verifyCertificateChain(store, chain.map(forgeCertificate), { validityCheckDate: time });
}

/** Formats a name as `C=NZ, CN=x`, in the order of the encoding. */
export const forgeName = ({ attributes }: forge.pki.Certificate['subject']) =>
  attributes.map((attribute) => `${attribute.shortName ?? attribute.name}=${text(attribute)}`).join(', ');

/** forge leaves a UTF8String as its encoded bytes. */
const text = ({ value, valueTagClass }: forge.pki.CertificateField) =>
  (valueTagClass as number) === (asn1.Type.UTF8 as number) ? forge.util.decodeUtf8(value as string) : (value as string);

export interface CertificateToIssue {
  subject: forge.pki.CertificateField[];
  publicKey: ForgePublicKey;
  issuer: { subject: forge.pki.CertificateField[]; privateKey: ForgePrivateKey };
  notBefore: Date;
  notAfter: Date;
  extensions?: object[];
  /** Hexadecimal. */
  serialNumber?: string;
  hash?: 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512';
}

/** Issues an X.509 certificate. @returns DER */
export function issueWithForge(fields: CertificateToIssue): Buffer {
  const certificate = pki.createCertificate();
  certificate.publicKey = fields.publicKey;
  certificate.serialNumber = fields.serialNumber ?? '0123456789ABCDEF';
  certificate.validity = { notBefore: fields.notBefore, notAfter: fields.notAfter };
  certificate.setSubject(fields.subject);
  certificate.setIssuer(fields.issuer.subject);
  certificate.setExtensions(fields.extensions ?? []);
  certificate.sign(fields.issuer.privateKey, md[fields.hash ?? 'sha256'].create());
  return toDer(pki.certificateToAsn1(certificate));
}

export type RsaScheme = 'PKCS1' | 'OAEP_SHA1' | 'OAEP_SHA256' | 'OAEP_SHA512';

export const OAEP_HASH = { OAEP_SHA1: 'sha1', OAEP_SHA256: 'sha256', OAEP_SHA512: 'sha512' } as const;

/** RSAES-OAEP with one hash for the label and MGF1, because forge uses SHA-1 for MGF1 by default. */
const oaep = (scheme: keyof typeof OAEP_HASH) => ({
  md: md[OAEP_HASH[scheme]].create(),
  mgf1: { md: md[OAEP_HASH[scheme]].create() },
});

export function encryptWithForge(key: ForgePublicKey, scheme: RsaScheme, message: Buffer): Buffer {
  return buffer(
    scheme === 'PKCS1'
      ? key.encrypt(binary(message), 'RSAES-PKCS1-V1_5')
      : key.encrypt(binary(message), 'RSA-OAEP', oaep(scheme)),
  );
}

/** Throws if forge finds the padding wrong. */
export function decryptWithForge(key: ForgePrivateKey, scheme: RsaScheme, ciphertext: Buffer): Buffer {
  return buffer(
    scheme === 'PKCS1'
      ? key.decrypt(binary(ciphertext), 'RSAES-PKCS1-V1_5')
      : key.decrypt(binary(ciphertext), 'RSA-OAEP', oaep(scheme)),
  );
}

/**
 * Decrypts under a scheme that may be wrong. About one cryptogram in 400 happens to have the padding of PKCS #1 v1.5.
 *
 * @returns undefined if forge finds the padding wrong
 */
export function openedWithForge(key: ForgePrivateKey, scheme: RsaScheme, ciphertext: Buffer): Buffer | undefined {
  try {
    return decryptWithForge(key, scheme, ciphertext);
  } catch {
    return undefined;
  }
}

/** Key check value: ANSI X9.24-1 for TDES (16 or 24 bytes), CMAC of a block of zeros for AES. @returns 6 hex digits */
export function kcvWithForge(algorithm: 'TDES' | 'AES', key: Buffer): string {
  if (algorithm === 'TDES')
    return ecb('3DES-ECB', threeKeys(key), Buffer.alloc(8)).subarray(0, 3).toString('hex').toUpperCase();
  // The message is one whole block, so its CMAC is E(M xor K1), and M is zero (NIST SP 800-38B section 6.2).
  const l = BigInt(`0x${ecb('AES-ECB', key, Buffer.alloc(16)).toString('hex')}`);
  const doubled = (l << 1n) ^ (l >> 127n ? 0x87n : 0n);
  const k1 = Buffer.from(BigInt.asUintN(128, doubled).toString(16).padStart(32, '0'), 'hex');
  return ecb('AES-ECB', key, k1).subarray(0, 3).toString('hex').toUpperCase();
}

const threeKeys = (key: Buffer) => (key.length === 16 ? Buffer.concat([key, key.subarray(0, 8)]) : key);

function ecb(algorithm: '3DES-ECB' | 'AES-ECB', key: Buffer, block: Buffer): Buffer {
  const cipher = forge.cipher.createCipher(algorithm, binary(key));
  cipher.start({});
  cipher.update(forge.util.createBuffer(binary(block)));
  cipher.finish();
  // forge pads in ECB too, which adds a block.
  return buffer(cipher.output.getBytes()).subarray(0, block.length);
}
