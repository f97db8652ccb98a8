import type { Kbpk } from '../../../../crypto/tr31/kbpk.js';
import { openKeyBlock } from '../../../exchange/key-block.js';
import type { Protection } from '../../../exchange/strength.js';
import type { Admit, AdmittedKey } from './admission.js';

/**
 * Imports the key of a TR-31 key block with the attributes that the block states.
 *
 * @param kbpk        key block protection key; the caller zeroizes it
 * @param protections everything that protects the key in transit; none may be weaker than the key
 * @throws CryptoError and ValidationException as `openKeyBlock`; ValidationException as `admit`
 */
export function importKeyBlock(
  kbpk: Kbpk,
  text: string,
  protections: readonly Protection[],
  admit: Admit,
): AdmittedKey {
  return openKeyBlock(kbpk, text, protections, ({ attributes, exportable, key }) => admit(attributes, exportable)(key));
}
