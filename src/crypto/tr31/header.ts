import { CryptoError } from '../errors.js';
import {
  ALGORITHMS,
  EXPORTABILITIES,
  KEY_CONTEXTS,
  KEY_USAGES,
  MODES_OF_USE,
  VERSIONS,
  type KeyBlockVersion,
} from './header-values.js';

/**
 * The fixed 16 characters at the start of a key block: ASC X9 TR 31-2018 A.2, ANSI X9.143-2021 6.2 table 1. The length
 * (offset 1, 4 digits) and the number of optional blocks (offset 12, 2 digits) are omitted because they follow from the
 * rest of the block.
 */
export interface KeyBlockHeader {
  /** Key block version ID, offset 0: the protection method of the block. */
  versionId: KeyBlockVersion;
  /** Key usage, offset 5, 2 characters: a code of KEY_USAGES, or two digits (proprietary). */
  keyUsage: string;
  /** Algorithm, offset 7: a code of ALGORITHMS, or a digit (proprietary). */
  algorithm: string;
  /** Mode of use, offset 8: a code of MODES_OF_USE, or a digit (proprietary). */
  modeOfUse: string;
  /** Key version number, offset 9, 2 alphanumeric characters: `00` if not used, `c` and a digit for a component. */
  keyVersionNumber: string;
  /** Exportability, offset 11: a code of EXPORTABILITIES, or a digit (proprietary). */
  exportability: string;
  /** Key context, offset 14: a code of KEY_CONTEXTS; always `0` in TR 31-2018, where the field is reserved. */
  keyContext: string;
}

interface Field {
  offset: number;
  length: number;
  name: string;
  /** Returns the meaning of a value in the standard's words, or undefined if the standard does not define the value. */
  describe: (value: string) => string | undefined;
}

const proprietary = (value: string) => (/^\d+$/.test(value) ? 'Reserved for proprietary use' : undefined);

export const HEADER_CHARS = 16;

const LENGTH_OFFSET = 1;
const COUNT_OFFSET = 12;
const RESERVED_OFFSET = 15;

const FIELDS: Readonly<Record<keyof KeyBlockHeader, Field>> = {
  versionId: {
    offset: 0,
    length: 1,
    name: 'key block version ID',
    describe: (value) => (Object.hasOwn(VERSIONS, value) ? VERSIONS[value as KeyBlockVersion].description : undefined),
  },
  keyUsage: {
    offset: 5,
    length: 2,
    name: 'key usage',
    describe: (value) => KEY_USAGES[value]?.description ?? proprietary(value),
  },
  algorithm: {
    offset: 7,
    length: 1,
    name: 'algorithm',
    describe: (value) => ALGORITHMS[value]?.description ?? proprietary(value),
  },
  modeOfUse: {
    offset: 8,
    length: 1,
    name: 'mode of use',
    describe: (value) => MODES_OF_USE[value] ?? proprietary(value),
  },
  keyVersionNumber: { offset: 9, length: 2, name: 'key version number', describe: describeKeyVersionNumber },
  exportability: {
    offset: 11,
    length: 1,
    name: 'exportability',
    describe: (value) => EXPORTABILITIES[value] ?? proprietary(value),
  },
  keyContext: { offset: 14, length: 1, name: 'key context', describe: (value) => KEY_CONTEXTS[value] },
};

const FIELD_KEYS = Object.keys(FIELDS) as (keyof KeyBlockHeader)[];

/** Describes a key version number: X9.143 6.3.4 table 5. */
function describeKeyVersionNumber(value: string): string | undefined {
  if (!/^[0-9A-Za-z]{2}$/.test(value)) return undefined;
  if (value === '00') return 'Key versioning is not used for this key';
  return value.startsWith('c') ? `Component ${value.slice(1)} of a key` : `Version ${value} of the key`;
}

/** Returns true if the block holds a component of a key: X9.143 6.3.4 table 5. */
export function isComponent({ keyVersionNumber }: Pick<KeyBlockHeader, 'keyVersionNumber'>): boolean {
  return keyVersionNumber.startsWith('c');
}

/** Offset and name of each header field, in the order of the block. */
export const HEADER_FIELDS: Readonly<Record<keyof KeyBlockHeader, { offset: number; name: string }>> = FIELDS;

/** Describes each header field for display. @throws CryptoError KEY_BLOCK when X9.143 does not define a value */
export function describeHeader(header: KeyBlockHeader): Record<keyof KeyBlockHeader, string> {
  const words = {} as Record<keyof KeyBlockHeader, string>;
  for (const key of FIELD_KEYS) words[key] = describe(FIELDS[key], header[key]);
  return words;
}

/**
 * Parses the first 16 characters of a key block from left to right and reports the first mistake.
 *
 * @param blockChars characters of the whole block, which the key block length must state; without it, as in TR-34, the
 *                   length only has to be 4 digits
 * @returns the fields, and the number of optional blocks
 * @throws CryptoError KEY_BLOCK
 */
export function parseFixedHeader(
  text: string,
  blockChars?: number,
): { header: KeyBlockHeader; optionalBlockCount: number } {
  const take = (offset: number, length: number): string => {
    if (text.length < offset + length) throw malformed(text.length, `the header has ${HEADER_CHARS} characters`);
    return text.slice(offset, offset + length);
  };
  const field = (key: keyof KeyBlockHeader): string => {
    const { offset, length } = FIELDS[key];
    const value = take(offset, length);
    describe(FIELDS[key], value);
    return value;
  };

  const versionId = field('versionId') as KeyBlockVersion;
  checkLength(take(LENGTH_OFFSET, 4), blockChars);
  const [keyUsage, algorithm, modeOfUse] = [field('keyUsage'), field('algorithm'), field('modeOfUse')];
  const [keyVersionNumber, exportability] = [field('keyVersionNumber'), field('exportability')];
  const count = take(COUNT_OFFSET, 2);
  if (!/^\d\d$/.test(count))
    throw malformed(COUNT_OFFSET, `number of optional blocks ${quoted(count)} must be 2 digits`);
  const keyContext = field('keyContext');
  const reserved = take(RESERVED_OFFSET, 1);
  if (reserved !== '0') throw malformed(RESERVED_OFFSET, `the reserved character must be 0, not ${quoted(reserved)}`);
  return {
    header: { versionId, keyUsage, algorithm, modeOfUse, keyVersionNumber, exportability, keyContext },
    optionalBlockCount: Number(count),
  };
}

function checkLength(digits: string, blockChars?: number): void {
  if (!/^\d{4}$/.test(digits)) throw malformed(LENGTH_OFFSET, `key block length ${quoted(digits)} must be 4 digits`);
  if (blockChars !== undefined && Number(digits) !== blockChars)
    throw malformed(
      LENGTH_OFFSET,
      `key block length ${quoted(digits)} must be the number of characters that the block has, ${blockChars}`,
    );
}

function describe(field: Field, value: string): string {
  const words = value.length === field.length ? field.describe(value) : undefined;
  if (words === undefined)
    throw malformed(field.offset, `${field.name} has the value ${quoted(value)}, which X9.143 does not define`);
  return words;
}

/** Quotes characters of a key block's header for a message. The header isn't secret. */
export function quoted(characters: string): string {
  return `"${characters.replace(/[^\x20-\x7e]/g, '?')}"`;
}

/** Creates the error for a malformed key block. `offset` counts characters from 0. */
export function malformed(offset: number, what: string): CryptoError {
  return new CryptoError('KEY_BLOCK', `Malformed key block at offset ${offset}: ${what}`, offset);
}
