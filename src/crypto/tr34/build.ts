import { createHash, randomBytes, sign } from 'node:crypto';
import { generateTdesKey } from '../des.js';
import { CryptoError } from '../errors.js';
import { rsaEncrypt } from '../rsa.js';
import {
  decodeSequence,
  derOrder,
  encode,
  integer,
  octetString,
  sequence,
  set,
  TAG,
  time as encodeTime,
} from '../asn1.js';
import { type Certificate, verifyCertificate, verifyKeyPair } from '../x509/certificate.js';
import { CONTENT_CIPHERS, type ContentCipher, OID, RSA_SIGNATURE, RSAES_OAEP, SHA_256, type Tr34Form } from './cms.js';
import { encodeKeyBlock, headerAttribute, verifyKeyLength } from './key-block.js';

export interface KeyTransportToBuild {
  form: Tr34Form;
  /** Key block header, ASCII: TR-31 syntax, 16 characters and the optional blocks. */
  header: string;
  /** Clear key, 16 or 24 bytes (TDES) or 16 bytes (AES); the caller zeroizes it. */
  key: Buffer;
  /** Key distribution host (this side): certificate and private key, PKCS#8 in DER, which the caller zeroizes. */
  kdh: { certificate: Certificate; privateKey: Buffer };
  /** Key receiving device: its certificate and that of the issuing CA, which the caller trusts. */
  krd: { certificate: Certificate; issuer: Certificate };
  /** Current time: checked against the validity of the receiver's certificate and, in a one-pass token, signed. */
  time: Date;
  /** Two-pass: the receiver's random number, 8 to 16 bytes. Without it the token is one-pass. */
  nonce?: Buffer;
  /** 2019 form: CRL of the CA that issued our certificate, DER. Required in a one-pass token. */
  crl?: Buffer;
}

/** A content encryption key, in clear and as encrypted for the receiver. */
export interface EphemeralKey {
  contentCipher: ContentCipher;
  key: Buffer;
  iv: Buffer;
  /** `key` encrypted under the receiver's public key. */
  encryptedKey: Buffer;
}

/**
 * Builds a TR-34 key transport token: X9 TR-34-2012 and 2019, two-pass with a nonce and one-pass without.
 *
 * The envelope is TDES-CBC for a TDES key and AES-128-CBC for an AES key. The 2012 form carries neither certificates
 * nor CRLs. It keeps the attributes in the order of the standard's example rather than sorting them as DER requires,
 * because some receivers find them by position.
 *
 * @param ephemeral content encryption key, random by default; pass one only to rebuild a test vector, and zeroize it
 * @returns ContentInfo, DER
 * @throws CryptoError CERTIFICATE, CMS (the CRL), DATA_FORMAT (header), DATA_LENGTH (nonce), KEY_LENGTH
 */
export function buildKeyTransport(token: KeyTransportToBuild, ephemeral?: EphemeralKey): Buffer {
  const { header, key, kdh, krd, time, nonce, crl } = token;
  verifyKeyLength({ header, key });
  if (nonce !== undefined && (nonce.length < 8 || nonce.length > 16))
    throw new CryptoError('DATA_LENGTH', 'The nonce must be 8 to 16 bytes');
  verifyCrl(token);
  verifyCertificate(krd.certificate, { issuer: krd.issuer, time });
  if (kdh.certificate.keyType !== 'RSA' || krd.certificate.keyType !== 'RSA')
    throw new CryptoError('CERTIFICATE', 'The certificates of sender and receiver must have RSA keys');
  verifyKeyPair(kdh.certificate, kdh.privateKey);

  const envelopeKey = ephemeral ?? generateEphemeralKey(header, krd.certificate);
  try {
    const eContent = envelopedData(token, envelopeKey);
    const signedAttributes = attributes(token, createHash('sha256').update(eContent).digest());
    const signingKey = { key: kdh.privateKey, format: 'der', type: 'pkcs8' } as const;
    return sequence(
      OID.signedData,
      encode(
        TAG.CONSTRUCTED_0,
        sequence(
          integer(1),
          set(SHA_256),
          sequence(OID.envelopedData, encode(TAG.CONSTRUCTED_0, octetString(eContent))),
          crl === undefined ? Buffer.alloc(0) : encode(TAG.CONSTRUCTED_1, crl),
          set(
            sequence(
              integer(1),
              kdh.certificate.issuerAndSerialNumber,
              SHA_256,
              encode(TAG.CONSTRUCTED_0, ...signedAttributes),
              RSA_SIGNATURE,
              // RFC 5652 section 5.4: the signature covers the attributes as a SET, not as the [0] that is sent.
              octetString(sign('sha256', set(...signedAttributes), signingKey)),
            ),
          ),
        ),
      ),
    );
  } finally {
    if (ephemeral === undefined) envelopeKey.key.fill(0);
  }
}

