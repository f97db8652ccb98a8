import { HEADER_CHARS, malformed, quoted } from './header.js';

/** An optional block (X9.143 6.3.6): a key attribute in addition to the header, covered by the same MAC. */
export interface OptionalBlock {
  /** Two characters: an ID of OPTIONAL_BLOCKS, another pair of capital letters, or two digits (proprietary). */
  id: string;
  /** Printable ASCII, excluding ID and length. */
  data: string;
}

interface Definition {
  description: string;
  /** Description of the required form of the data, for error messages. */
  form: string;
  fits: (data: string) => boolean;
}

/** Hash algorithms of optional block HM: X9.143 6.3.6.5 table 13. */
export const HMAC_HASHES: Readonly<Record<string, string>> = {
  '10': 'SHA-1',
  '20': 'SHA-224',
  '21': 'SHA-256',
  '22': 'SHA-384',
  '23': 'SHA-512',
  '24': 'SHA-512/224',
  '25': 'SHA-512/256',
  '30': 'SHA3-224',
  '31': 'SHA3-256',
  '32': 'SHA3-384',
  '33': 'SHA3-512',
  '40': 'SHAKE128',
  '41': 'SHAKE256',
};

const defined = (description: string, form: string, pattern: RegExp): Definition => ({
  description,
  form,
  fits: (data) => pattern.test(data),
});

const PRINTABLE = /^[\x20-\x7e]*$/;
const KCV_FORM = '00 and a check value of 1 to 3 bytes or 01 and a CMAC of 1 to 5 bytes, in hexadecimal';
const KCV = /^(00([0-9A-F]{2}){1,3}|01([0-9A-F]{2}){1,5})$/;
const TIME_FORM = 'a UTC time: YYYYMMDDhhmmss[ss]Z or YYYY-MM-DDThh:mm:ss[.ss]Z';
const COMPACT_TIME = /^\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])[0-5]\d([0-5]\d|60)(\d\d)?Z$/;
const DELIMITED_TIME = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d\d)?Z$/;
const TIME = new RegExp(`${COMPACT_TIME.source}|${DELIMITED_TIME.source}`);

/**
 * The optional blocks of X9.143 6.3.6 table 7, with the form of their data (tables 8 to 23); KV is deprecated. Other
 * blocks, including ER, are passed through unchanged. KS is the initial KSN in X9.143 and any key set identifier in TR
 * 31-2018.
 */
export const OPTIONAL_BLOCKS: Readonly<Record<string, Definition>> = {
  AL: defined('Asymmetric Key Life', '0100 (ephemeral) or 0101 (static)', /^010[01]$/),
  BI: defined(
    'Base Derivation Key Identifier for DUKPT',
    '00 and 5 bytes (TDES key set ID) or 01 and 4 bytes (AES BDK ID) in hexadecimal',
    /^(00[0-9A-F]{10}|01[0-9A-F]{8})$/,
  ),
  CT: {
    description: 'Asymmetric Public Key Certificate',
    form: '00 or 01 and a certificate in base64, or 02 and a chain of certificates with format and length',
    fits: isCertificateOrChain,
  },
  DA: defined(
    'Derivation(s) Allowed for Derivation Keys',
    '01 and sets of usage, algorithm, mode and exportability',
    /^01([0-9A-Za-z]{5})+$/,
  ),
  FL: defined('Flags', 'printable ASCII', PRINTABLE),
  HM: {
    description: 'Hash Algorithm for HMAC',
    form: 'the 2 digits of a hash of X9.143 table 13',
    fits: (data) => Object.hasOwn(HMAC_HASHES, data),
  },
  IK: defined('Initial Key Identifier for the Initial AES DUKPT Key', '8 bytes in hexadecimal', /^[0-9A-F]{16}$/),
  KC: defined('Key Check Value of the Wrapped Key', KCV_FORM, KCV),
  KP: defined('Key Check Value of the KBPK', KCV_FORM, KCV),
  KS: defined('Initial Key Serial Number or Key Set Identifier', 'whole bytes in hexadecimal', /^([0-9A-F]{2})+$/),
  KV: defined('Key Block Values', '4 alphanumeric characters', /^[0-9A-Za-z]{4}$/),
  LB: defined('Label', 'printable ASCII', PRINTABLE),
  PB: defined('Padding Block', 'printable ASCII', PRINTABLE),
  PK: defined('Protection Key Check Value of the Export KBPK', KCV_FORM, KCV),
  TC: defined('Time of Creation', TIME_FORM, TIME),
  TS: defined('Time Stamp', TIME_FORM, TIME),
  WP: defined('Wrapping Pedigree', '00 and a digit 0 to 3', /^00[0-3]$/),
};

const OTHER_BLOCK = defined('Not defined in X9.143', 'printable ASCII', PRINTABLE);
const PROPRIETARY_BLOCK = defined('Reserved for proprietary use', 'printable ASCII', PRINTABLE);

/** Describes an optional block for display. */
export function describeOptionalBlock({ id }: OptionalBlock): string {
  return definitionOf(id).description;
}

function definitionOf(id: string): Definition {
  return OPTIONAL_BLOCKS[id] ?? (/^\d\d$/.test(id) ? PROPRIETARY_BLOCK : OTHER_BLOCK);
}

/**
 * Parses `count` optional blocks that start directly after the fixed header.
 *
 * @returns the blocks in order, and the offset of the first character after them
 * @throws CryptoError KEY_BLOCK
 */
export function parseOptionalBlocks(text: string, count: number): { optionalBlocks: OptionalBlock[]; end: number } {
  const optionalBlocks: OptionalBlock[] = [];
  let end = HEADER_CHARS;
  for (let i = 0; i < count; i++) {
    const { length, dataOffset } = parseLength(text, end);
    const block = { id: text.slice(end, end + 2), data: text.slice(dataOffset, end + length) };
    check(block, optionalBlocks, end);
    optionalBlocks.push(block);
    end += length;
  }
  return { optionalBlocks, end };
}

