import { isComponent, type KeyBlockHeader } from '../../crypto/tr31/header.js';
import type { OptionalBlock } from '../../crypto/tr31/optional-blocks.js';
import { ValidationException } from '../../errors/exceptions.js';
import {
  KEY_USAGES,
  type KeyAlgorithm,
  type KeyAttributes,
  type KeyMode,
  type KeyModesOfUse,
  type KeyUsage,
} from './key-attributes.js';
import { modeNames, modesOfUse } from './key-rules.js';

/** Key usages by their code in a key block header, e.g. `B0`. */
const USAGES: ReadonlyMap<string, KeyUsage> = new Map(KEY_USAGES.map((usage) => [usageCode(usage), usage]));

/** Modes of use by their letter in a key block header: X9.143 6.3.3 table 4. */
const MODES: Readonly<Record<string, readonly KeyMode[]>> = {
  B: ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap'],
  E: ['Encrypt', 'Wrap'],
  D: ['Decrypt', 'Unwrap'],
  C: ['Generate', 'Verify'],
  G: ['Generate'],
  V: ['Verify'],
  X: ['DeriveKey'],
  N: ['NoRestrictions'],
};

/** Block cipher algorithms by their letter in a key block header and the length of the key in bytes. */
const BLOCK_CIPHERS: Readonly<Record<string, KeyAlgorithm>> = {
  T16: 'TDES_2KEY',
  T24: 'TDES_3KEY',
  A16: 'AES_128',
  A24: 'AES_192',
  A32: 'AES_256',
};

/** HMAC algorithms by the data of optional block HM: X9.143 6.3.6.5 table 13. */
const HMACS: Readonly<Record<string, KeyAlgorithm>> = {
  '20': 'HMAC_SHA224',
  '21': 'HMAC_SHA256',
  '22': 'HMAC_SHA384',
  '23': 'HMAC_SHA512',
};

/** Returns optional block HM for an HMAC key, and none for any other key. */
export function hashBlock(algorithm: KeyAlgorithm): OptionalBlock[] {
  const [data] = Object.entries(HMACS).find(([, hmac]) => hmac === algorithm) ?? [];
  return data === undefined ? [] : [{ id: 'HM', data }];
}

/** Returns the code of a usage in a key block header: the two characters after `TR31_`. */
export function usageCode(usage: KeyUsage): string {
  return usage.slice('TR31_'.length, 'TR31_'.length + 2);
}

/** Returns the letter of a symmetric algorithm in a key block header: T, A or H. */
export function algorithmLetter(algorithm: KeyAlgorithm): string {
  return algorithm.charAt(0);
}

/**
 * Returns the letter of modes of use in a key block header.
 *
 * @throws ValidationException for modes that have no letter
 */
export function modeLetter(modes: KeyModesOfUse): string {
  const names = modeNames(modes).join();
  const [letter] = Object.entries(MODES).find(([, set]) => set.join() === names) ?? [];
  if (letter === undefined)
    throw new ValidationException(`KeyModesOfUse {${names}} can't be expressed in a key block header.`);
  return letter;
}

/**
 * Returns the attributes of the symmetric key in a key block: X9.143 6.3; TR-34 has the same header. The caller checks
 * that the attributes can be combined.
 *
 * @param keyBytes length of the key, which distinguishes algorithms that have the same letter
 * @throws ValidationException for a value that no stored key can have
 */
export function attributesOf(
  header: KeyBlockHeader,
  optionalBlocks: readonly OptionalBlock[],
  keyBytes: number,
): { attributes: KeyAttributes; exportable: boolean } {
  const { algorithm, exportability } = header;
  if (isComponent(header))
    throw new ValidationException(
      `The key block holds a component of a key (key version number ${header.keyVersionNumber}), not a key: combine the ` +
        'components first.',
    );
  const [usage, modes] = [usageOf(header), modesOf(header)];
  if (!'ESN'.includes(exportability)) throw unsupported(`exportability ${exportability}`);
  const attributes = {
    KeyUsage: usage,
    KeyClass: 'SYMMETRIC_KEY' as const,
    KeyAlgorithm: algorithmOf(algorithm, optionalBlocks, keyBytes),
    KeyModesOfUse: modes,
  };
  return { attributes, exportable: exportability !== 'N' };
}

/** Returns the usage of a key block header. @throws ValidationException for a usage that no stored key has */
export function usageOf({ keyUsage }: Pick<KeyBlockHeader, 'keyUsage'>): KeyUsage {
  const usage = USAGES.get(keyUsage);
  if (usage === undefined) throw unsupported(`key usage ${keyUsage}`);
  return usage;
}

/**
 * Returns the modes of a key block header.
 *
 * @throws ValidationException for a mode of use that no stored symmetric key has
 */
export function modesOf({ modeOfUse }: Pick<KeyBlockHeader, 'modeOfUse'>): KeyModesOfUse {
  const modes = MODES[modeOfUse];
  if (modes === undefined) throw unsupported(`mode of use ${modeOfUse}`);
  return modesOfUse(modes);
}

function algorithmOf(letter: string, optionalBlocks: readonly OptionalBlock[], keyBytes: number): KeyAlgorithm {
  const hash = optionalBlocks.find(({ id }) => id === 'HM')?.data;
  if (letter !== 'H' && hash !== undefined)
    throw new ValidationException('The key block has optional block HM, which only HMAC keys may have.');
  const algorithm = letter === 'H' ? HMACS[hash ?? ''] : BLOCK_CIPHERS[`${letter}${keyBytes}`];
  if (algorithm !== undefined) return algorithm;
  throw unsupported(
    letter === 'H'
      ? 'a hash other than SHA-224, SHA-256, SHA-384 and SHA-512'
      : `algorithm ${letter} of this key length`,
  );
}

function unsupported(what: string): ValidationException {
  return new ValidationException(`The key block has ${what}, which a stored symmetric key can't have.`);
}
