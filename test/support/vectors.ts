import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The members of every vector: an id, its source and the algorithm of the standard. */
export interface Vector {
  id: string;
  source: string;
  algorithm: string;
}

/** Returns the vectors of test/vectors/`name`.json with one of these algorithms. Throws if there are none. */
export function vectors<T extends object>(name: string, ...algorithms: string[]): (Vector & T)[] {
  const file = new URL(`../vectors/${name}.json`, import.meta.url);
  const { vectors: all } = JSON.parse(readFileSync(file, 'utf8')) as { vectors: (Vector & T)[] };
  const chosen = all.filter(({ algorithm }) => algorithms.length === 0 || algorithms.includes(algorithm));
  if (chosen.length === 0) throw new Error(`${name}.json has no vector for ${algorithms.join(', ')}`);
  return chosen;
}

/** Decodes hexadecimal; an odd length or another character is a mistake in the test. */
export function hex(text: string): Buffer {
  if (!/^([0-9A-Fa-f]{2})*$/.test(text)) throw new Error(`not hexadecimal: ${text}`);
  return Buffer.from(text, 'hex');
}

/** Returns every byte string that differs from this one in one bit. */
export function bitFlips(bytes: Buffer): Buffer[] {
  return Array.from({ length: 8 * bytes.length }, (_, bit) => {
    const flipped = Buffer.from(bytes);
    flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (0x80 >> (bit & 7)), bit >> 3);
    return flipped;
  });
}

/** Returns a key of this many bytes for `macsOfEveryLength`: 14 25 36 47 ... */
export function countingKey(bytes: number): Buffer {
  return Buffer.from(Array.from({ length: bytes }, (_, i) => (17 * (i + 1) + 3) & 0xff));
}

/**
 * Returns the SHA-256 of the MACs of 41 messages of 0 to 40 bytes, as a single value to compare. Byte i of the message
 * of n bytes is 7i + n.
 */
export function macsOfEveryLength(mac: (message: Buffer) => Buffer): string {
  const hash = createHash('sha256');
  for (let n = 0; n <= 40; n++) hash.update(mac(Buffer.from(Array.from({ length: n }, (_, i) => (7 * i + n) & 0xff))));
  return hash.digest('hex');
}
