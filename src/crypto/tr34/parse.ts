import { createHash, verify } from 'node:crypto';
import { equal } from '../bytes.js';
import { CryptoError } from '../errors.js';
import { rsaDecrypt } from '../rsa.js';
import { derOrder, set } from '../asn1.js';
import { type Certificate, verifyCertificate, verifyKeyPair } from '../x509/certificate.js';
import { CONTENT_CIPHERS } from './cms.js';
import { revocationOf } from '../x509/crl.js';
import { inspectKeyTransport, type KeyTransport } from './inspect.js';
import { decodeKeyBlock, verifyKeyLength } from './key-block.js';

export interface KeyTransportToOpen {
  /** ContentInfo, DER, in the 2012 or 2019 form. */
  block: Buffer;
  /** Key distribution host, the sender: its certificate and that of the issuing CA, which the caller trusts. */
  kdh: { certificate: Certificate; issuer: Certificate };
  /** Key receiving device (this side): certificate and private key, PKCS#8 in DER, which the caller zeroizes. */
  krd: { certificate: Certificate; privateKey: Buffer };
  /** Current time, for the validity of certificates. */
  time: Date;
  /** Two-pass: the random number given to the sender. Without it the token must be one-pass. */
  nonce?: Buffer;
}

export interface OpenedKey {
  /** Key block header, ASCII, 16 characters or more; identical in the signed attributes and the envelope. */
  header: string;
  /** Clear key as received, parity unchanged; the caller must zeroize it. */
  key: Buffer;
  /** One-pass: time of signing; the caller decides how old it may be. */
  signingTime?: Date;
}

/**
 * Opens a TR-34 key transport token: X9 TR-34-2012 and 2019, one-pass and two-pass.
 *
 * Verifies signature, digest, nonce and receiver before using the private key, so that only a holder of the sender's
 * key can learn whether a decryption succeeded. Does not require a CRL in the token, but rejects the token if its CRL
 * revokes the sender's certificate.
 *
 * @throws CryptoError CMS for a malformed token, CERTIFICATE when the certificates cannot be used, DATA_FORMAT and
 *   KEY_LENGTH when header and key do not match, DECRYPTION_FAILED when the token is not authentic, not addressed to
 *   this receiver, or differs from what was signed
 */
export function openKeyTransport({ block, kdh, krd, time, nonce }: KeyTransportToOpen): OpenedKey {
  const transport = inspectKeyTransport(block);
  verifyCertificate(kdh.certificate, { issuer: kdh.issuer, time });
  if (transport.crls.some((crl) => revocationOf(kdh.certificate, { crl, issuer: kdh.issuer, time }) === 'revoked'))
    throw new CryptoError('CERTIFICATE', 'The certificate of the sender must not be revoked');
  verifyKeyPair(krd.certificate, krd.privateKey);

  verifySignature(transport, kdh.certificate);
  const { nonce: signedNonce } = transport;
  const isFresh = nonce && signedNonce ? equal(nonce, signedNonce) : nonce === signedNonce;
  if (!isFresh || !equal(transport.krd, krd.certificate.issuerAndSerialNumber)) throw notAuthentic();

  const { header, signingTime } = transport;
  const key = decrypt(transport, krd.privateKey);
  try {
    verifyKeyLength({ header, key });
  } catch (error) {
    key.fill(0);
    throw error;
  }
  return { header, key, signingTime };
}

/**
 * Verifies that the owner of a certificate signed a key transport token, as far as possible without the receiver's key:
 * the signer's identifier, the signature over the attributes, and the digest of the envelope.
 *
 * @param kdhCertificate the sender's certificate, already verified by the caller
 * @throws CryptoError CERTIFICATE when its key is not RSA, DECRYPTION_FAILED
 */
export function verifySignature(transport: KeyTransport, kdhCertificate: Certificate): void {
  const { kdh, signedAttributes, messageDigest, signature, eContent } = transport;
  if (kdhCertificate.keyType !== 'RSA')
    throw new CryptoError('CERTIFICATE', 'The certificate of the sender must have an RSA key');
  const key = { key: kdhCertificate.publicKey, format: 'der', type: 'spki' } as const;
  // RFC 5652 section 5.4: the signature covers the attributes as a SET, not as the [0] that is sent. TR-34 signs them
  // in the order sent; senders that follow DER sign them sorted. Accept both.
  const isSigned = [signedAttributes, derOrder(signedAttributes)].some((attributes) =>
    verify('sha256', set(...attributes), key, signature),
  );
  const digest = createHash('sha256').update(eContent).digest();
  if (!equal(kdh, kdhCertificate.issuerAndSerialNumber) || !isSigned || !equal(digest, messageDigest))
    throw notAuthentic();
}

/** Decrypts the key in the envelope into a new buffer. */
function decrypt(transport: KeyTransport, privateKey: Buffer): Buffer {
  const { contentCipher, encryptedKey, iv, encryptedContent, kdh, header } = transport;
  const { keyBytes, blockBytes, cipher: cipherUnder } = CONTENT_CIPHERS[contentCipher];
  const secrets: Buffer[] = [];
  try {
    const ephemeralKey = rsaDecrypt(privateKey, 'OAEP_SHA256', encryptedKey);
    secrets.push(ephemeralKey);
    if (ephemeralKey.length !== keyBytes) throw notAuthentic();
    using cipher = cipherUnder(ephemeralKey);
    const padded = cipher.decryptCbc(iv, encryptedContent);
    secrets.push(padded);
    const inner = decodeKeyBlock(padded, blockBytes);
    if (!equal(inner.kdh, kdh) || !equal(inner.header, Buffer.from(header, 'latin1'))) throw notAuthentic();
    return Buffer.from(inner.key);
  } catch {
    throw notAuthentic();
  } finally {
    for (const secret of secrets) secret.fill(0);
  }
}

function notAuthentic(): CryptoError {
  return new CryptoError(
    'DECRYPTION_FAILED',
    'The token could not be verified and decrypted with these certificates, this nonce and this key',
  );
}
