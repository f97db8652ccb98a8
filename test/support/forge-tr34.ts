import forge from 'node-forge';
import {
  type Asn1,
  binary,
  buffer,
  decryptWithForge,
  encryptWithForge,
  forgeCertificate,
  type ForgePrivateKey,
  type ForgePublicKey,
  fromDer,
  OAEP_HASH,
  type RsaScheme,
  toDer,
} from './forge.js';

/**
 * TR-34 tokens written and read with the ASN.1 and the ciphers of node-forge. PKCS #7 of node-forge does not suffice:
 * it verifies no signature of a SignedData and cannot read the parameters of RSAES-OAEP in a RecipientInfo.
 */
const { asn1, md } = forge;

const OID = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  envelopedData: '1.2.840.113549.1.7.3',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  randomNonce: '1.2.840.113549.1.9.25.3',
  rsaEncryption: '1.2.840.113549.1.1.1',
  sha256WithRsaEncryption: '1.2.840.113549.1.1.11',
  rsaesOaep: '1.2.840.113549.1.1.7',
  mgf1: '1.2.840.113549.1.1.8',
  pSpecified: '1.2.840.113549.1.1.9',
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha512: '2.16.840.1.101.3.4.2.3',
};

export const CONTENT_CIPHERS = {
  'DES-EDE3-CBC': { oid: '1.2.840.113549.3.7', cipher: '3DES-CBC', keyBytes: 24, blockBytes: 8 },
  'AES-128-CBC': { oid: '2.16.840.1.101.3.4.1.2', cipher: 'AES-CBC', keyBytes: 16, blockBytes: 16 },
  'AES-256-CBC': { oid: '2.16.840.1.101.3.4.1.42', cipher: 'AES-CBC', keyBytes: 32, blockBytes: 16 },
} as const;

/** The identifiers of forge's enumerations are those of X.690. */
const create: (tagClass: number, type: number, constructed: boolean, value: Asn1[] | string) => Asn1 = asn1.create;
/** Creates an element whose identifier octet is `tag`. */
const node = (tag: number, value: Asn1[] | string) => create(tag & 0xc0, tag & 0x1f, (tag & 0x20) !== 0, value);
const sequence = (...fields: Asn1[]) => node(0x30, fields);
const set = (...fields: Asn1[]) => node(0x31, fields);
export const octets = (bytes: Buffer) => node(0x04, binary(bytes));
const integer = (value: number) => node(0x02, asn1.integerToDer(value).getBytes());
const oid = (value: string) => node(0x06, asn1.oidToDer(value).getBytes());
export const NULL = () => node(0x05, '');

const children = ({ value }: Asn1): Asn1[] => {
  if (typeof value === 'string') throw new Error('a constructed element was expected');
  return value;
};
const content = ({ value }: Asn1): Buffer => {
  if (typeof value !== 'string') throw new Error('a primitive element was expected');
  return buffer(value);
};
const oidOf = (element: Asn1) => asn1.derToOid(binary(content(element)));
const sha256 = (bytes: Buffer) => buffer(md.sha256.create().update(binary(bytes)).digest().getBytes());

/** Encodes the issuer and serial number of a DER certificate, RFC 5652 section 10.2.4. */
function issuerAndSerialNumber(certificate: Buffer): Asn1 {
  const [tbs] = children(fromDer(certificate));
  const [, serialNumber, , issuer] = children(tbs!);
  return sequence(issuer!, serialNumber!);
}

export interface OpenedWithForge {
  header: string;
  key: Buffer;
  nonce?: Buffer;
  signingTime?: Date;
  contentCipher: string;
  crls: number;
}

/**
 * Opens a TR-34 key transport in either form: takes CMS apart, verifies the signature, the digest, the identifiers of
 * both parties and that the encrypted header is the signed one. Throws if one of them is wrong.
 *
 * @param kdh the sender's certificate, DER
 * @param krd the receiver's certificate, DER, and private key
 */
