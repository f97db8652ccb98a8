import { CryptoError } from '../errors.js';
import { dateOf, decodeAll, decodeSequence, type Element, Fields, integer, TAG } from '../asn1.js';
import {
  CONTENT_CIPHER_NAMES,
  CONTENT_CIPHERS,
  type ContentCipher,
  OID,
  RSA_SIGNATURES_ACCEPTED,
  SHA_256_ACCEPTED,
  type Tr34Form,
} from './cms.js';
import { headerOf } from './key-block.js';

/**
 * Maximum token length, which bounds the work. The longest tokens, with 4096-bit RSA keys and a CRL, have about 2 KB.
 */
const MAX_BYTES = 16_384;

const VERSION_0 = integer(0);
const VERSION_1 = integer(1);
const VERSION_3 = integer(3);

/** Everything that can be read from a TR-34 key transport token without a key. None of it is verified. */
export interface KeyTransport extends SignedAttributes, Envelope {
  /**
   * Determined by the outer SEQUENCE of the envelope; every other difference between the forms is accepted in any
   * combination.
   */
  form: Tr34Form;
  /** IssuerAndSerialNumber of the signer's certificate, DER. */
  kdh: Buffer;
  /** Input of the messageDigest: the content of the OCTET STRING around the envelope. */
  eContent: Buffer;
  signature: Buffer;
  /** Certificates and CRLs in the token, DER; TR-34 signs neither. */
  certificates: Buffer[];
  crls: Buffer[];
}

interface SignedAttributes {
  /** The attributes in the order sent, each in DER. */
  signedAttributes: Buffer[];
  messageDigest: Buffer;
  /** Key block header, ASCII. */
  header: string;
  /** Two-pass: the receiver's random number. */
  nonce?: Buffer;
  /** One-pass: time of signing. */
  signingTime?: Date;
}

interface Envelope {
  /** IssuerAndSerialNumber of the receiver's certificate, DER. */
  krd: Buffer;
  /** Content encryption key encrypted under the receiver's RSA key. */
  encryptedKey: Buffer;
  contentCipher: ContentCipher;
  iv: Buffer;
  /** Key block encrypted under the content encryption key. */
  encryptedContent: Buffer;
}

/**
 * Parses a TR-34 key transport token in either form, one-pass or two-pass: X9 TR-34-2012 and 2019, RFC 5652.
 *
 * Accepts DER only. Checks every unsigned field that has a single permitted value, so that a token cannot be modified
 * unnoticed.
 *
 * @param block ContentInfo of a SignedData, DER
 * @returns views of `block`
 * @throws CryptoError CMS, naming the malformed or unsupported field
 */
export function inspectKeyTransport(block: Buffer): KeyTransport {
  if (block.length > MAX_BYTES) throw new CryptoError('CMS', `A token may have at most ${MAX_BYTES} bytes`);
  const contentInfo = decodeSequence(block, 'ContentInfo', 'CMS');
  contentInfo.oneOf([OID.signedData], 'contentType');
  const content = contentInfo.within(TAG.CONSTRUCTED_0, 'content');
  contentInfo.end();
  const signedData = content.within(TAG.SEQUENCE, 'SignedData');
  content.end();

  const version = signedData.take(TAG.INTEGER, 'version').der;
  const digestAlgorithms = signedData.within(TAG.SET, 'digestAlgorithms');
  digestAlgorithms.oneOf(SHA_256_ACCEPTED, 'digestAlgorithm');
  digestAlgorithms.end();
  const eContent = readEncapContentInfo(signedData.within(TAG.SEQUENCE, 'encapContentInfo'));
  const certificates = signedData.optional(TAG.CONSTRUCTED_0)?.children ?? [];
  const crls = signedData.optional(TAG.CONSTRUCTED_1)?.children ?? [];
  const signerInfos = signedData.within(TAG.SET, 'signerInfos');
  const signer = readSignerInfo(signerInfos.within(TAG.SEQUENCE, 'SignerInfo'));
  signerInfos.end();
  signedData.end();

  const fields = decodeAll(eContent, 'CMS', block);
  const form: Tr34Form = fields[0]?.tag === TAG.SEQUENCE ? 'X9_TR34_2019' : 'X9_TR34_2012';
  // RFC 5652 section 5.1 asks for version 3 around an envelope; TR-34 prints 1, and later encoders send either.
  if (!version.equals(VERSION_1) && !(form === 'X9_TR34_2019' && version.equals(VERSION_3)))
    throw new CryptoError('CMS', 'SignedData has an unsupported version');
  return {
    form,
    ...signer,
    ...readEnvelope(
      form === 'X9_TR34_2019' ? decodeSequence(eContent, 'EnvelopedData', 'CMS', block) : envelope(fields),
    ),
    eContent,
    certificates: certificates.map(({ der }) => der),
    crls: crls.filter(({ tag }) => tag === TAG.SEQUENCE).map(({ der }) => der),
  };
}