/**
 * Parses the length of an optional block, which counts the whole block including ID and length. The short form is 2
 * hexadecimal digits after the ID. In the extended form those digits are 00, followed by the length of the length and
 * the length (X9.143 6.2 table 1): 04 and 4 digits. Some senders write 02, meaning either 2 bytes, so 4 digits as well,
 * or 2 digits: the reading that fits the block is taken.
 *
 * @param offset offset of the ID
 * @returns characters of the block, and the offset of its data
 * @throws CryptoError KEY_BLOCK, even if both readings of 02 fit
 */
export function parseLength(text: string, offset: number): { length: number; dataOffset: number } {
  if (text.slice(offset + 2, offset + 4) !== '00') return checkedLength(text, offset, offset + 2, 2);
  const lengthOfLength = text.slice(offset + 4, offset + 6);
  if (lengthOfLength === '04') return checkedLength(text, offset, offset + 6, 4);
  if (lengthOfLength !== '02')
    throw malformed(
      offset + 4,
      `the length of the extended length of an optional block must be 04 or 02, not ${quoted(lengthOfLength)}`,
    );
  const fitting = [4, 2].flatMap((digits) => fittingLength(text, offset, digits) ?? []);
  if (fitting.length > 1)
    throw malformed(offset + 4, 'the extended length of an optional block is ambiguous: write it in 4 digits after 04');
  return fitting[0] ?? checkedLength(text, offset, offset + 6, 4);
}

function fittingLength(text: string, offset: number, digits: number): ReturnType<typeof parseLength> | undefined {
  try {
    return checkedLength(text, offset, offset + 6, digits);
  } catch {
    return undefined;
  }
}

function checkedLength(
  text: string,
  offset: number,
  lengthOffset: number,
  digits: number,
): ReturnType<typeof parseLength> {
  const dataOffset = lengthOffset + digits;
  const field = text.slice(lengthOffset, dataOffset);
  if (field.length !== digits || /[^0-9A-F]/.test(field))
    throw malformed(
      lengthOffset,
      `the length ${quoted(field)} of an optional block must be ${digits} hexadecimal digits`,
    );
  const length = parseInt(field, 16);
  if (offset + length < dataOffset)
    throw malformed(lengthOffset, `the optional block of length ${quoted(field)} ends before its data`);
  if (offset + length > text.length)
    throw malformed(lengthOffset, `the optional block of length ${quoted(field)} ends after the key block`);
  return { length, dataOffset };
}

/**
 * Formats optional blocks in the given order, with PB (X9.143 6.3.6.11) last if they need padding to the cipher's block
 * length. Replaces a PB in the input, so that the optional blocks of one key block can be used in another.
 *
 * @throws CryptoError KEY_BLOCK
 */
export function formatOptionalBlocks(
  optionalBlocks: readonly OptionalBlock[],
  cipherBlockBytes: number,
): { text: string; count: number } {
  const written: OptionalBlock[] = [];
  let text = '';
  for (const block of optionalBlocks.filter(({ id }) => id !== 'PB')) {
    check(block, written, HEADER_CHARS + text.length);
    written.push(block);
    text += format(block);
  }
  const excess = text.length % cipherBlockBytes;
  if (excess === 0) return { text, count: written.length };
  // PB has at least 4 characters, so the padding may extend into the following cipher block.
  const missing = 2 * cipherBlockBytes - excess - 4;
  return { text: text + format({ id: 'PB', data: '0'.repeat(missing % cipherBlockBytes) }), count: written.length + 1 };
}

function format({ id, data }: OptionalBlock): string {
  const hex = (length: number, digits: number) => length.toString(16).toUpperCase().padStart(digits, '0');
  const length = 4 + data.length;
  return length <= 0xff ? `${id}${hex(length, 2)}${data}` : `${id}0004${hex(length + 6, 4)}${data}`;
}

/**
 * Rejects an optional block that must not follow the ones before it, or whose data does not have the form that its ID
 * requires.
 */
function check({ id, data }: OptionalBlock, before: readonly OptionalBlock[], offset: number): void {
  if (!/^[0-9A-Z]{2}$/.test(id))
    throw malformed(offset, `the ID ${quoted(id)} of an optional block must be 2 capitals or digits`);
  if (before.some((other) => other.id === id)) throw malformed(offset, `optional block ${id} occurs twice`);
  if (before.at(-1)?.id === 'PB') throw malformed(offset, 'optional block PB must be the last');
  const { form, fits } = definitionOf(id);
  if (!fits(data)) throw malformed(offset, `the data of optional block ${id} must be ${form}`);
}

/**
 * Checks the data of CT: X9.143 6.3.6.3 tables 10 and 11. A chain is a sequence of format (2 digits), length (4 digits)
 * and certificate.
 */
function isCertificateOrChain(data: string): boolean {
  if (!data.startsWith('02')) return isCertificate(data);
  let offset = 2;
  while (offset < data.length) {
    const length = data.slice(offset + 2, offset + 6);
    const end = offset + 6 + parseInt(length, 16);
    const certificate = data.slice(offset, offset + 2) + data.slice(offset + 6, end);
    if (!/^[0-9A-F]{4}$/.test(length) || end > data.length || !isCertificate(certificate)) return false;
    offset = end;
  }
  return offset > 2;
}

/** Checks one certificate: format 00 (X.509) or 01 (EMV), then the certificate in base64. */
function isCertificate(data: string): boolean {
  return /^0[01][0-9A-Za-z+/]+={0,2}$/.test(data) && data.length % 4 === 2;
}