function verifyCrl({ form, nonce, crl }: KeyTransportToBuild): void {
  if (crl !== undefined) decodeSequence(crl, 'CertificateList', 'CMS');
  if (form === 'X9_TR34_2012' && crl !== undefined)
    throw new CryptoError('CMS', 'A token in the form of 2012 carries no CRL');
  if (form === 'X9_TR34_2019' && nonce === undefined && crl === undefined)
    throw new CryptoError('CMS', "A one-pass token in the form of 2019 must carry the CRL of the sender's authority");
}

/**
 * Generates a content encryption key. The parts of a TDES key are distinct, because some libraries reject other keys.
 */
function generateEphemeralKey(header: string, krd: Certificate): EphemeralKey {
  const contentCipher = header.charAt(7) === 'T' ? 'DES-EDE3-CBC' : 'AES-128-CBC';
  const { keyBytes, blockBytes } = CONTENT_CIPHERS[contentCipher];
  const key = contentCipher === 'DES-EDE3-CBC' ? generateTdesKey(24) : randomBytes(keyBytes);
  const encryptedKey = rsaEncrypt(krd.publicKey, 'OAEP_SHA256', key);
  return { contentCipher, key, iv: randomBytes(blockBytes), encryptedKey };
}

/** Encodes EnvelopedData, RFC 5652 section 6.1; in the 2012 form only its fields. */
function envelopedData({ form, header, key, kdh, krd }: KeyTransportToBuild, ephemeral: EphemeralKey): Buffer {
  const { oid, blockBytes, cipher: cipherUnder } = CONTENT_CIPHERS[ephemeral.contentCipher];
  const padded = encodeKeyBlock({ kdh: kdh.certificate.issuerAndSerialNumber, header, key }, blockBytes);
  try {
    using cipher = cipherUnder(ephemeral.key);
    const iv = octetString(ephemeral.iv);
    const encryptedContent = encode(TAG.PRIMITIVE_0, cipher.encryptCbc(ephemeral.iv, padded));
    const recipientInfo = sequence(
      integer(0),
      krd.certificate.issuerAndSerialNumber,
      RSAES_OAEP[form],
      octetString(ephemeral.encryptedKey),
    );
    const fields = [integer(0), set(recipientInfo)];
    return form === 'X9_TR34_2012'
      ? Buffer.concat([...fields, sequence(OID.data, sequence(oid, iv, encryptedContent))])
      : sequence(...fields, sequence(OID.data, sequence(oid, iv), encryptedContent));
  } finally {
    padded.fill(0);
  }
}

/** Encodes the four signed attributes in DER. */
function attributes({ form, header, nonce, time }: KeyTransportToBuild, messageDigest: Buffer): Buffer[] {
  const inOrder = [
    sequence(OID.contentType, set(OID.envelopedData)),
    nonce === undefined
      ? sequence(OID.signingTime, set(encodeTime(time)))
      : sequence(OID.randomNonce, set(octetString(nonce))),
    headerAttribute(header),
    sequence(OID.messageDigest, set(octetString(messageDigest))),
  ];
  return form === 'X9_TR34_2012' ? inOrder : derOrder(inOrder);
}