/** EncapsulatedContentInfo ::= SEQUENCE { eContentType, [0] EXPLICIT OCTET STRING } */
function readEncapContentInfo(encapContentInfo: Fields): Buffer {
  encapContentInfo.oneOf([OID.envelopedData], 'eContentType');
  const explicit = encapContentInfo.within(TAG.CONSTRUCTED_0, 'eContent');
  encapContentInfo.end();
  const { content } = explicit.take(TAG.OCTET_STRING, 'OCTET STRING');
  explicit.end();
  return content;
}

/** Reads SignerInfo, RFC 5652 section 5.3. */
function readSignerInfo(signerInfo: Fields): SignedAttributes & { kdh: Buffer; signature: Buffer } {
  signerInfo.oneOf([VERSION_1], 'version');
  const kdh = signerInfo.take(TAG.SEQUENCE, 'issuerAndSerialNumber').der;
  signerInfo.oneOf(SHA_256_ACCEPTED, 'digestAlgorithm');
  const attributes = readSignedAttributes(signerInfo.take(TAG.CONSTRUCTED_0, 'signedAttrs').children);
  signerInfo.oneOf(RSA_SIGNATURES_ACCEPTED, 'signatureAlgorithm');
  const signature = signerInfo.take(TAG.OCTET_STRING, 'signature').content;
  signerInfo.end();
  return { ...attributes, kdh, signature };
}

/**
 * Reads the attributes of RFC 5652 section 11 and TR-34, each of which may occur once with one value. Ignores others.
 */
function readSignedAttributes(attributes: Element[]): SignedAttributes {
  const value = (type: Buffer) => readAttribute(attributes, type);
  if (!value(OID.contentType)?.der.equals(OID.envelopedData))
    throw new CryptoError('CMS', 'The signed attribute contentType must be envelopedData');
  const digest = value(OID.messageDigest);
  const header = value(OID.data);
  const nonce = value(OID.randomNonce);
  const signingTime = value(OID.signingTime);
  if (!digest || !header) throw new CryptoError('CMS', 'The signed attributes must have messageDigest and the header');
  if (!nonce && !signingTime)
    throw new CryptoError('CMS', 'The signed attributes must have randomNonce (two-pass) or signingTime (one-pass)');
  return {
    signedAttributes: attributes.map(({ der }) => der),
    messageDigest: octets(digest),
    header: headerOf(octets(header)),
    nonce: nonce && octets(nonce),
    signingTime: signingTime && dateOf(signingTime, 'CMS'),
  };
}

/** Attribute ::= SEQUENCE { attrType, attrValues SET OF } */
function readAttribute(attributes: Element[], type: Buffer): Element | undefined {
  const found = attributes.filter(({ children }) => children[0]?.der.equals(type));
  const values = found[0]?.children[1]?.children ?? [];
  if (found.length > 1 || (found.length === 1 && values.length !== 1))
    throw new CryptoError('CMS', 'A signed attribute must occur once and have one value');
  return values[0];
}

