export type KeyBlockVersion = 'A' | 'B' | 'C' | 'D';

/** Key block versions: X9.143 6.2 table 1. Digits denote proprietary versions, which only their owner can unwrap. */
export const VERSIONS = {
  A: { description: 'Key Variant Binding Method (deprecated)', binding: 'variant', kbpkAlgorithm: 'TDES', macBytes: 4 },
  B: { description: 'TDEA Key Derivation Binding Method', binding: 'derivation', kbpkAlgorithm: 'TDES', macBytes: 8 },
  C: { description: 'TDEA Key Variant Binding Method', binding: 'variant', kbpkAlgorithm: 'TDES', macBytes: 4 },
  D: { description: 'AES Key Derivation Binding Method', binding: 'derivation', kbpkAlgorithm: 'AES', macBytes: 16 },
} as const;

/** Block length in bytes of the cipher that protects a version. Header and payload are padded to a multiple of it. */
export function cipherBlockBytes(versionId: KeyBlockVersion): 8 | 16 {
  return VERSIONS[versionId].kbpkAlgorithm === 'TDES' ? 8 : 16;
}

/** Modes of use of each class of key usage, in addition to N. */
const [CIPHER, MAC, DERIVE, SIGN] = ['BDE', 'CGV', 'X', 'SV'];

/**
 * Key usages and their allowed modes of use: X9.143 6.3.1 table 2, plus F0 to F6 of the 2022 edition, which describe
 * card keys as E0 to E6 describe issuer master keys. N ("no special restrictions") occurs in practice with every usage
 * and is always allowed. P1 is reserved for X9.132, which has not defined its modes yet, so it allows those of a cipher
 * key and of a MAC key.
 */
export const KEY_USAGES: Readonly<Record<string, { description: string; modesOfUse: string }>> = {
  B0: { description: 'BDK Base Derivation Key', modesOfUse: DERIVE },
  B1: { description: 'Initial DUKPT Key', modesOfUse: DERIVE },
  B2: { description: 'Base Key Variant Key', modesOfUse: DERIVE },
  B3: { description: 'Key Derivation Key (non ANSI X9.24)', modesOfUse: DERIVE },
  C0: { description: 'CVK Card Verification Key', modesOfUse: MAC },
  D0: { description: 'Symmetric Key for Data Encryption', modesOfUse: CIPHER },
  D1: { description: 'Asymmetric Key for Data Encryption', modesOfUse: CIPHER },
  D2: { description: 'Data Encryption Key for Decimalization Table', modesOfUse: CIPHER },
  D3: { description: 'Data Encryption Key for Sensitive Data', modesOfUse: CIPHER },
  E0: { description: 'EMV/chip Issuer Master Key: Application Cryptograms', modesOfUse: DERIVE },
  E1: { description: 'EMV/chip Issuer Master Key: Secure Messaging for Confidentiality', modesOfUse: DERIVE },
  E2: { description: 'EMV/chip Issuer Master Key: Secure Messaging for Integrity', modesOfUse: DERIVE },
  E3: { description: 'EMV/chip Issuer Master Key: Data Authentication Code', modesOfUse: DERIVE },
  E4: { description: 'EMV/chip Issuer Master Key: Dynamic Numbers', modesOfUse: DERIVE },
  E5: { description: 'EMV/chip Issuer Master Key: Card Personalization', modesOfUse: DERIVE },
  E6: { description: 'EMV/chip Issuer Master Key: Other', modesOfUse: DERIVE },
  E7: { description: 'EMV/chip Asymmetric Key Pair for PIN Encryption', modesOfUse: CIPHER },
  F0: { description: 'EMV/chip Card Key: Application Cryptograms', modesOfUse: DERIVE },
  F1: { description: 'EMV/chip Card Key: Secure Messaging for Confidentiality', modesOfUse: DERIVE },
  F2: { description: 'EMV/chip Card Key: Secure Messaging for Integrity', modesOfUse: DERIVE },
  F3: { description: 'EMV/chip Card Key: Data Authentication Code', modesOfUse: DERIVE },
  F4: { description: 'EMV/chip Card Key: Dynamic Numbers', modesOfUse: DERIVE },
  F5: { description: 'EMV/chip Card Key: Card Personalization', modesOfUse: DERIVE },
  F6: { description: 'EMV/chip Card Key: Other', modesOfUse: DERIVE },
  I0: { description: 'Initialization Vector (IV)', modesOfUse: '' },
  K0: { description: 'Key Encryption or Wrapping', modesOfUse: CIPHER },
  K1: { description: 'TR-31 Key Block Protection Key', modesOfUse: CIPHER },
  K2: { description: 'TR-34 Asymmetric Key', modesOfUse: CIPHER },
  K3: { description: 'Asymmetric Key for Key Agreement or Key Wrapping', modesOfUse: CIPHER + DERIVE },
  K4: { description: 'Key Block Protection Key, ISO 20038', modesOfUse: CIPHER },
  M0: { description: 'ISO 16609 MAC Algorithm 1 (using TDEA)', modesOfUse: MAC },
  M1: { description: 'ISO 9797-1 MAC Algorithm 1', modesOfUse: MAC },
  M2: { description: 'ISO 9797-1 MAC Algorithm 2', modesOfUse: MAC },
  M3: { description: 'ISO 9797-1 MAC Algorithm 3', modesOfUse: MAC },
  M4: { description: 'ISO 9797-1 MAC Algorithm 4', modesOfUse: MAC },
  M5: { description: 'ISO 9797-1:1999 MAC Algorithm 5', modesOfUse: MAC },
  M6: { description: 'ISO 9797-1:2011 MAC Algorithm 5 (CMAC)', modesOfUse: MAC },
  M7: { description: 'HMAC', modesOfUse: MAC },
  M8: { description: 'ISO 9797-1:2011 MAC Algorithm 6', modesOfUse: MAC },
  P0: { description: 'PIN Encryption', modesOfUse: CIPHER },
  P1: { description: 'PIN Generation Key (reserved for ANSI X9.132)', modesOfUse: CIPHER + MAC },
  S0: { description: 'Asymmetric Key Pair for Digital Signature', modesOfUse: SIGN },
  S1: { description: 'Asymmetric Key Pair, CA Key', modesOfUse: SIGN },
  S2: { description: 'Asymmetric Key Pair, non ANSI X9.24 Key', modesOfUse: SIGN + 'T' + CIPHER },
  V0: { description: 'PIN Verification, KPV, Other Algorithm', modesOfUse: MAC },
  V1: { description: 'PIN Verification, IBM 3624', modesOfUse: MAC },
  V2: { description: 'PIN Verification, VISA PVV', modesOfUse: MAC },
  V3: { description: 'PIN Verification, ANSI X9.132 Algorithm 1', modesOfUse: MAC },
  V4: { description: 'PIN Verification, ANSI X9.132 Algorithm 2', modesOfUse: MAC },
  V5: { description: 'PIN Verification, ANSI X9.132 Algorithm 3', modesOfUse: MAC },
};

