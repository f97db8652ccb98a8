import type { KeyAlgorithm, KeyClass, KeyModesOfUse, KeyUsage } from '../../src/payment/keys/key-attributes.js';
import { type Combination, COMBINATIONS, modesOfUse, widestModes } from '../../src/payment/keys/key-rules.js';

/** A key's purpose as a phrase, and the usual algorithm for it. */
const PURPOSES: readonly (readonly [KeyUsage, string, KeyAlgorithm])[] = [
  ['TR31_B0_BASE_DERIVATION_KEY', 'Decrypt PIN blocks and data from terminals by DUKPT', 'AES_128'],
  ['TR31_P0_PIN_ENCRYPTION_KEY', 'Encrypt and translate PIN blocks on a link', 'AES_128'],
  ['TR31_V2_VISA_PIN_VERIFICATION_KEY', 'Compute and verify Visa PVVs', 'TDES_2KEY'],
  ['TR31_V1_IBM3624_PIN_VERIFICATION_KEY', 'Compute and verify PIN offsets by IBM 3624', 'TDES_2KEY'],
  ['TR31_P1_PIN_GENERATION_KEY', 'Generate PINs in another system', 'TDES_2KEY'],
  ['TR31_C0_CARD_VERIFICATION_KEY', 'Compute and verify CVV, CVV2, iCVV and CSC', 'TDES_2KEY'],
  ['TR31_E0_EMV_MKEY_APP_CRYPTOGRAMS', 'Verify the ARQCs of cards, and answer them', 'TDES_2KEY'],
  ['TR31_E1_EMV_MKEY_CONFIDENTIALITY', 'Encrypt issuer scripts and new PINs for cards', 'TDES_2KEY'],
  ['TR31_E2_EMV_MKEY_INTEGRITY', 'Compute the MACs of issuer scripts', 'TDES_2KEY'],
  ['TR31_E4_EMV_MKEY_DYNAMIC_NUMBERS', 'Compute dynamic numbers: dCVV, CVC3', 'TDES_2KEY'],
  ['TR31_E5_EMV_MKEY_CARD_PERSONALIZATION', 'Personalize cards', 'TDES_2KEY'],
  ['TR31_E6_EMV_MKEY_OTHER', 'Derive other keys of cards', 'TDES_2KEY'],
  ['TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY', 'Encrypt and decrypt data', 'AES_256'],
  ['TR31_D1_ASYMMETRIC_KEY_FOR_DATA_ENCRYPTION', 'Receive data under RSA', 'RSA_3072'],
  ['TR31_M6_ISO_9797_5_CMAC_KEY', 'Compute and verify CMACs', 'AES_128'],
  ['TR31_M3_ISO_9797_3_MAC_KEY', 'Compute and verify retail MACs', 'TDES_2KEY'],
  ['TR31_M1_ISO_9797_1_MAC_KEY', 'Compute and verify MACs by ISO 9797-1, algorithm 1', 'TDES_2KEY'],
  ['TR31_M0_ISO_16609_MAC_KEY', 'Compute and verify MACs by ISO 16609', 'TDES_3KEY'],
  ['TR31_M7_HMAC_KEY', 'Compute and verify HMACs', 'HMAC_SHA256'],
  ['TR31_K0_KEY_ENCRYPTION_KEY', 'Wrap keys for a partner, and unwrap the partner’s', 'AES_256'],
  ['TR31_K1_KEY_BLOCK_PROTECTION_KEY', 'Protect key blocks and nothing else', 'AES_256'],
  ['TR31_K3_ASYMMETRIC_KEY_FOR_KEY_AGREEMENT', 'Agree on keys with a partner by ECDH', 'ECC_NIST_P521'],
  ['TR31_K2_TR34_ASYMMETRIC_KEY', 'Receive keys by TR-34 under a certificate of your own CA', 'RSA_3072'],
  ['TR31_S0_ASYMMETRIC_KEY_FOR_DIGITAL_SIGNATURE', 'Sign the TR-34 tokens that you send', 'RSA_3072'],
];

/** A usage that a key of some class may have, with the combinations that the service accepts. */
export interface Purpose extends Combination {
  words: string;
  /** Offered first. */
  suggested: KeyAlgorithm;
}

/** Purposes of keys by class: the service's own table of combinations, with a sentence for each usage. */
export function purposesOf(...classes: readonly KeyClass[]): Purpose[] {
  return PURPOSES.flatMap(([usage, words, suggested]) =>
    COMBINATIONS.filter((each) => each.usage === usage && classes.includes(each.class)).map((each) => ({
      ...each,
      words,
      suggested,
    })),
  );
}

/** The attributes of a key in the form. Modes are identified by their index in the combination. */
export interface Choices {
  usage: KeyUsage;
  algorithm: KeyAlgorithm;
  modes: string;
}

/** The choices that are offered first for a purpose. */
export function suggestedFor({ usage, class: keyClass, suggested, modes }: Purpose): Choices {
  const widest = widestModes(usage, keyClass).join();
  return { usage, algorithm: suggested, modes: String(modes.findIndex((set) => set.join() === widest)) };
}

/** Returns attributes for a request, with only the modes that are true. */
export function attributesOf({ usage, class: keyClass, modes }: Purpose, choices: Choices) {
  return {
    KeyUsage: usage,
    KeyClass: keyClass,
    KeyAlgorithm: choices.algorithm,
    KeyModesOfUse: Object.fromEntries((modes[Number(choices.modes)] ?? []).map((mode) => [mode, true])),
  };
}

/** The modes of a purpose, each with its index. */
export function modeSets({ modes }: Purpose): KeyModesOfUse[] {
  return modes.map(modesOfUse);
}
