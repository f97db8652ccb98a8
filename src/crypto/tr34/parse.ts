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
  /** ContentInfo, DER, in either form. */
  block: Buffer;
  /** Key distribution host, the sender: its certificate and the certificate authority's, which the caller trusts. */
  kdh: { certificate: Certificate; issuer: Certificate };
  /** Key receiving device, ourselves: PKCS#8 in DER, the caller's to zeroize. */
  krd: { certificate: Certificate; privateKey: Buffer };
  /** The present, for the validity of certificates. */
  time: Date;
  /** Two-pass: the random number given to the sender. Without it the token must be one-pass. */
  nonce?: Buffer;
}

export interface OpenedKey {
  /** Key block header, ASCII, 16 characters or more; the same signed and encrypted. */
  header: string;
  /** Clear key as it came, parity untouched; the caller's to zeroize. */
  key: Buffer;
  /** One-pass: when the sender signed; how old is too old is the caller's to say. */
  signingTime?: Date;
}

/**
 * Opens a TR-34 key transport: X9 TR-34-2012 and 2019, one-pass and two-pass.
 *
 * Signature, digest, nonce and receiver are verified before the private key is used, so that only who holds the sender's
 * key learns how a decryption ended. A CRL in the token is not required; one that revokes the sender is heeded.
 *
 * @throws CryptoError CMS (malformed), CERTIFICATE (the certificates can't be used), DATA_FORMAT and KEY_LENGTH (header
 *   and key don't fit); DECRYPTION_FAILED for all that isn't authentic, for us, or as it was signed
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
 * Verifies that a key transport was signed by the owner of a certificate, as far as that goes without the receiver's key:
 * the signer's identifier, the signature over the attributes, and the digest of the envelope.
 *
 * @param kdhCertificate the sender's, verified by the caller
 * @throws CryptoError CERTIFICATE when its key isn't RSA, DECRYPTION_FAILED
 */
export function verifySignature(transport: KeyTransport, kdhCertificate: Certificate): void {
  const { kdh, signedAttributes, messageDigest, signature, eContent } = transport;
  if (kdhCertificate.keyType !== 'RSA')
    throw new CryptoError('CERTIFICATE', 'The certificate of the sender must have an RSA key');
  const key = { key: kdhCertificate.publicKey, format: 'der', type: 'spki' } as const;
  // RFC 5652 section 5.4: signed is the SET, not its [0]. TR-34 keeps the order sent; who sorts as DER wants signed that.
  const isSigned = [signedAttributes, derOrder(signedAttributes)].some((attributes) =>
    verify('sha256', set(...attributes), key, signature),
  );
  const digest = createHash('sha256').update(eContent).digest();
  if (!equal(kdh, kdhCertificate.issuerAndSerialNumber) || !isSigned || !equal(digest, messageDigest))
    throw notAuthentic();
}

/** The key in the envelope, in a buffer of its own. */
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
