import { X509Certificate } from 'node:crypto';
import { ALGORITHMS, EXPORTABILITIES, KEY_CONTEXTS, KEY_USAGES, MODES_OF_USE } from '../crypto/tr31/header-values.js';
import { describeHeader, HEADER_CHARS, HEADER_FIELDS, type KeyBlockHeader } from '../crypto/tr31/header.js';
import { describeOptionalBlock, parseLength, HMAC_HASHES, type OptionalBlock } from '../crypto/tr31/optional-blocks.js';
import { alternatives, count, table } from './layout.js';

/**
 * Describes the fixed header, one line per field: offset, name, value, meaning.
 *
 * @param text begins with the header, which has been parsed
 */
export function headerTable(text: string, header: KeyBlockHeader): string[] {
  const meanings = describeHeader(header);
  const rows: [offset: number, name: string, value: string, meaning: string][] = [
    [1, 'key block length', text.slice(1, 5), count(Number(text.slice(1, 5)), 'character')],
    [12, 'number of optional blocks', text.slice(12, 14), count(Number(text.slice(12, 14)), 'optional block')],
    [15, 'reserved', text.slice(15, 16), 'Always 0'],
  ];
  for (const key of Object.keys(HEADER_FIELDS) as (keyof KeyBlockHeader)[]) {
    const { offset, name } = HEADER_FIELDS[key];
    rows.push([offset, name, header[key], meanings[key]]);
  }
  return table([['OFFSET', 'FIELD', 'VALUE', 'MEANING'], ...rows.sort(([a], [b]) => a - b)]);
}

/** Allowed values of header fields by their offsets, for messages about a malformed header. */
const HEADER_CHOICES: Readonly<Record<number, string>> = {
  0: 'A, B, C or D',
  5: `${Object.keys(KEY_USAGES).join(' ')}, or 2 digits for a proprietary usage`,
  7: `${alternatives(Object.keys(ALGORITHMS))}, or a digit for a proprietary algorithm`,
  8: `${alternatives(Object.keys(MODES_OF_USE))}, or a digit for a proprietary mode`,
  9: '00 for a key without versions, c and a digit for a component, or 2 letters or digits',
  11: `${alternatives(Object.keys(EXPORTABILITIES))}, or a digit for a proprietary value`,
  14: alternatives(Object.keys(KEY_CONTEXTS)),
};

/** Returns the allowed values of the header field at an offset; undefined for a field without a list of values. */
export function headerChoices(offset: number): string | undefined {
  return HEADER_CHOICES[offset];
}

/** Describes the optional blocks in order: offset, ID, length and meaning, followed by lines about the data. */
export function optionalBlockTable(text: string, optionalBlocks: readonly OptionalBlock[]): string[] {
  let offset = HEADER_CHARS;
  const rows: [number | string, string, number | string, string][] = [['OFFSET', 'ID', 'LENGTH', 'MEANING']];
  for (const block of optionalBlocks) {
    const { length } = parseLength(text, offset);
    rows.push([offset, block.id, length, describeOptionalBlock(block)]);
    for (const line of describeData(block)) rows.push(['', '', '', `  ${line}`]);
    offset += length;
  }
  return table(rows);
}

/** Describes the data of an optional block, whose form has been checked. */
function describeData({ id, data }: OptionalBlock): string[] {
  return (DATA_DESCRIPTIONS[id] ?? quoted)(data);
}

/** X9.143 6.3.6 tables 8 to 23, X9.24-1 A.1 (KSN), X9.24-3 6.3 (initial key ID). */
const DATA_DESCRIPTIONS: Readonly<Record<string, (data: string) => string[]>> = {
  AL: (data) => [`${data}: ${data.endsWith('0') ? 'ephemeral' : 'static'}`],
  BI: (data) => [
    data.startsWith('00')
      ? `00: key set ID of TDES DUKPT, ${data.slice(2)} (5 bytes)`
      : `01: BDK ID of AES DUKPT, ${data.slice(2)} (4 bytes)`,
  ],
  CT: describeCertificates,
  DA: (data) => (data.slice(2).match(/.{5}/g) ?? []).map(describeDerivation),
  HM: (data) => [`${data}: ${HMAC_HASHES[data]}`],
  IK: (data) => [`${data}: BDK ID ${data.slice(0, 8)}, derivation ID ${data.slice(8)}`],
  KC: describeCheckValue,
  KP: describeCheckValue,
  KS: describeSerialNumber,
  PB: (data) => [`filler of ${count(data.length, 'character')}, without meaning`],
  PK: describeCheckValue,
  TC: describeTime,
  TS: describeTime,
  WP: (data) => [`${data}: ${WRAPPING_PEDIGREES[data.slice(2)]}`],
};

