import { timingSafeEqual } from 'node:crypto';

/** Whether two byte strings are the same; the time it takes depends on their lengths only. */
export function equal(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** a xor b, byte for byte, in a new buffer; both have the same length. */
export function xor(a: Buffer, b: Buffer): Buffer {
  const result = Buffer.alloc(a.length);
  for (let i = 0; i < a.length; i++) result[i] = (a[i] as number) ^ (b[i] as number);
  return result;
}

/** Upper-case hexadecimal, as every answer on the wire. */
export function toHex(bytes: Buffer): string {
  return bytes.toString('hex').toUpperCase();
}

/**
 * ISO/IEC 9797-1 padding method 1: as few zero bytes as reach a multiple of the block, one block for empty data.
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
 * ISO/IEC 9797-1 padding method 2 (also ISO/IEC 7816-4): 0x80, then as few zero bytes as reach a multiple of the block.
 *
 * @param blockBytes 8 (TDES) or 16 (AES)
 */
export function padMethod2(data: Buffer, blockBytes: number): Buffer {
  const result = Buffer.alloc((Math.floor(data.length / blockBytes) + 1) * blockBytes);
  data.copy(result);
  result[data.length] = 0x80;
  return result;
}
