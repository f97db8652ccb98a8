import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type { HeldKey } from '../../crypto/held-key.js';

export const NONCE_BYTES = 16;
/**
 * Maximum number of messages that a derived key encrypts with random 96-bit IVs: among a million, an IV repeats with a
 * probability of 2^-57. NIST SP 800-38D, 8.3 allows 2^32 messages.
 */
const MAX_MESSAGES = 1_048_576;
/** Number of derived keys per material that are cached for decryption. */
const MAX_KNOWN = 64;

/** A key that is derived from a material. */
interface MessageKey {
  /** 16 random bytes, which ciphertexts contain. */
  readonly nonce: Buffer;
  readonly key: KeyObject;
  /** Header of its ciphertexts, once there is one. */
  header?: Buffer;
}

/**
 * The keys that encrypt messages, each HMAC-SHA-256 of a material over a random nonce. Deriving one costs as much as three encryptions of
 * a short message, so this process encrypts up to a million messages under one, and caches recently used keys for
 * decryption. They are cached as long as the material is (docs/adr/0016).
 */
class MessageKeys {
  #current?: MessageKey;
  #left = 0;
  /** By nonce, the latest last. */
  readonly #known = new Map<string, KeyObject>();

  constructor(private readonly material: HeldKey) {}

  forEncryption(): MessageKey {
    if (!this.#current || this.#left-- <= 0) {
      const nonce = randomBytes(NONCE_BYTES);
      this.#current = { nonce, key: this.forDecryption(nonce) };
      this.#left = MAX_MESSAGES - 1;
    }
    return this.#current;
  }

  forDecryption(nonce: Buffer): KeyObject {
    const name = nonce.toString('latin1');
    const known = this.#known.get(name);
    if (known) return known;
    const bytes = createHmac('sha256', this.material.keyObject).update(nonce).digest();
    const key = createSecretKey(bytes);
    bytes.fill(0);
    if (this.#known.size >= MAX_KNOWN) this.#forgetOldest();
    this.#known.set(name, key);
    return key;
  }

  #forgetOldest(): void {
    for (const name of this.#known.keys()) {
      this.#known.delete(name);
      return;
    }
  }
}

const KEYS = new WeakMap<HeldKey, MessageKeys>();

/** Returns the key that encrypts the next message under a material. */
export function keyForEncryption(material: HeldKey): MessageKey {
  return keysOf(material).forEncryption();
}

/** Returns the key that encrypted a message under a material. @param nonce of the ciphertext */
export function keyForDecryption(material: HeldKey, nonce: Buffer): KeyObject {
  return keysOf(material).forDecryption(nonce);
}

function keysOf(material: HeldKey): MessageKeys {
  let keys = KEYS.get(material);
  if (!keys) KEYS.set(material, (keys = new MessageKeys(material)));
  return keys;
}
