import { createSecretKey, type KeyObject } from 'node:crypto';
import { readPrivateKey } from './asymmetric-key.js';
import { BlockCipher } from './block-cipher.js';

/**
 * A key that is used repeatedly, with the ciphers that were created from it. Creating OpenSSL objects costs several
 * times as much as encrypting a block. Key and key schedules are in OpenSSL's memory, outside V8's heap: no heap
 * snapshot, log or JSON can show them. OpenSSL clears them when this object is garbage collected. See docs/adr/0016.
 */
export class HeldKey {
  /** In bytes. */
  readonly length: number;
  /** For constructions that take the key as a KeyObject, such as an HMAC. */
  readonly keyObject: KeyObject;
  readonly #ciphers = new Map<string, BlockCipher>();
  #privateKey?: KeyObject;

  /** @param clear raw bytes of a symmetric key, DER of an asymmetric key; the caller zeroizes it */
  constructor(clear: Buffer) {
    this.length = clear.length;
    this.keyObject = createSecretKey(clear);
  }

  /** The private key, if this is the PKCS#8 of one, which is read at its first use. @throws CryptoError KEY_TYPE */
  get privateKey(): KeyObject {
    return (this.#privateKey ??= lendBytes(this, readPrivateKey));
  }

  /**
   * Returns the cipher of this name, and creates it at its first use.
   *
   * @param name   identifies the cipher among those of this key
   * @param create receives this key; must return a cipher that `using` doesn't dispose of
   */
  cipher(name: string, create: (key: HeldKey) => HeldCipher): BlockCipher {
    let cipher = this.#ciphers.get(name);
    if (!cipher) this.#ciphers.set(name, (cipher = create(this)));
    return cipher;
  }
}

/** A cipher that outlives the computation that uses it. */
export class HeldCipher extends BlockCipher {
  override [Symbol.dispose](): void {
    // The HeldKey keeps the cipher.
  }
}

/** A symmetric key for a computation: its raw bytes, which the caller zeroizes, or a HeldKey. */
export type SymmetricKey = Buffer | HeldKey;

/**
 * Lends the bytes of a key to a computation that can't work with ciphers.
 *
 * @param compute must not keep the buffer or a view of it; a held key's is zeroized
 */
export function lendBytes<T>(key: SymmetricKey, compute: (clear: Buffer) => T): T {
  return Buffer.isBuffer(key) ? compute(key) : lendSecret(key.keyObject, compute);
}

/** Lends the bytes of a secret KeyObject. @param compute must not keep the buffer or a view of it */
export function lendSecret<T>(secret: KeyObject, compute: (clear: Buffer) => T): T {
  const clear = secret.export();
  try {
    return compute(clear);
  } finally {
    clear.fill(0);
  }
}

/**
 * Creates a cipher for one computation, or returns the one that a HeldKey keeps.
 *
 * @param name OpenSSL's cipher name without the mode
 */
export function cipherOf(name: string, key: SymmetricKey, blockBytes: 8 | 16): BlockCipher {
  return Buffer.isBuffer(key)
    ? new BlockCipher(name, key, blockBytes)
    : key.cipher(name, ({ keyObject }) => new HeldCipher(name, keyObject, blockBytes));
}
