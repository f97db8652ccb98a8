import type { BlockCipher } from '../block-cipher.js';
import { equal } from '../bytes.js';
import { cmac } from '../cmac.js';
import { kcvEcb } from '../kcv.js';

/**
 * True when the data of optional block KC or KP is the check value of the cipher's key: X9.143 6.3.6. The data is `00`
 * and 1 to 3 bytes of the encrypted zero block, or `01` and 1 to 5 bytes of its CMAC.
 *
 * @param data data of a parsed optional block, hexadecimal
 */
export function isCheckValueOf(data: string, cipher: BlockCipher): boolean {
  const claimed = Buffer.from(data.slice(2), 'hex');
  const actual = data.startsWith('00') ? kcvEcb(cipher) : cmac(cipher, Buffer.alloc(cipher.blockBytes));
  return equal(actual.subarray(0, claimed.length), claimed);
}
