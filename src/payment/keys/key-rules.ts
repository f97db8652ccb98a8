import { ValidationException } from '../../errors/exceptions.js';
import {
  ECC_KEY_ALGORITHMS,
  isTdes,
  KEY_MODES,
  RSA_KEY_ALGORITHMS,
  type KeyAlgorithm,
  type KeyAttributes,
  type KeyCheckValueAlgorithm,
  type KeyClass,
  type KeyMode,
  type KeyModesOfUse,
  type KeyUsage,
  type RsaKeyAlgorithm,
} from './key-attributes.js';

/**
 * Returns the modes that are true, in the order of KEY_MODES. The database and the associated data of keys use this
 * form.
 */
export function modeNames(modes: KeyModesOfUse): KeyMode[] {
  return KEY_MODES.filter((mode) => modes[mode]);
}

/** Returns all nine modes as true or false, as in responses. */
export function modesOfUse(names: readonly KeyMode[]): KeyModesOfUse {
  return Object.fromEntries(KEY_MODES.map((mode) => [mode, names.includes(mode)])) as KeyModesOfUse;
}

type ModeSets = readonly (readonly KeyMode[])[];

const NONE: ModeSets = [['NoRestrictions']];
const KEY_PAIR_CIPHER: ModeSets = [
  ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap'],
  ['Encrypt', 'Wrap'],
  ['Decrypt', 'Unwrap'],
];
const CIPHER: ModeSets = [...KEY_PAIR_CIPHER, ...NONE];
const ISO_16609: ModeSets = [['Generate'], ['Verify'], ['Generate', 'Verify']];
const MACLIKE: ModeSets = [...ISO_16609, ...NONE];
const DERIVE: ModeSets = [['DeriveKey'], ...NONE];

const TDES = ['TDES_2KEY', 'TDES_3KEY'] as const;
const AES = ['AES_128', 'AES_192', 'AES_256'] as const;
const BLOCK_CIPHERS = [...TDES, ...AES] as const;
const HMAC = ['HMAC_SHA224', 'HMAC_SHA256', 'HMAC_SHA384', 'HMAC_SHA512'] as const;

export interface Combination {
  usage: KeyUsage;
  class: KeyClass;
  algorithms: readonly KeyAlgorithm[];
  modes: ModeSets;
}

const symmetric = (usage: KeyUsage, algorithms: readonly KeyAlgorithm[], modes: ModeSets): Combination => ({
  usage,
  class: 'SYMMETRIC_KEY',
  algorithms,
  modes,
});