export function openWithForge(
  token: Buffer,
  { kdh, krd }: { kdh: Buffer; krd: { certificate: Buffer; privateKey: ForgePrivateKey } },
): OpenedWithForge {
  const [contentType, explicit] = children(fromDer(token));
  expectSame('content type', oidOf(contentType!), OID.signedData);
  const [, , encapsulated, ...rest] = children(children(explicit!)[0]!);
  const crls = rest.filter(({ tagClass, type }) => tagClass === asn1.Class.CONTEXT_SPECIFIC && (type as number) === 1);
  const eContent = content(children(children(encapsulated!)[1]!)[0]!);

  const [, sid, , signedAttributes, , signature] = children(children(rest.at(-1)!)[0]!);
  expectSame('signer', toDer(sid!), toDer(issuerAndSerialNumber(kdh)));
  const attributes = children(signedAttributes!);
  const signerKey = forgeCertificate(kdh).publicKey as ForgePublicKey;
  const signedDigest = sha256(toDer(set(...attributes)));
  if (!signerKey.verify(binary(signedDigest), binary(content(signature!)))) throw new Error('the signature is wrong');
  const attribute = (type: string) => attributes.find((each) => oidOf(children(each)[0]!) === type);
  const value = (type: string) => {
    const found = attribute(type);
    return found && content(children(children(found)[1]!)[0]!);
  };
  expectSame('messageDigest', value(OID.messageDigest), sha256(eContent));

  // The 2012 form lacks the SEQUENCE around the envelope, so its OCTET STRING serves with another tag.
  const envelope = eContent[0] === 0x30 ? eContent : Buffer.from(toDer(octets(eContent)));
  envelope[0] = 0x30;
  const [, recipientInfos, contentInfo] = children(fromDer(envelope));
  const [, rid, keyEncryption, encryptedKey] = children(children(recipientInfos!)[0]!);
  expectSame('receiver', toDer(rid!), toDer(issuerAndSerialNumber(krd.certificate)));
  expectSame('key encryption', oidOf(children(keyEncryption!)[0]!), OID.rsaesOaep);
  const [, algorithm, after] = children(contentInfo!);
  const [cipherOid, iv, inside] = children(algorithm!);
  const [contentCipher, { cipher }] = Object.entries(CONTENT_CIPHERS).find(([, { oid }]) => oid === oidOf(cipherOid!))!;
  const ephemeralKey = decryptWithForge(krd.privateKey, 'OAEP_SHA256', content(encryptedKey!));
  const decipher = forge.cipher.createDecipher(cipher, binary(ephemeralKey));
  decipher.start({ iv: binary(content(iv!)) });
  decipher.update(forge.util.createBuffer(binary(content((inside ?? after)!))));
  if (!decipher.finish()) throw new Error('the padding of the envelope is wrong');

  const [, sender, key, attrHeader] = children(fromDer(buffer(decipher.output.getBytes())));
  expectSame('sender in the envelope', toDer(sender!), toDer(issuerAndSerialNumber(kdh)));
  expectSame('header in the envelope', toDer(attrHeader!), toDer(attribute(OID.data)!));
  const signingTime = value(OID.signingTime);
  return {
    header: value(OID.data)!.toString('latin1'),
    key: content(key!),
    nonce: value(OID.randomNonce),
    signingTime: signingTime && asn1.utcTimeToDate(binary(signingTime)),
    contentCipher,
    crls: crls.length,
  };
}

function expectSame(name: string, found: Buffer | string | undefined, expected: Buffer | string): void {
  if (found === undefined || Buffer.compare(Buffer.from(found), Buffer.from(expected)) !== 0)
    throw new Error(`the ${name} is wrong`);
}

export interface TokenToCompose {
  form: 'X9_TR34_2012' | 'X9_TR34_2019';
  header: string;
  key: Buffer;
  kdh: { certificate: Buffer; privateKey: ForgePrivateKey };
  /** The receiver's certificate, DER. */
  krd: Buffer;
  /** Two-pass if given, otherwise one-pass. */
  nonce?: Buffer;
  signingTime?: Date;
  contentCipher?: keyof typeof CONTENT_CIPHERS;
  /** Deviations from TR-34, whether or not TR-34 allows them. */
  deviation?: {
    scheme?: RsaScheme;
    /** Receiver whose public key is used instead. */
    encryptedFor?: Buffer;
    /** Header inside the envelope. */
    innerHeader?: string;
    /** Sender's certificate inside the envelope. */
    innerKdh?: Buffer;
    messageDigest?: Buffer;
    digestAlgorithm?: 'sha1' | 'sha512';
    version?: number;
    signatureAlgorithm?: 'rsaEncryption' | 'sha256WithRsaEncryption';
    /** Puts the signed attributes into DER order. */
    sorted?: boolean;
    /** Additional signed attributes, by their object identifiers. */
    attributes?: [type: string, value: Asn1][];
    certificates?: Buffer[];
    crls?: Buffer[];
  };
}

/** Composes a TR-34 key transport as a key distribution host does. @returns ContentInfo, DER */
export function composeWithForge(token: TokenToCompose): Buffer {
  const { header, kdh, nonce, signingTime = new Date(), deviation = {} } = token;
  const { digestAlgorithm = 'sha256', signatureAlgorithm = 'rsaEncryption', version = 1 } = deviation;
  const attribute = (type: string, value: Asn1) => sequence(oid(type), set(value));
  const eContent = envelopeWithForge(token);
  const inOrder = [
    attribute(OID.contentType, oid(OID.envelopedData)),
    nonce
      ? attribute(OID.randomNonce, octets(nonce))
      : attribute(OID.signingTime, node(0x17, asn1.dateToUtcTime(signingTime))),
    attribute(OID.data, octets(Buffer.from(header, 'latin1'))),
    attribute(OID.messageDigest, octets(deviation.messageDigest ?? sha256(eContent))),
    ...(deviation.attributes ?? []).map(([type, value]) => attribute(type, value)),
  ];
  const attributes = deviation.sorted ? inOrder.sort((a, b) => Buffer.compare(toDer(a), toDer(b))) : inOrder;
  const digest = md[digestAlgorithm].create().update(binary(toDer(set(...attributes))));
  const identifier = () => sequence(oid(OID[digestAlgorithm]));
  const signerInfo = sequence(
    integer(1),
    issuerAndSerialNumber(kdh.certificate),
    identifier(),
    node(0xa0, attributes),
    sequence(oid(OID[signatureAlgorithm]), NULL()),
    octets(buffer(kdh.privateKey.sign(digest))),
  );
  const { certificates = [], crls = [] } = deviation;
  return toDer(
    sequence(
      oid(OID.signedData),
      node(0xa0, [
        sequence(
          integer(version),
          set(identifier()),
          sequence(oid(OID.envelopedData), node(0xa0, [octets(eContent)])),
          ...(certificates.length > 0 ? [node(0xa0, certificates.map(fromDer))] : []),
          ...(crls.length > 0 ? [node(0xa1, crls.map(fromDer))] : []),
          set(signerInfo),
        ),
      ]),
    ),
  );
}

