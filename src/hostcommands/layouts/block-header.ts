import { EXPORTABILITIES, KEY_USAGES, MODES_OF_USE } from '../../crypto/tr31/header-values.js';
import type { KeyUsage } from '../../payment/keys/key-attributes.js';
import { HostError, type HostErrorCode } from '../host-error.js';

/** Attributes of a key, as in the header of a key block (X9.143 6.3). */
export interface HostKeyAttributes {
  /** Two characters, e.g. `P0`; never a number of the vendor. */
  readonly usage: string;
  readonly modeOfUse: string;
  readonly keyVersionNumber: string;
  /** E, N or S. */
  readonly exportability: string;
}

/** Header of a key block under an LMK, or under an AES ZMK. */
export interface LmkBlockHeader extends HostKeyAttributes {
  readonly algorithm: BlockAlgorithm;
  /** Identifier of the LMK, two digits, or FF for a block under a ZMK. */
  readonly lmk: string;
}

/** D is a single-length DES key, T a longer one. */
export type BlockAlgorithm = 'A' | 'D' | 'T';

/** Lengths of keys in bytes. */
export const KEY_BYTES: Readonly<Record<BlockAlgorithm, readonly number[]>> = { A: [16, 24, 32], D: [8], T: [16, 24] };

/** Numbers of the vendor for usages that have a code in TR-31. */
const VENDOR_USAGES: Readonly<Record<string, string>> = { '51': 'K0', '52': 'K0', '71': 'P0', '72': 'P0' };

/**
 * Checks the values of a header, and that they go together: X9.143 6.3.
 *
 * @throws HostError A3, A6 to AA
 */
export function checkHeader(
  { usage, algorithm, modeOfUse, keyVersionNumber, exportability, lmk }: LmkBlockHeader,
  refuse: (code: HostErrorCode, what: string) => HostError,
): void {
  const modes = KEY_USAGES[usage]?.modesOfUse;
  if (modes === undefined) throw refuse('A6', 'a key usage that TR-31 does not define');
  if (!Object.hasOwn(KEY_BYTES, algorithm)) throw refuse('A7', 'an algorithm other than A, D and T');
  if (!Object.hasOwn(MODES_OF_USE, modeOfUse) || !`${modes}N`.includes(modeOfUse))
    throw refuse('A8', 'a mode of use that its key usage does not have');
  if (!/^[0-9A-Za-z]{2}$/.test(keyVersionNumber)) throw refuse('A9', 'a malformed key version');
  if (!Object.hasOwn(EXPORTABILITIES, exportability)) throw refuse('AA', 'an exportability other than E, N and S');
  if (!/^(?:[0-9]{2}|FF)$/.test(lmk)) throw refuse('A3', 'a malformed LMK identifier');
}

/** Returns the usage that a number of the vendor stands for, and any other usage as it is. */
export function usageCodeOf(written: string): string {
  return VENDOR_USAGES[written] ?? written;
}

/** Returns the algorithm in the header for a key of this length in bytes. */
export function blockAlgorithm(isAes: boolean, bytes: number): BlockAlgorithm {
  if (isAes) return 'A';
  return bytes === 8 ? 'D' : 'T';
}

/** Usages whose keys may be of single length. The algorithms of the others, such as CVV and DUKPT, need two halves. */
const SINGLE_LENGTH_USAGES: readonly KeyUsage[] = [
  'TR31_P0_PIN_ENCRYPTION_KEY',
  'TR31_V1_IBM3624_PIN_VERIFICATION_KEY',
  'TR31_K0_KEY_ENCRYPTION_KEY',
  'TR31_M1_ISO_9797_1_MAC_KEY',
  'TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY',
];

/** Returns true if keys of one of these usages may be of single length. */
export function takesSingleLength(usages: readonly KeyUsage[]): boolean {
  return usages.some((usage) => SINGLE_LENGTH_USAGES.includes(usage));
}
