import { toHex as hexOf } from '../crypto/bytes.js';
import { CryptoError } from '../crypto/errors.js';
import { parseHeader } from '../crypto/tr31/key-block.js';
import { decodeSequence, TAG } from '../crypto/asn1.js';
import { describeName } from '../crypto/x509/distinguished-name.js';
import { inspectKeyTransport, type KeyTransport } from '../crypto/tr34/inspect.js';
import type { Command, Streams } from './command.js';
import { EXIT, Failure } from './failure.js';
import { type InputOptions, readInput, withInput } from './input.js';
import { headerTable, optionalBlockTable, x509Table } from './key-block-tables.js';
import { count, section, table } from './layout.js';
import { type OutputOptions, print, withOutput } from './results.js';
import { addOpen } from './tr34-open.js';
import { decodeToken } from './tr34-token.js';

const DOCUMENT = 'docs/key-exchange.md';
const DESCRIPTION = `Describe a TR-34 key transport without any key.

Prints form, sender, receiver, signed attributes, key block header and envelope of a TR-34 key transport (2012 or 2019, one-pass or two-pass). Verifies nothing, because that needs the certificates and a key. The token may be hexadecimal, base64 or PEM; in a file or on standard input, DER is also accepted.`;

/** Adds `keyblock tr34`. */
export function addTr34(program: Command, streams: Streams): void {
  const tr34 = program.command('tr34').description('Inspect and open TR-34 key transports.').readOn(DOCUMENT);
  addOpen(tr34, streams);
  const inspect = tr34
    .command('inspect')
    .description(DESCRIPTION)
    .examples('keyblock tr34 inspect --file token.der', 'openssl base64 -in token.der | keyblock tr34 inspect -')
    .readOn(DOCUMENT);
  withOutput(withInput(inspect, 'token', 'key transport')).action(
    async (text: string | undefined, options: InputOptions & OutputOptions) => {
      const { der, encoding } = decodeToken(await readInput(text, options, streams.stdin));
      print(streams, options, tr34Document(der), tr34Words(der, encoding));
    },
  );
}

/** Returns what `tr34Words` describes, as the document of --json. Bytes are in hexadecimal. */
function tr34Document(der: Buffer): object {
  const transport = inspect(der);
  return {
    Form: transport.form,
    Sender: partyDocument(transport.kdh),
    Receiver: partyDocument(transport.krd),
    RandomNonce: transport.nonce && hexOf(transport.nonce),
    SigningTime: transport.signingTime?.toISOString(),
    MessageDigest: hexOf(transport.messageDigest),
    Signature: hexOf(transport.signature),
    KeyBlockHeader: transport.header,
    EphemeralKeyCryptogram: hexOf(transport.encryptedKey),
    ContentCipher: transport.contentCipher,
    InitializationVector: hexOf(transport.iv),
    EncryptedKeyBlock: hexOf(transport.encryptedContent),
    Certificates: transport.certificates.map(hexOf),
    CertificateRevocationLists: transport.crls.map(hexOf),
  };
}

/** Reads an IssuerAndSerialNumber. @throws CryptoError if it isn't one */
function partyOf(identifier: Buffer): { issuer: string; serialNumber: string } {
  const fields = decodeSequence(identifier, 'IssuerAndSerialNumber', 'CMS');
  const issuer = describeName(fields.take(TAG.SEQUENCE, 'issuer').der);
  return { issuer, serialNumber: hexOf(fields.take(TAG.INTEGER, 'serialNumber').content) };
}

function partyDocument(identifier: Buffer): object {
  try {
    const { issuer, serialNumber } = partyOf(identifier);
    return { Issuer: issuer, SerialNumber: serialNumber };
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    return { Malformed: hexOf(identifier) };
  }
}

/**
 * Describes a token.
 *
 * @param encoding name of the encoding that the token was given in
 * @returns lines
 * @throws Failure with the offset in the DER, and the fault
 */