const WRAPPING_PEDIGREES: Readonly<Record<string, string>> = {
  '0': 'Equivalent or greater: never wrapped by a weaker key',
  '1': 'Lesser: wrapped by a weaker key',
  '2': 'Asymmetric: wrapped by an asymmetric key',
  '3': 'Asymmetric lesser: wrapped by a weaker asymmetric key',
};

function quoted(data: string): string[] {
  return [data === '' ? 'no data' : JSON.stringify(data)];
}

function describeCheckValue(data: string): string[] {
  const [value, bytes] = [data.slice(2), (data.length - 2) / 2];
  const how = data.startsWith('00') ? 'an encrypted block of zeros' : 'the CMAC of a block of zeros';
  return [`${value}: the leftmost ${count(bytes, 'byte')} of ${how}`];
}

function describeSerialNumber(data: string): string[] {
  const whole = `${data}, ${count(data.length / 2, 'byte')}`;
  if (data.length !== 20) return [whole];
  const counted = BigInt(`0x${data.slice(10)}`); // 19 bits of device ID, 21 bits of counter
  const [device, counter] = [counted >> 21n, counted & 0x1fffffn];
  return [whole, `as a KSN of TDES DUKPT: key set ID ${data.slice(0, 10)}, device ID ${device}, counter ${counter}`];
}

function describeTime(data: string): string[] {
  const [, year, month, day, hour, minute, second, hundredths] =
    /^(\d{4})-?(\d\d)-?(\d\d)T?(\d\d):?(\d\d):?(\d\d)\.?(\d\d)?Z$/.exec(data) ?? [];
  const fraction = hundredths === undefined ? '' : `.${hundredths}`;
  return [`${data}: ${year}-${month}-${day} ${hour}:${minute}:${second}${fraction} UTC`];
}

function describeDerivation(derivation: string): string {
  const [usage, algorithm, mode, exportability] = [
    derivation.slice(0, 2),
    derivation.charAt(2),
    derivation.charAt(3),
    derivation.charAt(4),
  ];
  const meanings = [
    KEY_USAGES[usage]?.description,
    ALGORITHMS[algorithm]?.description,
    MODES_OF_USE[mode],
    EXPORTABILITIES[exportability],
  ];
  return `${derivation}: ${meanings.map((meaning) => meaning ?? 'not defined in X9.143').join('; ')}`;
}

/** Describes one certificate, or a chain, which repeats format (2 digits), length (4 digits) and certificate. */
function describeCertificates(data: string): string[] {
  if (!data.startsWith('02')) return describeCertificate(data);
  const lines: string[] = [];
  for (let offset = 2; offset < data.length;) {
    const end = offset + 6 + parseInt(data.slice(offset + 2, offset + 6), 16);
    lines.push(...describeCertificate(data.slice(offset, offset + 2) + data.slice(offset + 6, end)));
    offset = end;
  }
  return [`02: a chain of ${count(lines.filter((line) => !line.startsWith(' ')).length, 'certificate')}`, ...lines];
}

/** Describes one certificate: format (00 X.509, 01 EMV), then base64. */
function describeCertificate(data: string): string[] {
  const der = Buffer.from(data.slice(2), 'base64');
  if (data.startsWith('01')) return [`01: an EMV certificate, ${count(der.length, 'byte')}`];
  return [`00: an X.509 certificate, ${count(der.length, 'byte')}`, ...x509Table(der).map((line) => `  ${line}`)];
}

/** Describes an X.509 certificate without verifying it. */
export function x509Table(der: Buffer): string[] {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(der);
  } catch {
    return ['it cannot be read: it must be DER'];
  }
  return table([
    ['subject', oneLine(certificate.subject)],
    ['issuer', oneLine(certificate.issuer)],
    ['serial number', certificate.serialNumber],
    ['valid', `${certificate.validFrom} to ${certificate.validTo}`],
    ['key', describePublicKey(certificate)],
  ]);
}

function describePublicKey(certificate: X509Certificate): string {
  try {
    const { asymmetricKeyType: type, asymmetricKeyDetails } = certificate.publicKey;
    if (type === 'rsa') return `RSA, ${asymmetricKeyDetails?.modulusLength} bits`;
    // Node aborts when asked for the curve of the point at infinity; exporting such a key throws first.
    certificate.publicKey.export({ format: 'der', type: 'spki' });
    return type === 'ec' ? `elliptic curve ${asymmetricKeyDetails?.namedCurve}` : String(type);
  } catch {
    return 'it cannot be read';
  }
}

/** Joins a name as Node returns it, one attribute per line, into one line. */
function oneLine(name: string | undefined): string {
  return (name ?? '').split('\n').join(', ') || '(empty)';
}
