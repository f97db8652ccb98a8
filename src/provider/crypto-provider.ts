import { Injectable } from '@nestjs/common';
import type { Key } from '../payment/keys/key.entity.js';
import { modeNames } from '../payment/keys/key-rules.js';
import { generateKeyMaterial, keyCheckValue } from '../payment/keys/key-material.js';
import { MaskedKeys } from './masked-keys.js';
import { MasterKey } from './master-key.js';
import type { PairIdentity } from './pair-identity.js';

/** What sealed material is bound to: none of it can be changed in the database without the key being lost. */
export type KeyIdentity = Pick<
  Key,
  'arn' | 'class' | 'usage' | 'algorithm' | 'modes' | 'deriveKeyUsage' | 'exportable' | 'kcv' | 'kcvAlgorithm'
>;

/** What a caller may compute with a lent key: nothing that goes on after it returns. */
export type Synchronous<T> = T extends PromiseLike<unknown> ? never : T;

/** Makes, seals and lends key material: clear key bytes are in here and in what `use` calls, nowhere else. */
@Injectable()
export class CryptoProvider {
  /** By key as it was read: nobody changes one, and a busy one serves many calls before it is read again. */
  readonly #opened = new MaskedKeys();

  constructor(private readonly masterKey: MasterKey) {}

  /** Generates material for a key, and seals it. */
  async generate(identity: Omit<KeyIdentity, 'kcv'>): Promise<{ kcv: string; sealed: Buffer }> {
    const clear = await generateKeyMaterial(identity.algorithm);
    try {
      return this.seal(identity, clear);
    } finally {
      clear.fill(0);
    }
  }

  /**
   * Seals material that comes from outside.
   *
   * @param clear raw bytes of a symmetric key, DER of the certificate of a public key; stays the caller's to zeroize
   */
  seal(identity: Omit<KeyIdentity, 'kcv'>, clear: Buffer): { kcv: string; sealed: Buffer } {
    const kcv = keyCheckValue(identity.algorithm, identity.kcvAlgorithm, clear);
    return { kcv, sealed: this.masterKey.seal(bound({ ...identity, kcv }), clear) };
  }

  /**
   * Generates a key pair that the service keeps for itself, and seals it.
   *
   * @param certify gets the pair as DER PKCS#8, may not keep it, and returns its certificate
   */
  async generatePair<T extends Omit<PairIdentity, 'certificate'>>(
    identity: T,
    certify: (privateKey: Buffer) => Buffer,
  ): Promise<T & { certificate: Buffer; sealed: Buffer }> {
    const clear = await generateKeyMaterial(identity.algorithm);
    try {
      const certified = { ...identity, certificate: certify(clear) };
      return { ...certified, sealed: this.sealPair(certified, clear) };
    } finally {
      clear.fill(0);
    }
  }

  /** Seals a key pair of the service itself. @param clear DER PKCS#8; stays the caller's to zeroize */
  sealPair(identity: PairIdentity, clear: Buffer): Buffer {
    return this.masterKey.seal(bound(identity), clear);
  }

  /**
   * Lends the clear key for one computation and zeroizes it.
   *
   * @param compute gets raw bytes of a symmetric key, DER PKCS#8 of a key pair, DER of the certificate of a public key; may
   *   keep neither them nor a view of them
   * @throws SealError where the key isn't as it was sealed
   */
  use<T>(key: (KeyIdentity | PairIdentity) & Pick<Key, 'sealed'>, compute: (clear: Buffer) => Synchronous<T>): T {
    const clear = this.#opened.get(key) ?? this.#open(key);
    try {
      return compute(clear);
    } finally {
      clear.fill(0);
    }
  }

  /**
   * Seals the material of a key anew for another Region.
   *
   * @param arn of the replica; what else it is bound to is the same
   * @throws SealError where the key isn't as it was sealed
   */
  reseal(key: KeyIdentity & Pick<Key, 'sealed'>, arn: string): Buffer {
    return this.use(key, (clear) => this.masterKey.seal(bound({ ...key, arn }), clear));
  }

  #open(key: (KeyIdentity | PairIdentity) & Pick<Key, 'sealed'>): Buffer {
    if (!key.sealed) throw new Error(`${'arn' in key ? key.arn : key.id} was read without its material`);
    const clear = this.masterKey.open(bound(key), key.sealed);
    this.#opened.remember(key, clear);
    return clear;
  }
}

/** What material is sealed for. One spelling for one identity: a JSON array, in which no value can pass for two. No purpose is an ARN. */
export function bound(identity: KeyIdentity | PairIdentity): Buffer {
  return Buffer.from(JSON.stringify('arn' in identity ? valuesOfKey(identity) : valuesOfPair(identity)));
}

function valuesOfKey(key: KeyIdentity): unknown[] {
  const { arn, usage, algorithm, modes, deriveKeyUsage, exportable, kcv, kcvAlgorithm } = key;
  return [arn, key.class, usage, algorithm, modeNames(modes), deriveKeyUsage, exportable, kcv, kcvAlgorithm];
}

function valuesOfPair({ purpose, accountId, region, id, algorithm, certificate }: PairIdentity): unknown[] {
  return [purpose, accountId, region, id, algorithm, certificate.toString('base64')];
}
