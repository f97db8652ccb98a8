import { type BlockCipher, ZEROS } from './block-cipher.js';
import { requireMacLength } from './fields.js';

/** The constant of SP 800-38B section 5.3 that enters when the doubled block overflows. */
const R = { 8: 0x1b, 16: 0x87 } as const;

/**
 * CMAC: NIST SP 800-38B, also ISO/IEC 9797-1:2011 MAC algorithm 5, over TDES or AES.
 *
 * @param cipher stays the caller's to dispose of
 * @param data   message as bytes, any length
 * @param length bytes of MAC to return, leftmost first, 1 to the block
 * @throws CryptoError MAC_LENGTH
 */
export function cmac(cipher: BlockCipher, data: Buffer, length: number = cipher.blockBytes): Buffer {
  const { blockBytes } = cipher;
  requireMacLength(length, blockBytes);

  const wholeBlocks = Math.max(0, Math.ceil(data.length / blockBytes) - 1) * blockBytes;
  const rest = data.length - wholeBlocks;
  // First, where the cipher has nothing to take out of its chain.
  const chained = wholeBlocks > 0 ? cipher.encryptCbc(ZEROS[blockBytes], data.subarray(0, wholeBlocks)) : undefined;

  // Section 6.2 step 4: a complete last block takes K1; an incomplete one is padded with 10..0 and takes K2.
  const last = cipher.encrypt(ZEROS[blockBytes]);
  double(last);
  if (rest < blockBytes) {
    double(last);
    last[rest] = (last[rest] as number) ^ 0x80;
  }
  xorInto(last, data, wholeBlocks, rest);
  if (chained) xorInto(last, chained, wholeBlocks - blockBytes, blockBytes);
  const mac = cipher.encrypt(last);
  // It has the subkey in it, which helps a forger, and the last block may be part of a key.
  last.fill(0);
  return length === blockBytes ? mac : mac.subarray(0, length);
}

/** Multiplication by x in GF(2^64) or GF(2^128), section 6.1, in place. */
function double(block: Buffer): void {
  const overflow = (block[0] as number) & 0x80;
  for (let i = 0; i < block.length; i++) block[i] = ((block[i] as number) << 1) | ((block[i + 1] ?? 0) >> 7);
  if (overflow) block[block.length - 1] = (block[block.length - 1] as number) ^ R[block.length as 8 | 16];
}

function xorInto(block: Buffer, data: Buffer, offset: number, bytes: number): void {
  for (let i = 0; i < bytes; i++) block[i] = (block[i] as number) ^ (data[offset + i] as number);
}