/** The valid combinations of attributes. Each operation has its own rules for the keys that it accepts. */
export const COMBINATIONS: readonly Combination[] = [
  symmetric('TR31_B0_BASE_DERIVATION_KEY', BLOCK_CIPHERS, DERIVE),
  symmetric('TR31_C0_CARD_VERIFICATION_KEY', BLOCK_CIPHERS, MACLIKE),
  symmetric('TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY', BLOCK_CIPHERS, CIPHER),
  symmetric('TR31_E0_EMV_MKEY_APP_CRYPTOGRAMS', BLOCK_CIPHERS, DERIVE),
  symmetric('TR31_E1_EMV_MKEY_CONFIDENTIALITY', BLOCK_CIPHERS, DERIVE),
  symmetric('TR31_E2_EMV_MKEY_INTEGRITY', BLOCK_CIPHERS, DERIVE),
  symmetric('TR31_E4_EMV_MKEY_DYNAMIC_NUMBERS', BLOCK_CIPHERS, DERIVE),
  symmetric('TR31_E5_EMV_MKEY_CARD_PERSONALIZATION', BLOCK_CIPHERS, DERIVE),
  symmetric('TR31_E6_EMV_MKEY_OTHER', BLOCK_CIPHERS, DERIVE),
  symmetric('TR31_K0_KEY_ENCRYPTION_KEY', BLOCK_CIPHERS, CIPHER),
  symmetric('TR31_K1_KEY_BLOCK_PROTECTION_KEY', BLOCK_CIPHERS, CIPHER),
  symmetric('TR31_M0_ISO_16609_MAC_KEY', TDES, ISO_16609),
  symmetric('TR31_M1_ISO_9797_1_MAC_KEY', TDES, MACLIKE),
  symmetric('TR31_M3_ISO_9797_3_MAC_KEY', TDES, MACLIKE),
  symmetric('TR31_M6_ISO_9797_5_CMAC_KEY', BLOCK_CIPHERS, MACLIKE),
  symmetric('TR31_M7_HMAC_KEY', HMAC, MACLIKE),
  symmetric('TR31_P0_PIN_ENCRYPTION_KEY', BLOCK_CIPHERS, CIPHER),
  symmetric('TR31_P1_PIN_GENERATION_KEY', TDES, CIPHER),
  symmetric('TR31_V1_IBM3624_PIN_VERIFICATION_KEY', BLOCK_CIPHERS, MACLIKE),
  symmetric('TR31_V2_VISA_PIN_VERIFICATION_KEY', BLOCK_CIPHERS, MACLIKE),
  {
    usage: 'TR31_D1_ASYMMETRIC_KEY_FOR_DATA_ENCRYPTION',
    class: 'ASYMMETRIC_KEY_PAIR',
    algorithms: RSA_KEY_ALGORITHMS,
    modes: KEY_PAIR_CIPHER,
  },
  {
    usage: 'TR31_D1_ASYMMETRIC_KEY_FOR_DATA_ENCRYPTION',
    class: 'PUBLIC_KEY',
    algorithms: RSA_KEY_ALGORITHMS,
    modes: [['Encrypt', 'Wrap']],
  },
  {
    usage: 'TR31_S0_ASYMMETRIC_KEY_FOR_DIGITAL_SIGNATURE',
    class: 'ASYMMETRIC_KEY_PAIR',
    algorithms: RSA_KEY_ALGORITHMS,
    modes: [['Sign'], ['Verify']],
  },
  {
    usage: 'TR31_S0_ASYMMETRIC_KEY_FOR_DIGITAL_SIGNATURE',
    class: 'PUBLIC_KEY',
    algorithms: [...RSA_KEY_ALGORITHMS, ...ECC_KEY_ALGORITHMS],
    modes: [['Verify']],
  },
  {
    usage: 'TR31_K2_TR34_ASYMMETRIC_KEY',
    class: 'ASYMMETRIC_KEY_PAIR',
    algorithms: RSA_KEY_ALGORITHMS,
    modes: KEY_PAIR_CIPHER,
  },
  {
    usage: 'TR31_K2_TR34_ASYMMETRIC_KEY',
    class: 'PUBLIC_KEY',
    algorithms: RSA_KEY_ALGORITHMS,
    modes: [['Encrypt', 'Wrap']],
  },
  {
    usage: 'TR31_K3_ASYMMETRIC_KEY_FOR_KEY_AGREEMENT',
    class: 'ASYMMETRIC_KEY_PAIR',
    algorithms: ECC_KEY_ALGORITHMS,
    modes: [['DeriveKey']],
  },
];

/**
 * Checks that key attributes can be combined.
 *
 * @throws ValidationException that names the first attribute that doesn't fit, and the values that would
 */
export function checkCombination({ KeyUsage, KeyClass, KeyAlgorithm, KeyModesOfUse }: KeyAttributes): void {
  const ofUsage = COMBINATIONS.filter(({ usage }) => usage === KeyUsage);
  const combination = ofUsage.find((candidate) => candidate.class === KeyClass);
  if (!combination)
    throw new ValidationException(
      `KeyClass ${KeyClass} is invalid for KeyUsage ${KeyUsage}: use ${ofUsage.map((candidate) => candidate.class).join(' or ')}.`,
    );
  if (!combination.algorithms.includes(KeyAlgorithm))
    throw new ValidationException(
      `KeyAlgorithm ${KeyAlgorithm} is invalid for KeyUsage ${KeyUsage}: use ${combination.algorithms.join(', ')}.`,
    );
  const wanted = modeNames(KeyModesOfUse).join();
  if (!combination.modes.some((modes) => modes.join() === wanted))
    throw new ValidationException(
      `KeyModesOfUse ${wanted ? `{${wanted}}` : '{}'} are invalid for KeyUsage ${KeyUsage}: ` +
        `use ${combination.modes.map((modes) => `{${modes.join()}}`).join(' or ')}.`,
    );
}

