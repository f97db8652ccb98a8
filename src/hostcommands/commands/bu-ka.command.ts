import { whenReady } from '../../when-ready.js';
import type { HostCall, HostCommand, HostKey, Reply } from '../command.js';
import { HostError } from '../host-error.js';
import { lendKey } from '../key-transport.js';
import { ANY_KEY, checkTypeOf } from '../key-types.js';
import * as layouts from '../layouts/bu-ka.js';
import { type PairedKey, type Request, typeOfPair } from '../layouts/bu-ka.js';
import { type CheckValue, SEE_KEY_BLOCK } from '../layouts/key-fields.js';
import { isKeyType } from '../lmk/variant-lmk.js';
import { checkValueFields, isAesKey } from './key-replies.js';

/** Lengths of keys by the flag of BU and BW; F is a key block. */
const BYTES_OF_FLAG: Readonly<Record<string, number>> = { '0': 8, '1': 16, '2': 24 };

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

/** BU. */
export const BU: HostCommand<Request> = {
  ...layouts.BU,
  operation: 'GetKey',
  isDefault: true,
  execute: ({ values, ...key }, host) => whenReady(findPairedKey(host, key), (found) => replyWith(found, values)),
};

/** KA. */
export const KA: HostCommand<Pick<Request, 'field' | 'pair' | 'values'>> = {
  ...layouts.KA,
  operation: 'GetKey',
  isDefault: true,

  execute({ field, pair, values }, host) {
    const type = typeOfPair(pair);
    if (!isKeyType(type)) throw new HostError('21', `Key type code: there is no pair ${pair}`);
    return whenReady(host.key(field, { type, rule: ANY_KEY }), (key) => replyWith(key, values));
  },
};

function replyWith(key: HostKey, values: readonly CheckValue[]): Reply {
  return lendKey(key, (clear) => ({ fields: checkValueFields(clear, isAesKey(key), values) }));
}
