import type { Kbpk } from '../../../../crypto/tr31/kbpk.js';
import { wrapKeyBlock } from '../../../../crypto/tr31/wrap.js';
import { verifyCheckValues } from '../../../exchange/key-blocks.js';
import { requireOtherKey } from '../../../exchange/strength.js';
import type { KeyBlockHeaders } from '../exchange.schema.js';
import type { ExportedKey } from './exported-key.js';
import { headerOf } from './key-block-headers.js';

/**
 * Wraps an exported key in a TR-31 key block: version B under a TDES key, version D under an AES key.
 *
 * @param kbpk key block protection key; the caller zeroizes it
 * @throws ValidationException if the KBPK is the exported key itself, and for a check value in the caller's optional
 *   blocks that isn't that of the key
 */
export function exportKeyBlock(kbpk: Kbpk, exported: ExportedKey, headers?: KeyBlockHeaders): string {
  const { header, optionalBlocks } = headerOf(exported, kbpk.algorithm === 'TDES' ? 'B' : 'D', headers);
  return exported.use((key) => {
    requireOtherKey(key, kbpk.key);
    // Wrapping checks the form of the optional blocks.
    const block = wrapKeyBlock({ kbpk, header, optionalBlocks, key });
    verifyCheckValues(optionalBlocks, { letter: header.algorithm, clear: key }, kbpk);
    return block;
  });
}
