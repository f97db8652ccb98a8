import type { Kbpk } from '../../../../crypto/tr31/kbpk.js';
import { openKeyBlock } from '../../../exchange/key-block.js';
import type { Protection } from '../../../exchange/strength.js';
import type { Admit, AdmittedKey } from './admission.js';

/**
 * Opens a TR-31 key block and takes the key in as the block says it is.
 *
 * @param kbpk        stays the caller's to zeroize
 * @param protections all that the key travels under; none may be weaker than it
 * @throws CryptoError, ValidationException as `openKeyBlock`; ValidationException for attributes that no key has
 */
export function importKeyBlock(
  kbpk: Kbpk,
  text: string,
  protections: readonly Protection[],
  admit: Admit,
): AdmittedKey {
  return openKeyBlock(kbpk, text, protections, ({ attributes, exportable, key }) => admit(attributes, exportable)(key));
}
