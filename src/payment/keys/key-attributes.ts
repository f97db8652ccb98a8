/** The terms that describe a key, spelled as in the service model. */

export const KEY_CLASSES = ['SYMMETRIC_KEY', 'ASYMMETRIC_KEY_PAIR', 'PRIVATE_KEY', 'PUBLIC_KEY'] as const;
export type KeyClass = (typeof KEY_CLASSES)[number];

/** The 19 usages that a key derived by key agreement may have. */
export const DERIVE_KEY_USAGES = [
  'TR31_B0_BASE_DERIVATION_KEY',
  'TR31_C0_CARD_VERIFICATION_KEY',
  'TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY',
  'TR31_E0_EMV_MKEY_APP_CRYPTOGRAMS',
  'TR31_E1_EMV_MKEY_CONFIDENTIALITY',
  'TR31_E2_EMV_MKEY_INTEGRITY',
  'TR31_E4_EMV_MKEY_DYNAMIC_NUMBERS',
  'TR31_E5_EMV_MKEY_CARD_PERSONALIZATION',
  'TR31_E6_EMV_MKEY_OTHER',
  'TR31_K0_KEY_ENCRYPTION_KEY',
  'TR31_K1_KEY_BLOCK_PROTECTION_KEY',
  'TR31_M3_ISO_9797_3_MAC_KEY',
  'TR31_M1_ISO_9797_1_MAC_KEY',
  'TR31_M6_ISO_9797_5_CMAC_KEY',
  'TR31_M7_HMAC_KEY',
  'TR31_P0_PIN_ENCRYPTION_KEY',
  'TR31_P1_PIN_GENERATION_KEY',
  'TR31_V1_IBM3624_PIN_VERIFICATION_KEY',
  'TR31_V2_VISA_PIN_VERIFICATION_KEY',
] as const;
export type DeriveKeyUsage = (typeof DERIVE_KEY_USAGES)[number];

export const KEY_USAGES = [
  ...DERIVE_KEY_USAGES,
  'TR31_D1_ASYMMETRIC_KEY_FOR_DATA_ENCRYPTION',
  'TR31_K2_TR34_ASYMMETRIC_KEY',
  'TR31_K3_ASYMMETRIC_KEY_FOR_KEY_AGREEMENT',
  'TR31_M0_ISO_16609_MAC_KEY',
  'TR31_S0_ASYMMETRIC_KEY_FOR_DIGITAL_SIGNATURE',
] as const;
export type KeyUsage = (typeof KEY_USAGES)[number];

export const SYMMETRIC_KEY_ALGORITHMS = [
  'TDES_2KEY',
  'TDES_3KEY',
  'AES_128',
  'AES_192',
  'AES_256',
  'HMAC_SHA256',
  'HMAC_SHA384',
  'HMAC_SHA512',
  'HMAC_SHA224',
] as const;
export type SymmetricKeyAlgorithm = (typeof SYMMETRIC_KEY_ALGORITHMS)[number];

/** Key lengths of the block cipher algorithms, in bytes. */
export const BLOCK_CIPHER_BYTES = { TDES_2KEY: 16, TDES_3KEY: 24, AES_128: 16, AES_192: 24, AES_256: 32 } as const;
export type BlockCipherAlgorithm = keyof typeof BLOCK_CIPHER_BYTES;

/** True for TDES; every other block cipher algorithm is AES. */
export function isTdes(algorithm: KeyAlgorithm): boolean {
  return algorithm === 'TDES_2KEY' || algorithm === 'TDES_3KEY';
}

export const RSA_KEY_ALGORITHMS = ['RSA_2048', 'RSA_3072', 'RSA_4096'] as const;
export type RsaKeyAlgorithm = (typeof RSA_KEY_ALGORITHMS)[number];

export const ECC_KEY_ALGORITHMS = ['ECC_NIST_P256', 'ECC_NIST_P384', 'ECC_NIST_P521'] as const;
export type EccKeyAlgorithm = (typeof ECC_KEY_ALGORITHMS)[number];

export const KEY_ALGORITHMS = [...SYMMETRIC_KEY_ALGORITHMS, ...RSA_KEY_ALGORITHMS, ...ECC_KEY_ALGORITHMS] as const;
export type KeyAlgorithm = (typeof KEY_ALGORITHMS)[number];

/** In the order in which responses list them. */
export const KEY_MODES = [
  'Encrypt',
  'Decrypt',
  'Wrap',
  'Unwrap',
  'Generate',
  'Sign',
  'Verify',
  'DeriveKey',
  'NoRestrictions',
] as const;
export type KeyMode = (typeof KEY_MODES)[number];
export type KeyModesOfUse = Record<KeyMode, boolean>;

export const KEY_CHECK_VALUE_ALGORITHMS = ['CMAC', 'ANSI_X9_24', 'HMAC', 'SHA_1'] as const;
export type KeyCheckValueAlgorithm = (typeof KEY_CHECK_VALUE_ALGORITHMS)[number];

export const KEY_STATES = ['CREATE_IN_PROGRESS', 'CREATE_COMPLETE', 'DELETE_PENDING', 'DELETE_COMPLETE'] as const;
export type KeyState = (typeof KEY_STATES)[number];

export const KEY_ORIGINS = ['EXTERNAL', 'AWS_PAYMENT_CRYPTOGRAPHY'] as const;
export type KeyOrigin = (typeof KEY_ORIGINS)[number];

/** The attributes of a key, which never change. */
export interface KeyAttributes {
  KeyUsage: KeyUsage;
  KeyClass: KeyClass;
  KeyAlgorithm: KeyAlgorithm;
  KeyModesOfUse: KeyModesOfUse;
}
