import type { KeyUsage } from '../../src/payment/keys/key-attributes.js';
import { apiOf, type KeyOptions, useKnownKeys, useService } from './api.js';

/** Keys and input that the specs of card and EMV operations share. */

export const B0 = 'TR31_B0_BASE_DERIVATION_KEY';
export const C0 = 'TR31_C0_CARD_VERIFICATION_KEY';
export const E0 = 'TR31_E0_EMV_MKEY_APP_CRYPTOGRAMS';
export const E1 = 'TR31_E1_EMV_MKEY_CONFIDENTIALITY';
export const E2 = 'TR31_E2_EMV_MKEY_INTEGRITY';
export const E4 = 'TR31_E4_EMV_MKEY_DYNAMIC_NUMBERS';
export const E6 = 'TR31_E6_EMV_MKEY_OTHER';
export const M3 = 'TR31_M3_ISO_9797_3_MAC_KEY';
export const P0 = 'TR31_P0_PIN_ENCRYPTION_KEY';

/** The clear key that most tests use, TDES_2KEY. */
export const CLEAR = '0123456789ABCDEFFEDCBA9876543210';

/** A PAN of each length from 12 to 19 digits. */
export const PANS = Array.from({ length: 8 }, (_, i) => '4916271834950283647'.slice(0, 12 + i));
/** The PAN with 16 digits. */
export const PAN = '4916271834950283';

export type Json = Record<string, unknown>;

export interface KnownKey {
  KeyArn: string;
  KeyCheckValue: string;
}

/** Returns the members of a response that name the key. */
export const named = ({ KeyArn, KeyCheckValue }: KnownKey) => ({ KeyArn, KeyCheckValue });

/** Starts a service, and returns the calls that the specs of card and EMV operations share. */
export function useCards() {
  const service = useService();
  const keys = useKnownKeys(service);
  return {
    service,
    /** Imports a key with a known value on the first call for it. */
    keyOf: (clear: string, usage: KeyUsage, cipher?: KeyOptions['cipher']) => keys.keyOf(usage, clear, { cipher }),
    ...apiOf(service),
  };
}
