import type { BlockCipher } from './block-cipher.js';
import { xor } from './bytes.js';
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

  const l = cipher.encrypt(Buffer.alloc(blockBytes));
  const k1 = double(l);
  const wholeBlocks = Math.max(0, Math.ceil(data.length / blockBytes) - 1) * blockBytes;
  const rest = data.subarray(wholeBlocks);
  const last = Buffer.alloc(blockBytes);
  rest.copy(last);
  // Section 6.2 step 4: a complete last block takes K1; an incomplete one is padded with 10..0 and takes K2.
  if (rest.length < blockBytes) last[rest.length] = 0x80;
  const subkey = rest.length === blockBytes ? k1 : double(k1);
  const masked = xor(last, subkey);
  const chained =
    wholeBlocks === 0
      ? masked
      : xor(cipher.encryptCbc(Buffer.alloc(blockBytes), data.subarray(0, wholeBlocks)).subarray(-blockBytes), masked);
  const mac = cipher.encrypt(chained).subarray(0, length);
  // The subkeys help a forger, and the last block may be part of a key.
  for (const secret of [l, k1, subkey, last, masked]) secret.fill(0);
  return mac;
}

/** Multiplication by x in GF(2^64) or GF(2^128), section 6.1. */
function double(block: Buffer): Buffer {
  const result = Buffer.alloc(block.length);
  for (let i = 0; i < block.length; i++) result[i] = ((block[i] as number) << 1) | ((block[i + 1] ?? 0) >> 7);
  if ((block[0] as number) & 0x80)
    result[block.length - 1] = (result[block.length - 1] as number) ^ R[block.length as 8 | 16];
  return result;
}
