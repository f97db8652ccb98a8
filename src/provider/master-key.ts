import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { hmac } from '../crypto/hmac.js';

/** Layout of what is sealed: version 1, id of the master key, nonce, ciphertext, tag. */
const VERSION = 1;
const ID_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const GCM = { authTagLength: TAG_BYTES };
const HEADER_BYTES = 1 + ID_BYTES + NONCE_BYTES;
const KEY_BYTES = 32;

/** What was sealed doesn't open: another master key, or the bytes or what they are bound to were changed. */
export class SealError extends Error {
  override readonly name = 'SealError';
}

/**
 * What all key material of a deployment is sealed under: AES-256-GCM, NIST SP 800-38D. It is a ring of keys, since there are
 * two while one takes the place of the other: it seals under the current one and opens under whichever a value names.
 */
export class MasterKey {
  readonly #ring = new Map<string, RingKey>();
  #current: RingKey;
  #retiring: RingKey | undefined;

  /**
   * @param key    32 bytes, from now on the ring's to zeroize
   * @param others that may be needed too, as `key`
   */
  constructor(key: Buffer, ...others: Buffer[]) {
    this.#current = this.#add(new RingKey(key));
    for (const other of others) this.#add(new RingKey(other));
  }

  /** 16 hexadecimal digits that name the current key and tell nothing about it. */
  get id(): string {
    return this.#current.id;
  }

  /** Id of the key that is being replaced, while it is. */
  get retiringId(): string | undefined {
    return this.#retiring?.id;
  }

  /** All keys that it opens with, the current one first. */
  get ids(): string[] {
    return [this.id, ...[...this.#ring.keys()].filter((id) => id !== this.id)];
  }

  has(id: string): boolean {
    return this.#ring.has(id);
  }

  /**
   * Seals with a fresh random nonce.
   *
   * @param bound what the result belongs to; it must be the same to open it
   * @param clear stays the caller's to zeroize
   * @param id    of the key of the ring, the current one
   */
  seal(bound: Buffer, clear: Buffer, id = this.id): Buffer {
    return this.#get(id).seal(bound, clear);
  }

  /**
   * @param bound as it was when sealed
   * @returns the clear bytes, the caller's to zeroize
   * @throws SealError
   */
  open(bound: Buffer, sealed: Buffer): Buffer {
    if (sealed[0] !== VERSION || sealed.length < HEADER_BYTES + TAG_BYTES) throw new SealError('Not a sealed value');
    const key = this.#current.sealed(sealed) ? this.#current : this.#ring.get(sealedUnder(sealed));
    if (!key) throw new SealError('Sealed under another master key');
    return key.open(bound, sealed);
  }

  /** Seals under a key of the ring, the current one, what was sealed under another. @throws SealError */
  reseal(bound: Buffer, sealed: Buffer, id = this.id): Buffer {
    const clear = this.open(bound, sealed);
    try {
      return this.seal(bound, clear, id);
    } finally {
      clear.fill(0);
    }
  }

  /** Takes a key in, to open with; what it seals under stays. @param key 32 bytes, from now on the ring's to zeroize */
  add(key: Buffer): string {
    return this.#add(new RingKey(key)).id;
  }

  /** One key of the ring sealed under another, for who has only that one. */
  wrap(id: string, under: string): Buffer {
    return this.#get(id).lend((key) => this.#get(under).seal(wrapBound(id), key));
  }

  /** Takes in a key that was wrapped under one of the ring. @throws SealError */
  unwrap(id: string, wrapped: Buffer): void {
    const added = new RingKey(this.open(wrapBound(id), wrapped));
    if (added.id !== id) {
      added.wipe();
      throw new SealError('The wrapped master key is another one');
    }
    this.#add(added);
  }

  /** Seals under this key of the ring from now on; `retiring` is the one that it replaces, while that lasts. */
  use(id: string, retiring?: string): void {
    this.#current = this.#get(id);
    this.#retiring = retiring === undefined ? undefined : this.#get(retiring);
  }

  /** Keys that nothing is sealed under any more. */
  get retiredIds(): string[] {
    return [...this.#ring.values()].filter((key) => this.#isRetired(key)).map(({ id }) => id);
  }

  /** Zeroizes keys that nothing is sealed under any more, all or those named: what names them doesn't open from now on. */
  wipeRetired(ids: readonly string[] = this.retiredIds): void {
    for (const id of ids) {
      const key = this.#ring.get(id);
      if (!key || !this.#isRetired(key)) continue;
      key.wipe();
      this.#ring.delete(id);
    }
  }

  /** Lends the current key, 32 bytes, to one computation that keeps nothing of it. */
  lend<T>(compute: (key: Buffer) => T): T {
    return this.#current.lend(compute);
  }

  #isRetired(key: RingKey): boolean {
    return key !== this.#current && key !== this.#retiring;
  }

  #add(key: RingKey): RingKey {
    const known = this.#ring.get(key.id);
    if (known) {
      key.wipe();
      return known;
    }
    this.#ring.set(key.id, key);
    return key;
  }

  #get(id: string): RingKey {
    const key = this.#ring.get(id);
    if (!key) throw new Error(`Master key ${id} is not in the ring`);
    return key;
  }
}

/** Id of the master key that a value names, whether or not it opens. */
export function sealedUnder(sealed: Buffer): string {
  return sealed.subarray(1, 1 + ID_BYTES).toString('hex');
}

function wrapBound(id: string): Buffer {
  return Buffer.from(JSON.stringify(['master key', id]));
}

/**
 * One key of the ring. Each computation makes a KeyObject of its own: one that was kept would outlive `wipe`, since OpenSSL
 * clears it only when the garbage collector frees it.
 */
class RingKey {
  readonly id: string;
  readonly #idBytes: Buffer;
  readonly #key: Buffer;

  constructor(key: Buffer) {
    if (key.length !== KEY_BYTES) throw new Error('A master key has 32 bytes');
    this.#key = key;
    this.#idBytes = hmac('SHA256', key, Buffer.from('keyblock master key id'), ID_BYTES);
    this.id = this.#idBytes.toString('hex');
  }

  seal(bound: Buffer, clear: Buffer): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const header = Buffer.concat([Buffer.from([VERSION]), this.#idBytes, nonce]);
    const cipher = createCipheriv('aes-256-gcm', createSecretKey(this.#key), nonce, GCM).setAAD(bound);
    return Buffer.concat([header, cipher.update(clear), cipher.final(), cipher.getAuthTag()]);
  }

  /** Whether a value names this key. */
  sealed(value: Buffer): boolean {
    return this.#idBytes.compare(value, 1, 1 + ID_BYTES) === 0;
  }

  open(bound: Buffer, sealed: Buffer): Buffer {
    const nonce = sealed.subarray(1 + ID_BYTES, HEADER_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', createSecretKey(this.#key), nonce, GCM)
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

  lend<T>(compute: (key: Buffer) => T): T {
    return compute(this.#key);
  }

  wipe(): void {
    this.#key.fill(0);
  }
}
