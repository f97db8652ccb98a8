import { whenReady } from '../../when-ready.js';
import type { HostCall, HostCommand, HostKey, KeyType, Reply } from '../command.js';
import { HostError } from '../host-error.js';
import { lendKey } from '../key-transport.js';
import { ANY_KEY, checkTypeOf, SEE_KEY_BLOCK } from '../key-types.js';
import { isKeyType } from '../lmk/variant-lmk.js';
import type { KeyField, RequestFields } from '../request-fields.js';
import { type CheckValueDigits, checkValueField, isAesKey, readKeyType, readKind } from './key-replies.js';

/** Lengths of keys by the flag of BU and BW; F is a key block. */
const BYTES_OF_FLAG: Readonly<Record<string, number>> = { '0': 8, '1': 16, '2': 24 };

/** A key with its LMK pair, as in BU and BW. */
export interface PairedKey {
  readonly pair: string;
  readonly flag: string;
  readonly field: KeyField;
  /** After `;` if the pair is FF. */
  readonly type: KeyType;
}

interface Request extends PairedKey {
  readonly digits: CheckValueDigits;
}

/** Reads pair, length flag, key, and the key type for pair FF. */
export function readPairedKey(fields: RequestFields): PairedKey {
  const pair = fields.hex('key type code', 2);
  const flag = fields.choice('key length flag', ['0', '1', '2', 'F'], '05');
  const field = fields.key('key', { isDouble: flag === '1' });
  const seesType = pair === 'FF' && flag !== 'F' ? (fields.expect(';'), true) : pair === 'FF' && fields.accept(';');
  return { pair, flag, field, type: seesType ? readKeyType(fields) : typeOfPair(pair) };
}

/** Finds a key whose pair and length flag the command names. @throws HostError 04, 05 */
export function findPairedKey(host: HostCall, { flag, field, type }: PairedKey): HostKey | Promise<HostKey> {
  if (type !== SEE_KEY_BLOCK && !isKeyType(type))
    throw new HostError('04', `Key type code: there is no key type ${type}`);
  if ((flag === 'F') !== (field.scheme === 'S')) throw new HostError('05', 'Key length flag: F is for key blocks');
  return whenReady(host.key(field, { type, rule: ANY_KEY }), (key) => {
    if (flag !== 'F' && BYTES_OF_FLAG[flag] !== key.bytes)
      throw new HostError('05', `Key length flag: the key has ${key.bytes} bytes`);
    checkTypeOf(type, key);
    return key;
  });
}

function typeOfPair(pair: string): KeyType {
  return pair === 'FF' ? SEE_KEY_BLOCK : `0${pair}`;
}

/** BU. */
export const BU: HostCommand<Request> = {
  code: 'BU',
  title: 'Compute the check value of a key',
  operation: 'GetKey',
  isDefault: true,

  parse(fields) {
    const key = readPairedKey(fields);
    if (!fields.accept(';')) return { ...key, digits: 16 };
    fields.choice('reserved', ['00']);
    return { ...key, digits: readKind(fields) };
  },

  execute: ({ digits, ...key }, host) => whenReady(findPairedKey(host, key), (found) => replyWith(found, digits)),
};

/** KA. */
export const KA: HostCommand<Pick<Request, 'field' | 'pair' | 'digits'>> = {
  code: 'KA',
  title: 'Compute the check value of a key (older form of BU)',
  operation: 'GetKey',
  isDefault: true,

  parse(fields) {
    const field = fields.key('key');
    const pair = fields.hex('key type code', 2);
    if (!fields.accept(';')) return { field, pair, digits: 16 };
    fields.text('reserved', 2);
    return { field, pair, digits: readKind(fields) };
  },

  execute({ field, pair, digits }, host) {
    const type = typeOfPair(pair);
    if (!isKeyType(type)) throw new HostError('21', `Key type code: there is no pair ${pair}`);
    return whenReady(host.key(field, { type, rule: ANY_KEY }), (key) => replyWith(key, digits));
  },
};

function replyWith(key: HostKey, digits: CheckValueDigits): Reply {
  return lendKey(key, (clear) => ({ fields: [checkValueField(clear, isAesKey(key), digits)] }));
}
