import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';

/** Layout of what is sealed: version 1, id of the master key, nonce, ciphertext, tag. */
const VERSION = 1;
const ID_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + ID_BYTES + NONCE_BYTES;

/** What was sealed doesn't open: another master key, or the bytes or what they are bound to were changed. */
export class SealError extends Error {
  override readonly name = 'SealError';
}

/** The key that all key material of a deployment is sealed under: AES-256-GCM, NIST SP 800-38D. */
export class MasterKey {
  /** 16 hexadecimal digits that name this key and tell nothing about it. */
  readonly id: string;
  readonly #idBytes: Buffer;
  readonly #key: Buffer;

  /** @param key 32 bytes */
  constructor(key: Buffer) {
    if (key.length !== 32) throw new Error('A master key has 32 bytes');
    this.#key = key;
    this.#idBytes = createHmac('sha256', key).update('keyblock master key id').digest().subarray(0, ID_BYTES);
    this.id = this.#idBytes.toString('hex');
  }

  /**
   * Seals with a fresh random nonce.
   *
   * @param bound what the result belongs to; it must be the same to open it
   * @param clear stays the caller's to zeroize
   */
  seal(bound: Buffer, clear: Buffer): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const header = Buffer.concat([Buffer.from([VERSION]), this.#idBytes, nonce]);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG_BYTES }).setAAD(bound);
    return Buffer.concat([header, cipher.update(clear), cipher.final(), cipher.getAuthTag()]);
  }

  /**
   * @param bound as it was when sealed
   * @returns the clear bytes, the caller's to zeroize
   * @throws SealError
   */
  open(bound: Buffer, sealed: Buffer): Buffer {
    if (sealed[0] !== VERSION || sealed.length < HEADER_BYTES + TAG_BYTES) throw new SealError('Not a sealed value');
    if (this.#idBytes.compare(sealed, 1, 1 + ID_BYTES) !== 0) throw new SealError('Sealed under another master key');
    const nonce = sealed.subarray(1 + ID_BYTES, HEADER_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG_BYTES })
      .setAAD(bound)
      .setAuthTag(sealed.subarray(-TAG_BYTES));
    const clear = decipher.update(sealed.subarray(HEADER_BYTES, -TAG_BYTES));
    try {
      decipher.final();
      return clear;
    } catch {
      clear.fill(0);
      throw new SealError('The sealed value or what it is bound to was changed');
    }
  }
}
