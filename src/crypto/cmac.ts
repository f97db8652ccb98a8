import { type BlockCipher, ZEROS } from './block-cipher.js';
import { requireMacLength } from './fields.js';

/** R_b of SP 800-38B section 5.3: XORed into a doubled block when the doubling overflows. */
const R = { 8: 0x1b, 16: 0x87 } as const;

/**
 * Computes a CMAC: NIST SP 800-38B, also ISO/IEC 9797-1:2011 MAC algorithm 5, with TDES or AES.
 *
 * @param cipher the caller disposes of it
 * @param data   message as bytes, any length
 * @param length MAC bytes to return, 1 to the block length, leftmost first
 * @param iv     one block: the chaining value of the blocks before `data`, if this is the end of a longer message
 * @throws CryptoError MAC_LENGTH, IV_LENGTH
 */
export function cmac(
  cipher: BlockCipher,
  data: Buffer,
  length: number = cipher.blockBytes,
  iv: Buffer = ZEROS[cipher.blockBytes],
): Buffer {
  const { blockBytes } = cipher;
  requireMacLength(length, blockBytes);

  // Section 6.2 step 4: a complete last block is XORed with K1; an incomplete one is padded with 10..0 and XORed with
  // K2.
  const subkey = cipher.encrypt(ZEROS[blockBytes]);
  const blocks = Buffer.alloc(Math.max(1, Math.ceil(data.length / blockBytes)) * blockBytes);
  data.copy(blocks);
  double(subkey);
  if (data.length < blocks.length) {
    double(subkey);
    blocks[data.length] = 0x80;
  }
  const last = blocks.length - blockBytes;
  for (let i = 0; i < blockBytes; i++) blocks[last + i] = (blocks[last + i] as number) ^ (subkey[i] as number);
  const mac = cipher.encryptCbc(iv, blocks).subarray(last, last + length);
  // A subkey would help an attacker forge MACs, and the message may be a key.
  subkey.fill(0);
  blocks.fill(0);
  return mac;
}

/** Doubles a block in place: multiplication by x in GF(2^64) or GF(2^128), section 6.1. */
function double(block: Buffer): void {
  const overflow = (block[0] as number) & 0x80;
  for (let i = 0; i < block.length; i++) block[i] = ((block[i] as number) << 1) | ((block[i + 1] ?? 0) >> 7);
  if (overflow) block[block.length - 1] = (block[block.length - 1] as number) ^ R[block.length as 8 | 16];
}