/** Builds the EnvelopedData around the key; in the 2012 form, its fields alone. */
function envelopeWithForge({ form, header, key, kdh, krd, contentCipher, deviation = {} }: TokenToCompose): Buffer {
  const cipherName = contentCipher ?? (header[7] === 'T' ? 'DES-EDE3-CBC' : 'AES-128-CBC');
  const { oid: cipherOid, cipher, keyBytes, blockBytes } = CONTENT_CIPHERS[cipherName];
  const { scheme = 'OAEP_SHA256', innerHeader = header, innerKdh = kdh.certificate } = deviation;
  const keyBlock = sequence(
    integer(1),
    issuerAndSerialNumber(innerKdh),
    octets(key),
    sequence(oid(OID.data), set(octets(Buffer.from(innerHeader, 'latin1')))),
  );
  const ephemeralKey = forge.random.getBytesSync(keyBytes);
  const iv = forge.random.getBytesSync(blockBytes);
  const encryption = forge.cipher.createCipher(cipher, ephemeralKey);
  encryption.start({ iv });
  encryption.update(forge.util.createBuffer(binary(toDer(keyBlock))));
  encryption.finish();
  const receiverKey = forgeCertificate(deviation.encryptedFor ?? krd).publicKey as ForgePublicKey;

  const recipientInfo = sequence(
    integer(0),
    issuerAndSerialNumber(krd),
    keyEncryption(form, scheme),
    octets(encryptWithForge(receiverKey, scheme, buffer(ephemeralKey))),
  );
  const encryptedContent = node(0x80, encryption.output.getBytes());
  const fields = [integer(0), set(recipientInfo)];
  return form === 'X9_TR34_2012'
    ? Buffer.concat(
        [...fields, sequence(oid(OID.data), sequence(oid(cipherOid), node(0x04, iv), encryptedContent))].map(toDer),
      )
    : toDer(sequence(...fields, sequence(oid(OID.data), sequence(oid(cipherOid), node(0x04, iv)), encryptedContent)));
}

/** Encodes RSAES-OAEP-params, RFC 8017 appendix A.2.1; the 2012 form lacks the context tags. */
function keyEncryption(form: TokenToCompose['form'], scheme: RsaScheme): Asn1 {
  if (scheme === 'PKCS1') return sequence(oid(OID.rsaEncryption), NULL());
  const hash = () => sequence(oid(OID[OAEP_HASH[scheme]]), NULL());
  const mgf1 = sequence(oid(OID.mgf1), hash());
  const parameters =
    form === 'X9_TR34_2012'
      ? sequence(hash(), mgf1, sequence(oid(OID.pSpecified), octets(Buffer.alloc(0))))
      : sequence(node(0xa0, [hash()]), node(0xa1, [mgf1]));
  return sequence(oid(OID.rsaesOaep), parameters);
}

/**
 * Issues a certificate revocation list, RFC 5280 section 5.1, that lists certificates (DER). forge does not support
 * CRLs.
 *
 * @returns DER
 */
export function revokeWithForge(
  ca: { certificate: Buffer; privateKey: ForgePrivateKey },
  certificates: Buffer[],
  { thisUpdate, nextUpdate }: { thisUpdate: Date; nextUpdate: Date },
): Buffer {
  const time = (date: Date) => node(0x17, asn1.dateToUtcTime(date));
  const algorithm = () => sequence(oid(OID.sha256WithRsaEncryption), NULL());
  const [tbs] = children(fromDer(ca.certificate));
  const serialNumbers = certificates.map((certificate) => children(issuerAndSerialNumber(certificate))[1]!);
  const tbsCertList = sequence(
    integer(1),
    algorithm(),
    children(tbs!)[5]!,
    time(thisUpdate),
    time(nextUpdate),
    ...(serialNumbers.length > 0
      ? [sequence(...serialNumbers.map((serial) => sequence(serial, time(thisUpdate))))]
      : []),
  );
  const signature = ca.privateKey.sign(md.sha256.create().update(binary(toDer(tbsCertList))));
  return toDer(sequence(tbsCertList, algorithm(), node(0x03, `\0${signature}`)));
}