/**
 * Returns the most modes that keys of these attributes may have together, without NoRestrictions; none if the attributes
 * can't be combined.
 */
export function widestModes(usage: KeyUsage, keyClass: KeyClass): readonly KeyMode[] {
  const { modes = [] } = COMBINATIONS.find((each) => each.usage === usage && each.class === keyClass) ?? {};
  return modes.reduce<readonly KeyMode[]>((widest, each) => (each.length > widest.length ? each : widest), []);
}

/**
 * Returns the algorithm of a key's check value.
 *
 * @param requested by the caller; by default ANSI X9.24 for TDES, CMAC for AES, HMAC for HMAC keys, SHA-1 for
 *   asymmetric keys
 * @throws ValidationException if keys of this algorithm have no such check value
 */
export function kcvAlgorithmOf(algorithm: KeyAlgorithm, requested?: KeyCheckValueAlgorithm): KeyCheckValueAlgorithm {
  const possible = kcvAlgorithms(algorithm);
  if (requested !== undefined && !possible.includes(requested))
    throw new ValidationException(
      `KeyCheckValueAlgorithm ${requested} is invalid for KeyAlgorithm ${algorithm}: use ${possible.join(' or ')}.`,
    );
  return requested ?? possible[0];
}

function kcvAlgorithms(algorithm: KeyAlgorithm): readonly [KeyCheckValueAlgorithm, ...KeyCheckValueAlgorithm[]] {
  if (isTdes(algorithm)) return ['ANSI_X9_24', 'CMAC'];
  if (algorithm.startsWith('AES')) return ['CMAC'];
  if (algorithm.startsWith('HMAC')) return ['HMAC'];
  return ['SHA_1'];
}

/** Returns the modulus length of an RSA algorithm in bits. */
export function rsaBitsOf(algorithm: RsaKeyAlgorithm): number {
  return Number(algorithm.slice('RSA_'.length));
}

/** The keys that an operation accepts. */
export interface KeyRequirement {
  usages: readonly KeyUsage[];
  algorithms: readonly KeyAlgorithm[];
  /** The key must have all of these modes. A key of mode NoRestrictions may do whatever its usage allows. */
  modes: readonly KeyMode[];
  /** AWS's message that refuses a key of mode NoRestrictions; undefined if AWS accepts such keys. */
  unrestrictedRefusal?: string;
}

/**
 * Checks that an operation accepts a key, in AWS's order.
 *
 * @param key  its usage or algorithm is undefined if the model has no name for it
 * @param name name of the key for the message
 * @throws ValidationException that names the first attribute that doesn't fit
 */
export function checkRequirement(
  { usages, algorithms, modes, unrestrictedRefusal }: KeyRequirement,
  key: { modes: KeyModesOfUse; usage?: KeyUsage; algorithm?: KeyAlgorithm },
  name: string,
): void {
  const invalid = (what: string) => new ValidationException(`${what} of ${name} is invalid for the operation.`);
  if (key.usage === undefined || !usages.includes(key.usage)) throw invalid('KeyUsage');
  if (key.algorithm === undefined || !algorithms.includes(key.algorithm)) throw invalid('KeyAlgorithm');
  if (unrestrictedRefusal !== undefined && key.modes.NoRestrictions) throw new ValidationException(unrestrictedRefusal);
  if (!key.modes.NoRestrictions && !modes.every((mode) => key.modes[mode])) throw invalid('KeyModesOfUse');
}
