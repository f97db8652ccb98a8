import type { Kbpk } from '../../../../crypto/tr31/kbpk.js';
import { wrapKeyBlock } from '../../../../crypto/tr31/wrap.js';
import { requireOtherKey } from '../../../exchange/strength.js';
import type { KeyBlockHeaders } from '../exchange.schema.js';
import type { ExportedKey } from './exported-key.js';
import { headerOf } from './key-block-headers.js';

/**
 * Wraps an exported key in a TR-31 key block: version B under a TDES key, version D under an AES key.
 *
 * @param kbpk key block protection key; the caller zeroizes it
 * @throws ValidationException if the KBPK is the exported key itself
 */
export function exportKeyBlock(kbpk: Kbpk, exported: ExportedKey, headers?: KeyBlockHeaders): string {
  const { header, optionalBlocks } = headerOf(exported, kbpk.algorithm === 'TDES' ? 'B' : 'D', headers);
  return exported.use((key) => {
    requireOtherKey(key, kbpk.key);
    return wrapKeyBlock({ kbpk, header, optionalBlocks, key });
  });
}
