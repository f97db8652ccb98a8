import { ValidationException } from '../../errors/exceptions.js';
import { modesOf, usageOf } from '../../payment/keys/key-block-attributes.js';
import { checkCombination } from '../../payment/keys/key-rules.js';
import { HostError, type HostErrorCode } from '../host-error.js';
import {
  type BlockAlgorithm,
  blockAlgorithm,
  checkHeader,
  type HostKeyAttributes,
  takesSingleLength,
  usageCodeOf,
} from './block-header.js';
import type { RequestFields } from './request-fields.js';

/** Algorithm and length in bytes, by their code after `#`. */
const ALGORITHMS = {
  D1: { isAes: false, bytes: 8, algorithm: 'TDES_2KEY' },
  T2: { isAes: false, bytes: 16, algorithm: 'TDES_2KEY' },
  T3: { isAes: false, bytes: 24, algorithm: 'TDES_3KEY' },
  A1: { isAes: true, bytes: 16, algorithm: 'AES_128' },
  A2: { isAes: true, bytes: 24, algorithm: 'AES_192' },
  A3: { isAes: true, bytes: 32, algorithm: 'AES_256' },
} as const;

/** The header that a command requests for a key block: the fields after `#`. */
export interface WantedHeader extends HostKeyAttributes {
  readonly isAes: boolean;
  /** Length of the key. */
  readonly bytes: number;
}

/** The fields of key commands that follow the LMK identifier. */
export interface KeyOptions {
  readonly header?: WantedHeader;
  /** After `&`: E, N or S. */
  readonly exportability?: string;
  /** After `!`: version of the key block. */
  readonly version?: string;
}

/** Reads the LMK identifier and the fields after it, each at most once and in any order. */
export function readKeyOptions(fields: RequestFields): KeyOptions {
  fields.lmk();
  let options: KeyOptions = {};
  for (;;) {
    if (options.header === undefined && fields.accept('#')) options = { ...options, header: readHeader(fields) };
    else if (options.exportability === undefined && fields.accept('&'))
      options = { ...options, exportability: fields.choice('exportability', ['E', 'N', 'S'], 'AA') };
    else if (options.version === undefined && fields.accept('!'))
      options = { ...options, version: fields.text('block version', 1) };
    else return options;
  }
}

function readHeader(fields: RequestFields): WantedHeader {
  const usage = usageCodeOf(fields.text('key usage', 2));
  const { isAes, bytes, algorithm } = ALGORITHMS[fields.choice('algorithm', keysOf(ALGORITHMS), 'A7')];
  const modeOfUse = fields.text('mode of use', 1);
  const keyVersionNumber = fields.text('key version', 2);
  const exportability = fields.text('exportability', 1);
  if (fields.digits('number of optional blocks', 2) !== '00')
    throw new HostError('AB', 'number of optional blocks: optional blocks are not supported');
  const header = { usage, isAes, bytes, modeOfUse, keyVersionNumber, exportability };
  const refuse = (code: HostErrorCode, what: string) => new HostError(code, `The fields after "#" ask for ${what}`);
  checkHeader({ ...header, algorithm: letterOf(header), lmk: '00' }, refuse);
  checkRules(header, algorithm, refuse);
  return header;
}

/** Checks that the service supports keys with these attributes, by the rules of CreateKey. */
function checkRules(
  { usage, modeOfUse, bytes }: WantedHeader,
  algorithm: (typeof ALGORITHMS)[keyof typeof ALGORITHMS]['algorithm'],
  refuse: (code: HostErrorCode, what: string) => HostError,
): void {
  const run = <T>(check: () => T, code: HostErrorCode): T => {
    try {
      return check();
    } catch (error) {
      throw error instanceof ValidationException
        ? refuse(code, `attributes that no key can have: ${error.message}`)
        : error;
    }
  };
  const KeyUsage = run(() => usageOf({ keyUsage: usage }), 'A6');
  const KeyModesOfUse = run(() => modesOf({ modeOfUse }), 'A8');
  if (bytes === 8 && !takesSingleLength([KeyUsage]))
    throw refuse('A7', `a key of ${bytes} bytes, which its usage doesn't have`);
  run(() => checkCombination({ KeyUsage, KeyClass: 'SYMMETRIC_KEY', KeyAlgorithm: algorithm, KeyModesOfUse }), 'A8');
}

/** Returns the letter of a header's algorithm. */
export function letterOf({ isAes, bytes }: Pick<WantedHeader, 'isAes' | 'bytes'>): BlockAlgorithm {
  return blockAlgorithm(isAes, bytes);
}

function keysOf<T extends object>(table: T): (keyof T)[] {
  return Object.keys(table) as (keyof T)[];
}
