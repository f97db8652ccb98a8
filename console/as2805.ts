import type { WorkingKeyVariant } from '../src/crypto/as2805.js';
import { AS2805_USAGES, as2805Kek } from '../src/payment/exchange/as2805.js';
import type { KeyAttributes } from '../src/payment/keys/key-attributes.js';

/** Variants of a key-encryption key, and the kinds of keys under them. */
export const VARIANTS: readonly (readonly [WorkingKeyVariant, string])[] = [
  ['PIN_ENCRYPTION_KEY_VARIANT_28', '28: PIN encryption key'],
  ['MESSAGE_AUTHENTICATION_KEY_VARIANT_24', '24: MAC key'],
  ['DATA_ENCRYPTION_KEY_VARIANT_22', '22: data encryption key'],
  ['TERMINAL_MAJOR_KEY_VARIANT_00', '00: terminal master key'],
];

type Attributes = Pick<KeyAttributes, 'KeyUsage' | 'KeyAlgorithm' | 'KeyModesOfUse'>;

/** True for a key under whose variants keys are wrapped, or unwrapped. */
export function isAs2805Kek({ KeyUsage, KeyAlgorithm, KeyModesOfUse }: Attributes, mode: 'Wrap' | 'Unwrap'): boolean {
  const { usages, algorithms } = as2805Kek(mode);
  return (
    usages.includes(KeyUsage) &&
    algorithms.includes(KeyAlgorithm) &&
    (KeyModesOfUse[mode] || KeyModesOfUse.NoRestrictions)
  );
}

/** Returns the variant under which a key with these attributes is wrapped; undefined if it has none. */
export function variantOf({ KeyUsage, KeyAlgorithm }: Attributes): WorkingKeyVariant | undefined {
  if (!as2805Kek('Wrap').algorithms.includes(KeyAlgorithm)) return undefined;
  return VARIANTS.find(([variant]) => AS2805_USAGES[variant] === KeyUsage)?.[0];
}
