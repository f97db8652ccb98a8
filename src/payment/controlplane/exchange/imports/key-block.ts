import type { Kbpk } from '../../../../crypto/tr31/kbpk.js';
import type { KeyBlocks } from '../../../exchange/key-blocks.js';
import type { Protection } from '../../../exchange/strength.js';
import type { Admit, AdmittedKey } from './admission.js';

/**
 * Imports the key of a TR-31 key block with the attributes that the block states.
 *
 * @param kbpk        key block protection key; the caller zeroizes it
 * @param protections everything that protects the key in transit; none may be weaker than the key
 * @throws CryptoError and ValidationException as `KeyBlocks.open`; ValidationException as `admit`
 */
export function importKeyBlock(
  keyBlocks: KeyBlocks,
  kbpk: Kbpk,
  text: string,
  protections: readonly Protection[],
  admit: Admit,
): AdmittedKey {
  return keyBlocks.open(kbpk, text, protections, ({ attributes, exportable, key }) =>
    admit(attributes, exportable)(key),
  );
}
