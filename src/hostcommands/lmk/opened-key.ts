import { aes } from '../../crypto/aes.js';
import { toHex } from '../../crypto/bytes.js';
import { tdes } from '../../crypto/des.js';
import { HeldKey, type SymmetricKey } from '../../crypto/held-key.js';
import { kcvCmac, kcvEcb } from '../../crypto/kcv.js';
import { BLOCK_CIPHER_BYTES, type KeyAlgorithm } from '../../payment/keys/key-attributes.js';
import type { KeyRequirement } from '../../payment/keys/key-rules.js';
import type { Synchronous } from '../../provider/crypto-provider.js';
import type { HostKey } from '../command.js';
import { type HostKeyAttributes, takesSingleLength } from '../layouts/block-header.js';

/** An opened key in the cache. */
export interface OpenedKey {
  readonly kcv: string;
  readonly algorithm: KeyAlgorithm;
  /** Length of the host's key. */
  readonly bytes: number;
  /** A single-length DES key is stored as two equal halves. */
  readonly held: HeldKey;
}

/** A key under an LMK, for one command. */
export class LentKey implements HostKey {
  /** @param arn of the LMK */
  constructor(
    readonly arn: string,
    private readonly key: OpenedKey,
    readonly attributes?: HostKeyAttributes,
  ) {}

  get kcv(): string {
    return this.key.kcv;
  }

  get algorithm(): KeyAlgorithm {
    return this.key.algorithm;
  }

  get bytes(): number {
    return this.key.bytes;
  }

  use<T>(compute: (key: SymmetricKey) => Synchronous<T>): T {
    return compute(this.key.held);
  }
}

/** Holds a key of AES, or a DES key of 8, 16 or 24 bytes. @param clear the caller zeroizes it */
export function opened(clear: Buffer, isAes: boolean): OpenedKey {
  const whole = clear.length === 8 ? Buffer.concat([clear, clear]) : Buffer.from(clear);
  try {
    const held = new HeldKey(whole);
    return {
      kcv: toHex(isAes ? kcvCmac(aes(held)) : kcvEcb(tdes(held))),
      algorithm: algorithmOf(whole.length, isAes),
      bytes: clear.length,
      held,
    };
  } finally {
    whole.fill(0);
  }
}

/** Returns the algorithm of a key. @param bytes length of a key of AES, or of TDES with at least two parts */
export function algorithmOf(bytes: number, isAes: boolean): KeyAlgorithm {
  const [algorithm] = Object.entries(BLOCK_CIPHER_BYTES).find(
    ([name, length]) => length === bytes && name.startsWith('AES') === isAes,
  ) as [KeyAlgorithm, number];
  return algorithm;
}

/** Returns true if a command takes keys of this algorithm and length. */
export function takesLength(
  rule: KeyRequirement,
  { algorithm, bytes }: Pick<OpenedKey, 'algorithm' | 'bytes'>,
): boolean {
  return rule.algorithms.includes(algorithm) && (bytes !== 8 || takesSingleLength(rule.usages));
}
