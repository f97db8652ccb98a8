import { HostError } from '../host-error.js';
import {
  CHECK_VALUE_KINDS,
  type CheckValue,
  type CheckValueKinds,
  readKind,
  readScheme,
  SHORT_CHECK_VALUE,
} from './key-fields.js';
import type { KeyType } from './layout.js';
import type { KeyField, RequestFields } from './request-fields.js';

/** The kind of key that an older command handles. */
export interface OlderKey {
  /** Reads the flag that decides the type, where there is one. */
  readonly readType: (fields: RequestFields) => KeyType;
  /** Length without a letter: 16 digits, 32 digits, or as many as the ZMK has. */
  readonly plain: 'single' | 'double' | 'zmk';
  readonly kinds: CheckValueKinds;
}

const single = (type: KeyType): OlderKey => ({
  readType: () => type,
  plain: 'single',
  kinds: CHECK_VALUE_KINDS,
});
const pair = (type: KeyType, kinds: CheckValueKinds): OlderKey => ({ readType: () => type, plain: 'double', kinds });

const HALVES: readonly CheckValue[] = [
  { digits: 6, half: 'left' },
  { digits: 6, half: 'right' },
];

export const ZPK = single('001');
export const TMK_TPK_PVK = single('002');
export const TAK = single('003');
export const ZMK_KEY: OlderKey = { ...single('000'), plain: 'zmk' };
export const ZEK_OR_ZAK: OlderKey = {
  ...single('00A'),
  readType: (fields) => (fields.choice('flag', ['0', '1']) === '0' ? '00A' : '008'),
};
export const CVK_PAIR = pair('402', { '0': HALVES, '1': SHORT_CHECK_VALUE });
/** Kind 0, 16 digits of each half, is refused: it would let anybody search for the halves one after the other. */
export const PVK_PAIR = pair('002', { '1': SHORT_CHECK_VALUE, '2': HALVES });
export const BDK = pair('009', CHECK_VALUE_KINDS);

/** Returns a kind of key for commands that reply without its check value. */
export const withoutCheckValue = (key: OlderKey): OlderKey => ({ ...key, kinds: { '0': [] } });

/** The key under which another key is imported or exported. */
export interface Transport {
  readonly name: 'ZMK' | 'TMK';
  readonly type: KeyType;
}

export const ZMK: Transport = { name: 'ZMK', type: '000' };
export const TMK: Transport = { name: 'TMK', type: '002' };

/** The fields at the end of older commands. */
export interface Tail {
  /** Letters of the schemes; undefined if the command ends before them. */
  readonly schemes?: { readonly transport: string; readonly lmk: string };
  readonly values: readonly CheckValue[];
}

/**
 * Reads the tail: after `;` the schemes under the ZMK or TMK and under the LMK, of which the reply may need one only, and the
 * kind of the check value.
 */
export function readTail(fields: RequestFields, { kinds }: OlderKey, under: Transport['name'] = 'ZMK'): Tail {
  if (!fields.accept(';')) {
    if (!kinds['0']) throw new HostError('15', 'check value kind: the command must end with ";", schemes and a kind');
    return { values: kinds['0'] };
  }
  const transport = readScheme(fields, `key scheme (${under})`);
  const lmk = readScheme(fields, 'key scheme (LMK)');
  return { schemes: { transport, lmk }, values: readKind(fields, kinds) };
}

/**
 * Reads fields with ZMKs. Where they have no letter, they are of 16 digits, or all of 32: the length of the request
 * tells which. A request of neither length is refused as one with 16 digits.
 */
export function readWithZmk<T>(fields: RequestFields, read: (isDouble: boolean) => T): T {
  return fields.firstComplete(
    () => read(false),
    () => read(true),
  );
}

/** Returns the scheme of the reply: the one that the command names, or that of the key that it sends. */
export function schemeOf({ plain }: OlderKey, named: string | undefined, sent?: KeyField): string {
  const scheme = named ?? sent?.scheme ?? '0';
  const hasNoLetter = scheme === '0' || scheme === 'Z';
  return hasNoLetter && plain !== 'single' ? 'plain' : scheme;
}