function octets({ tag, content }: Element): Buffer {
  if (tag !== TAG.OCTET_STRING) throw new CryptoError('CMS', 'The signed attribute must be an OCTET STRING');
  return content;
}

function envelope(fields: Element[]): Fields {
  return new Fields('EnvelopedData', fields, 'CMS');
}

/** Reads EnvelopedData, RFC 5652 section 6.1. */
function readEnvelope(envelopedData: Fields): Envelope {
  envelopedData.oneOf([VERSION_0], 'version');
  const recipientInfos = envelopedData.within(TAG.SET, 'recipientInfos');
  const recipient = readRecipientInfo(recipientInfos.within(TAG.SEQUENCE, 'KeyTransRecipientInfo'));
  recipientInfos.end();
  const content = readEncryptedContentInfo(envelopedData.within(TAG.SEQUENCE, 'EncryptedContentInfo'));
  envelopedData.end();
  return { ...recipient, ...content };
}

/** Reads KeyTransRecipientInfo, RFC 5652 section 6.2.1. */
function readRecipientInfo(recipientInfo: Fields): { krd: Buffer; encryptedKey: Buffer } {
  recipientInfo.oneOf([VERSION_0], 'version');
  const krd = recipientInfo.take(TAG.SEQUENCE, 'issuerAndSerialNumber').der;
  verifyOaep(recipientInfo.take(TAG.SEQUENCE, 'keyEncryptionAlgorithm'));
  const encryptedKey = recipientInfo.take(TAG.OCTET_STRING, 'encryptedKey').content;
  recipientInfo.end();
  return { krd, encryptedKey };
}

/**
 * Checks for RSAES-OAEP with parameters, tagged or not, that name only SHA-256 and MGF1. Decryption never tries
 * anything else.
 */
function verifyOaep({ children: [algorithm, ...parameters] }: Element): void {
  const named = parameters.flatMap(identifiersIn);
  const known = [OID.sha256, OID.mgf1, OID.pSpecified];
  if (!algorithm?.der.equals(OID.rsaesOaep) || !named.every((der) => known.some((oid) => oid.equals(der))))
    throw new CryptoError('CMS', 'The keyEncryptionAlgorithm must be RSAES-OAEP with SHA-256');
}

function identifiersIn({ tag, der, children }: Element): Buffer[] {
  return tag === TAG.OID ? [der] : children.flatMap(identifiersIn);
}

/**
 * Reads EncryptedContentInfo, RFC 5652 section 6.1. The ciphertext is inside the AlgorithmIdentifier in the 2012 form
 * and after it in the 2019 form.
 */
function readEncryptedContentInfo(encryptedContentInfo: Fields): Omit<Envelope, 'krd' | 'encryptedKey'> {
  encryptedContentInfo.oneOf([OID.data], 'contentType');
  const algorithm = encryptedContentInfo.within(TAG.SEQUENCE, 'contentEncryptionAlgorithm');
  const contentCipher = cipherOf(algorithm.take(TAG.OID, 'algorithm').der);
  const iv = algorithm.take(TAG.OCTET_STRING, 'initialization vector').content;
  const inside = algorithm.optional(TAG.PRIMITIVE_0);
  algorithm.end();
  const { content } = inside ?? encryptedContentInfo.take(TAG.PRIMITIVE_0, 'encryptedContent');
  encryptedContentInfo.end();
  const { blockBytes } = CONTENT_CIPHERS[contentCipher];
  if (iv.length !== blockBytes || content.length === 0 || content.length % blockBytes !== 0)
    throw new CryptoError('CMS', 'The initialization vector and encryptedContent must fit the cipher');
  return { contentCipher, iv, encryptedContent: content };
}

function cipherOf(algorithm: Buffer): ContentCipher {
  const cipher = CONTENT_CIPHER_NAMES.find((name) => CONTENT_CIPHERS[name].oid.equals(algorithm));
  if (cipher === undefined) throw new CryptoError('CMS', 'The contentEncryptionAlgorithm must be TDES or AES in CBC');
  return cipher;
}