/**
 * Algorithms of the wrapped key: X9.143 6.3.2 table 3. `keyBytes` lists the allowed key lengths; single-length DES keys
 * occur under both D and T. `maskedKeyBytes` is the longest of them, present where wrapping hides the key length by
 * default.
 */
export const ALGORITHMS: Readonly<
  Record<string, { description: string; keyBytes?: readonly number[]; maskedKeyBytes?: number }>
> = {
  A: { description: 'AES', keyBytes: [16, 24, 32] },
  D: { description: 'DEA', keyBytes: [8, 16, 24], maskedKeyBytes: 24 },
  E: { description: 'Elliptic Curve' },
  H: { description: 'HMAC' },
  R: { description: 'RSA' },
  S: { description: 'DSA' },
  T: { description: 'Triple DEA (TDEA)', keyBytes: [8, 16, 24], maskedKeyBytes: 24 },
};

/** True when a key of the algorithm can have this length. */
export function isKeyLength(algorithm: string, bytes: number): boolean {
  return ALGORITHMS[algorithm]?.keyBytes?.includes(bytes) ?? bytes > 0;
}

/** Modes of use: X9.143 6.3.3 table 4. */
export const MODES_OF_USE: Readonly<Record<string, string>> = {
  B: 'Both Encrypt & Decrypt / Wrap & Unwrap',
  C: 'Both Generate & Verify',
  D: 'Decrypt / Unwrap Only',
  E: 'Encrypt / Wrap Only',
  G: 'Generate Only',
  N: 'No special restrictions (other than restrictions implied by the Key Usage)',
  S: 'Signature Only',
  T: 'Both Sign & Decrypt',
  V: 'Verify Only',
  X: 'Key used to derive other key(s)',
  Y: 'Key used to create key variants',
};

/** Exportability: X9.143 6.3.5 table 6. */
export const EXPORTABILITIES: Readonly<Record<string, string>> = {
  E: 'Exportable under a KEK in a form meeting the requirements of ANSI X9.24 Parts 1 or 2',
  N: 'Non-exportable by the receiver of the key block, or from storage',
  S: 'Sensitive, exportable under a KEK in a form not necessarily meeting the requirements of ANSI X9.24 Parts 1 or 2',
};

/** Key context: X9.143 6.2 table 1. */
export const KEY_CONTEXTS: Readonly<Record<string, string>> = {
  '0': 'Determined by the wrapping key',
  '1': 'Storage context only',
  '2': 'Key exchange context only',
};
