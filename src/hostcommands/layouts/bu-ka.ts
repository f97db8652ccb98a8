import { CHECK_VALUE_KINDS, type CheckValue, readKeyType, readKind, SEE_KEY_BLOCK } from './key-fields.js';
import type { KeyType, RequestLayout } from './layout.js';
import type { KeyField, RequestFields } from './request-fields.js';

/** A key with the pair that encrypts it, as BU and BW name them. */
export interface PairedKey {
  readonly pair: string;
  readonly flag: string;
  readonly field: KeyField;
  /** After `;` if the pair is FF. */
  readonly type: KeyType;
}

export interface Request extends PairedKey {
  readonly values: readonly CheckValue[];
}

/** Reads pair, length flag, key, and the key type that pair FF asks for. */
export function readPairedKey(fields: RequestFields): PairedKey {
  const pair = fields.hex('key type code', 2);
  const flag = fields.choice('key length flag', ['0', '1', '2', 'F'], '05');
  const field = fields.key('key', { isDouble: flag === '1' });
  const seesType = pair === 'FF' && flag !== 'F' ? (fields.expect(';'), true) : pair === 'FF' && fields.accept(';');
  return { pair, flag, field, type: seesType ? readKeyType(fields) : typeOfPair(pair) };
}

export function typeOfPair(pair: string): KeyType {
  return pair === 'FF' ? SEE_KEY_BLOCK : `0${pair}`;
}

export const BU: RequestLayout<Request> = {
  code: 'BU',
  title: 'Compute the check value of a key',

  parse(fields) {
    const key = readPairedKey(fields);
    if (!fields.accept(';')) return { ...key, values: CHECK_VALUE_KINDS['0'] };
    fields.choice('reserved', ['00']);
    return { ...key, values: readKind(fields) };
  },
};

export const KA: RequestLayout<Pick<Request, 'field' | 'pair' | 'values'>> = {
  code: 'KA',
  title: 'Compute the check value of a key (older form of BU)',

  parse(fields) {
    const field = fields.key('key');
    const pair = fields.hex('key type code', 2);
    if (!fields.accept(';')) return { field, pair, values: CHECK_VALUE_KINDS['0'] };
    fields.text('reserved', 2);
    return { field, pair, values: readKind(fields) };
  },
};
