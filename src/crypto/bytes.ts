import { timingSafeEqual } from 'node:crypto';

/** Compares two byte strings in time that depends only on their lengths. */
export function equal(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Returns a XOR b in a new buffer. Both must have the same length. */
export function xor(a: Buffer, b: Buffer): Buffer {
  const result = Buffer.alloc(a.length);
  for (let i = 0; i < a.length; i++) result[i] = (a[i] as number) ^ (b[i] as number);
  return result;
}

/** Encodes bytes as upper-case hexadecimal, as in every response. */
export function toHex(bytes: Buffer): string {
  return bytes.toString('hex').toUpperCase();
}

/**
 * Applies padding method 1 of ISO/IEC 9797-1: appends the fewest zero bytes that reach a multiple of the block length.
 * Pads empty data to one block.
 *
 * @param blockBytes 8 (TDES) or 16 (AES)
 */
export function padMethod1(data: Buffer, blockBytes: number): Buffer {
  const padded = Math.max(1, Math.ceil(data.length / blockBytes)) * blockBytes;
  if (padded === data.length) return data;
  const result = Buffer.alloc(padded);
  data.copy(result);
  return result;
}

/**
 * Applies padding method 2 of ISO/IEC 9797-1 (also ISO/IEC 7816-4): appends 0x80 and then the fewest zero bytes that
 * reach a multiple of the block length.
 *
 * @param blockBytes 8 (TDES) or 16 (AES)
 */
export function padMethod2(data: Buffer, blockBytes: number): Buffer {
  const result = Buffer.alloc((Math.floor(data.length / blockBytes) + 1) * blockBytes);
  data.copy(result);
  result[data.length] = 0x80;
  return result;
}

/**
 * Applies padding method 3 of ISO/IEC 9797-1: padding method 1, after a block with the length of the data in bits. Empty
 * data becomes that block alone.
 *
 * @param blockBytes 8 (TDES) or 16 (AES)
 */
export function padMethod3(data: Buffer, blockBytes: number): Buffer {
  const result = Buffer.alloc(blockBytes + Math.ceil(data.length / blockBytes) * blockBytes);
  result.writeUIntBE(8 * data.length, blockBytes - 6, 6);
  data.copy(result, blockBytes);
  return result;
}
