import type { WorkingKeyVariant } from '../../crypto/as2805.js';
import type { KeyUsage } from '../keys/key-attributes.js';
import type { KeyRequirement } from '../keys/key-rules.js';

/** Returns the requirements for a stored KEK that wraps or unwraps keys by AS 2805.6.3. */
export function as2805Kek(mode: 'Wrap' | 'Unwrap'): KeyRequirement {
  return {
    usages: ['TR31_K0_KEY_ENCRYPTION_KEY'],
    algorithms: ['TDES_2KEY', 'TDES_3KEY'],
    modes: [mode],
  };
}

/** KeyUsage of the key wrapped under each variant of the KEK. */
export const AS2805_USAGES: Record<WorkingKeyVariant, KeyUsage> = {
  TERMINAL_MAJOR_KEY_VARIANT_00: 'TR31_K0_KEY_ENCRYPTION_KEY',
  PIN_ENCRYPTION_KEY_VARIANT_28: 'TR31_P0_PIN_ENCRYPTION_KEY',
  MESSAGE_AUTHENTICATION_KEY_VARIANT_24: 'TR31_M0_ISO_16609_MAC_KEY',
  DATA_ENCRYPTION_KEY_VARIANT_22: 'TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY',
};
