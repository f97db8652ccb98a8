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

/** Offset and name of each header field, in the order of the block. */
export const HEADER_FIELDS: Readonly<Record<keyof KeyBlockHeader, { offset: number; name: string }>> = FIELDS;

/** Describes each header field for display. @throws CryptoError KEY_BLOCK when X9.143 does not define a value */
export function describeHeader(header: KeyBlockHeader): Record<keyof KeyBlockHeader, string> {
  const words = {} as Record<keyof KeyBlockHeader, string>;
  for (const key of FIELD_KEYS) words[key] = describe(FIELDS[key], header[key]);
  return words;
}

/** Parses and checks the first 16 characters of a key block. @throws CryptoError KEY_BLOCK */
export function parseFixedHeader(text: string): KeyBlockHeader {
  if (text.length < HEADER_CHARS) throw malformed(text.length, `the header has ${HEADER_CHARS} characters`);
  const header = {} as Record<keyof KeyBlockHeader, string>;
  for (const key of FIELD_KEYS) {
    const field = FIELDS[key];
    header[key] = text.slice(field.offset, field.offset + field.length);
    describe(field, header[key]);
  }
  if (text[RESERVED_OFFSET] !== '0') throw malformed(RESERVED_OFFSET, 'the reserved character must be 0');
  return header as KeyBlockHeader;
}

function describe(field: Field, value: string): string {
  const words = value.length === field.length ? field.describe(value) : undefined;
  if (words === undefined) throw malformed(field.offset, `${field.name} has a value that X9.143 does not define`);
  return words;
}

/** Creates the error for a malformed key block. `offset` counts characters from 0. */
export function malformed(offset: number, what: string): CryptoError {
  return new CryptoError('KEY_BLOCK', `Malformed key block at offset ${offset}: ${what}`, offset);
}
