import { Injectable } from '@nestjs/common';
import type { Key } from '../keys/key.entity.js';
import { modeNames } from '../keys/key-rules.js';
import { generateKeyMaterial, keyCheckValue } from './key-material.js';
import { MasterKey } from './master-key.js';

/** What sealed material is bound to: none of it can be changed in the database without the key being lost. */
export type KeyIdentity = Pick<
  Key,
  'arn' | 'class' | 'usage' | 'algorithm' | 'modes' | 'deriveKeyUsage' | 'exportable' | 'kcv' | 'kcvAlgorithm'
>;

/** What a caller may compute with a lent key: nothing that goes on after it returns. */
type Synchronous<T> = T extends PromiseLike<unknown> ? never : T;

/** Makes, seals and lends key material: clear key bytes are in here and in what `use` calls, nowhere else. */
@Injectable()
export class CryptoProvider {
  /** By key as it was read: nobody changes one, and a busy one serves many calls before it is read again. */
  readonly #bound = new WeakMap<KeyIdentity, Buffer>();

  constructor(private readonly masterKey: MasterKey) {}

  /** Generates material for a key, and seals it. */
  async generate(identity: Omit<KeyIdentity, 'kcv'>): Promise<{ kcv: string; sealed: Buffer }> {
    const clear = await generateKeyMaterial(identity.algorithm);
    try {
      const kcv = keyCheckValue(identity.algorithm, identity.kcvAlgorithm, clear);
      return { kcv, sealed: this.masterKey.seal(bound({ ...identity, kcv }), clear) };
    } finally {
      clear.fill(0);
    }
  }

  /**
   * Lends the clear key for one computation and zeroizes it.
   *
   * @param compute gets raw bytes of a symmetric key, DER PKCS#8 of a key pair; may keep neither them nor a view of them
   * @throws SealError where the key isn't as it was sealed
   */
  use<T>(key: KeyIdentity & Pick<Key, 'sealed'>, compute: (clear: Buffer) => Synchronous<T>): T {
    if (!key.sealed) throw new Error(`${key.arn} was read without its material`);
    const clear = this.masterKey.open(this.#boundOf(key), key.sealed);
    try {
      return compute(clear);
    } finally {
      clear.fill(0);
    }
  }

  #boundOf(key: KeyIdentity): Buffer {
    const known = this.#bound.get(key);
    if (known) return known;
    const bytes = bound(key);
    this.#bound.set(key, bytes);
    return bytes;
  }
}

/** One spelling for one identity: a JSON array, in which no value can pass for two. */
function bound(identity: KeyIdentity): Buffer {
  const { arn, usage, algorithm, modes, deriveKeyUsage, exportable, kcv, kcvAlgorithm } = identity;
  return Buffer.from(
    JSON.stringify([
      arn,
      identity.class,
      usage,
      algorithm,
      modeNames(modes),
      deriveKeyUsage,
      exportable,
      kcv,
      kcvAlgorithm,
    ]),
  );
}
