import { toHex } from '../../crypto/bytes.js';
import { tdes } from '../../crypto/des.js';
import { HeldKey } from '../../crypto/held-key.js';
import { kcvEcb } from '../../crypto/kcv.js';
import { scopeOf } from '../../call.js';
import type { KeyAlgorithm, KeyUsage } from '../../payment/keys/key-attributes.js';
import type { HostCall, HostKey, HostKeys, KeyNeeds } from '../command.js';
import { authorizeLmk } from './authorize-lmk.js';
import { HostError } from '../host-error.js';
import type { KeyField } from '../request-fields.js';
import type { VariantScheme } from './key-scheme.js';
import { lmkArn, type Lmks, type VariantLmkEntry } from './lmks.js';
import { OpenedKeys } from './opened-keys.js';
import { hasOddParity, isKeyType } from './variant-lmk.js';

/**
 * Usages whose keys may be of single length. The algorithms of the others, such as CVV and DUKPT, need two halves.
 */
const SINGLE_LENGTH_USAGES: readonly KeyUsage[] = [
  'TR31_P0_PIN_ENCRYPTION_KEY',
  'TR31_V1_IBM3624_PIN_VERIFICATION_KEY',
  'TR31_K0_KEY_ENCRYPTION_KEY',
  'TR31_M1_ISO_9797_1_MAC_KEY',
  'TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY',
];

interface OpenedKey {
  readonly kcv: string;
  readonly algorithm: KeyAlgorithm;
  readonly bytes: number;
  readonly held: HeldKey;
}

/** Opens keys under variant LMKs. */
export class VariantKeys implements HostKeys {
  readonly #opened = new OpenedKeys<OpenedKey>();

  constructor(private readonly lmks: Lmks) {}

  /** @throws HostError 13 if the command's LMK isn't a variant LMK, otherwise as HostKeys says */
  find(host: HostCall, field: KeyField, needs: KeyNeeds): HostKey {
    const entry = this.lmks.get(host.lmk);
    if (entry?.scheme !== 'variant') throw new HostError('13', `LMK identifier: ${host.lmk} is no variant LMK`);
    const arn = lmkArn(scopeOf(host.call), entry.id);
    host.call.record.uses(arn);
    authorizeLmk(host.call, arn);
    const { held, ...key } = this.#open(entry, field, needs);
    checkLength(field, needs, key);
    return { arn, ...key, use: (compute) => compute(held) };
  }

  #open(entry: VariantLmkEntry, field: KeyField, { type, code = '10' }: KeyNeeds): OpenedKey {
    if (!isVariantScheme(field.scheme)) throw new HostError('26', `${field.name} isn't a key under a variant LMK`);
    if (!isKeyType(type)) throw new HostError('28', `Key type ${type} of ${field.name} doesn't exist`);
    const scheme = field.scheme;
    return this.#opened.get(`${entry.id} ${type} ${scheme}${field.value}`, () => {
      const clear = entry.lmk.open(type, scheme, Buffer.from(field.value, 'hex'));
      try {
        if (!hasOddParity(clear))
          throw new HostError(
            code,
            `${field.name} doesn't have odd parity: it isn't a key of type ${type} under this LMK`,
          );
        return opened(clear);
      } finally {
        clear.fill(0);
      }
    });
  }
}

/** Returns true for the schemes of keys that variant LMKs encrypt. */
export function isVariantScheme(scheme: KeyField['scheme']): scheme is VariantScheme {
  return scheme !== 'S' && scheme !== 'R' && scheme !== '@';
}

function opened(clear: Buffer): OpenedKey {
  const whole = clear.length === 8 ? Buffer.concat([clear, clear]) : Buffer.from(clear);
  try {
    const held = new HeldKey(whole);
    return {
      kcv: toHex(kcvEcb(tdes(held))),
      algorithm: whole.length === 24 ? 'TDES_3KEY' : 'TDES_2KEY',
      bytes: clear.length,
      held,
    };
  } finally {
    whole.fill(0);
  }
}

function checkLength({ name }: KeyField, { rule }: KeyNeeds, { algorithm, bytes }: Omit<OpenedKey, 'held'>): void {
  const isSingleAllowed = rule.usages.some((usage) => SINGLE_LENGTH_USAGES.includes(usage));
  if (!rule.algorithms.includes(algorithm) || (bytes === 8 && !isSingleAllowed))
    throw new HostError('27', `${name} is a key of ${bytes} bytes, which this command doesn't take`);
}
