import { xor } from '../bytes.js';
import { tdes, withOddParity } from '../des.js';
import { requireBytes } from '../fields.js';
import { lend, requireEmvKey } from './key.js';

/** Parameters chosen by the issuer. `branchFactor` to the power of `height` must be at least 2^16. */
export interface Tree {
  branchFactor: number;
  height: number;
  /** 16 bytes. */
  iv: Buffer;
}

/**
 * Derives a session key of EMV 2000 (EMV 4.0 Book 2 Annex A1.3, superseded by the common derivation). The ICC master
 * key is the root of a tree, each key is derived from its parent and grandparent, and the counter selects the leaf.
 *
 * @param iccKey ICC master key, 16 bytes; the caller zeroizes it
 * @param atc    application transaction counter, 2 bytes
 * @param tree   by default the standard's usual parameters: branch factor 4, height 8, IV of zeros
 * @returns 16 bytes with odd parity; the caller must zeroize it
 * @throws CryptoError KEY_LENGTH, DATA_LENGTH
 */
export function emv2000TreeKey(
  iccKey: Buffer,
  atc: Buffer,
  { branchFactor, height, iv }: Tree = { branchFactor: 4, height: 8, iv: Buffer.alloc(16) },
): Buffer {
  requireEmvKey(iccKey);
  const leaf = requireBytes(atc, 2, 'application transaction counter').readUInt16BE();
  // Path from the root to the leaf, newest first: the last key is at [0], its parent at [1], its grandparent at [2].
  const path: Buffer[] = [Buffer.from(iccKey), Buffer.from(requireBytes(iv, 16, 'initial value of the tree'))];
  try {
    for (let level = 1; level <= height; level++) {
      const branch = Math.floor(leaf / branchFactor ** (height - level)) % branchFactor;
      path.unshift(child(path[0] as Buffer, path[1] as Buffer, branch));
    }
    return lend(xor(path[0] as Buffer, path[2] as Buffer), withOddParity);
  } finally {
    path.forEach((key) => key.fill(0));
  }
}

/** TDES(parent)[left half of the grandparent XOR branch] || TDES(parent)[right half XOR branch XOR F0] */
function child(parent: Buffer, grandparent: Buffer, branch: number): Buffer {
  const blocks = Buffer.from(grandparent);
  blocks[7] = (blocks[7] as number) ^ branch;
  blocks[15] = (blocks[15] as number) ^ branch ^ 0xf0;
  using cipher = tdes(parent);
  const key = cipher.encrypt(blocks);
  blocks.fill(0);
  return key;
}