export function tr34Words(der: Buffer, encoding: string): string[] {
  const transport = inspect(der);
  const { signature, messageDigest, header, nonce, signingTime, certificates, crls } = transport;
  const at = (view: Buffer) => view.byteOffset - der.byteOffset;
  return [
    `TR-34 key transport, ${count(der.length, 'byte')} of DER, given as ${encoding}.`,
    "Not verified: verification needs the certificates and the receiver's key.",
    ...section(
      'Token',
      table([
        ['form', transport.form === 'X9_TR34_2012' ? 'X9 TR-34-2012' : 'X9 TR-34-2019, CMS'],
        ['passes', nonce === undefined ? 'one-pass: a signing time, no nonce' : "two-pass: the receiver's nonce"],
        ['certificates', certificates.length === 0 ? 'none' : `${certificates.length}, printed below`],
        ['CRLs', crls.length === 0 ? 'none' : crls.map((crl) => crlWords(crl, at(crl))).join('; ')],
      ]),
    ),
    ...section('Sender (key distribution host)', partyWords(transport.kdh, at(transport.kdh))),
    ...section('Receiver (key receiving device)', partyWords(transport.krd, at(transport.krd))),
    ...section(
      'Signed',
      table([
        ...(nonce === undefined ? [] : [['nonce', located(nonce, at(nonce)), hexOf(nonce)]]),
        ...(signingTime === undefined ? [] : [['signing time', '', signingTime.toISOString()]]),
        ['message digest', located(messageDigest, at(messageDigest)), `SHA-256, ${hexOf(messageDigest)}`],
        [
          'signature',
          located(signature, at(signature)),
          `RSASSA-PKCS1-v1_5 with SHA-256, RSA of ${8 * signature.length} bits`,
        ],
      ]),
    ),
    ...section('Key block header (TR-31), in the signed attributes and in the envelope', blockHeaderWords(header)),
    ...section('Envelope', envelopeWords(transport, at)),
    ...certificates.flatMap((certificate) =>
      section(`Certificate, ${located(certificate, at(certificate))}`, x509Table(certificate)),
    ),
  ];
}

function inspect(der: Buffer): KeyTransport {
  try {
    return inspectKeyTransport(der);
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    const where = error.offset === undefined ? '' : ` at byte ${error.offset}`;
    const begins =
      der[0] === TAG.SEQUENCE ? [] : ['A token begins with the byte 30. Is this a token, and is it complete?'];
    throw new Failure(EXIT.no, [`Malformed token${where}: ${error.message}.`, ...begins].join('\n'));
  }
}

/** Describes an IssuerAndSerialNumber. */
function partyWords(identifier: Buffer, offset: number): string[] {
  try {
    const { issuer, serialNumber } = partyOf(identifier);
    return table([
      ['issuer', issuer],
      ['serial number', serialNumber],
      ['where', located(identifier, offset)],
    ]);
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    return [`${located(identifier, offset)}: not an issuer and serial number: ${error.message}`];
  }
}

/**
 * Describes the header of the key block. Its length field states the length of the whole block, although only the
 * header is present.
 */
function blockHeaderWords(text: string): string[] {
  try {
    const { header, optionalBlocks } = parseHeader(text);
    return [
      ...headerTable(text, header),
      ...(optionalBlocks.length === 0 ? [] : ['', ...optionalBlockTable(text, optionalBlocks)]),
    ];
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    return [JSON.stringify(text), `This token will not be imported: ${error.message}.`];
  }
}

function envelopeWords(
  { encryptedKey, contentCipher, iv, encryptedContent }: KeyTransport,
  at: (view: Buffer) => number,
) {
  return table([
    [
      'ephemeral key',
      located(encryptedKey, at(encryptedKey)),
      `RSAES-OAEP with SHA-256, RSA of ${8 * encryptedKey.length} bits`,
    ],
    ['cipher', '', contentCipher],
    ['initialization vector', located(iv, at(iv)), hexOf(iv)],
    ['encrypted key block', located(encryptedContent, at(encryptedContent)), 'the length of the key is hidden'],
  ]);
}

/** Describes a CertificateList by its issuer. */
function crlWords(crl: Buffer, offset: number): string {
  try {
    const tbs = decodeSequence(crl, 'CertificateList', 'CMS').within(TAG.SEQUENCE, 'tbsCertList');
    tbs.optional(TAG.INTEGER);
    tbs.take(TAG.SEQUENCE, 'signature');
    return `${located(crl, offset)}, of ${describeName(tbs.take(TAG.SEQUENCE, 'issuer').der)}`;
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    return `${located(crl, offset)}, malformed: ${error.message}`;
  }
}

function located(view: Buffer, offset: number): string {
  return `offset ${offset}, ${count(view.length, 'byte')}`;
}
