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

/** Key usages by their code in a header, e.g. `B0`. */
const USAGES: ReadonlyMap<string, KeyUsage> = new Map(KEY_USAGES.map((usage) => [usageCode(usage), usage]));

/** Sets of modes by their letter in a header: X9.143 6.3.3 table 4. */
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

/** Symmetric algorithms by the header's letter and the bytes of the key. */
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

/** Optional block HM of an HMAC key; none of another. */
export function hashBlock(algorithm: KeyAlgorithm): OptionalBlock[] {
  const [data] = Object.entries(HMACS).find(([, hmac]) => hmac === algorithm) ?? [];
  return data === undefined ? [] : [{ id: 'HM', data }];
}

/** The two characters that a usage has in a header: those after `TR31_`. */
export function usageCode(usage: KeyUsage): string {
  return usage.slice('TR31_'.length, 'TR31_'.length + 2);
}

/** The letter that an algorithm has in a header: T, A or H. */
export function algorithmLetter(algorithm: KeyAlgorithm): string {
  return algorithm.charAt(0);
}

/**
 * The letter that a set of modes has in a header.
 *
 * @throws ValidationException for a set that no header can say
 */
export function modeLetter(modes: KeyModesOfUse): string {
  const names = modeNames(modes).join();
  const [letter] = Object.entries(MODES).find(([, set]) => set.join() === names) ?? [];
  if (letter === undefined)
    throw new ValidationException(`KeyModesOfUse {${names}} can't be said in a key block header.`);
  return letter;
}

/**
 * What a key block says of the symmetric key in it: X9.143 6.3, and TR-34, whose header is the same. Whether there can be
 * such a key is the caller's to check.
 *
 * @param keyBytes length of the key, which tells the algorithms of one letter apart
 * @throws ValidationException for what no stored key can be
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

/** @throws ValidationException for a usage that no stored key has */
export function usageOf({ keyUsage }: KeyBlockHeader): KeyUsage {
  const usage = USAGES.get(keyUsage);
  if (usage === undefined) throw unsupported(`key usage ${keyUsage}`);
  return usage;
}

/** @throws ValidationException for a mode of use that no stored symmetric key has */
export function modesOf({ modeOfUse }: KeyBlockHeader): KeyModesOfUse {
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
