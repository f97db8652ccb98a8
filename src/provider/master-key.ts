import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { hmac } from '../crypto/hmac.js';

/** Layout of a sealed value: version (1), id of the master key, nonce, ciphertext, tag. */
const VERSION = 1;
const ID_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const GCM = { authTagLength: TAG_BYTES };
const HEADER_BYTES = 1 + ID_BYTES + NONCE_BYTES;
const KEY_BYTES = 32;

/**
 * Thrown if a sealed value doesn't open: it is sealed under another master key, or the value or its associated data was
 * changed.
 */
export class SealError extends Error {
  override readonly name = 'SealError';
}

/**
 * The keyring that seals all key material of a deployment with AES-256-GCM (NIST SP 800-38D). It holds two keys during
 * a rotation: it seals under the current key, and opens under the key that a sealed value names.
 */
export class MasterKey {
  readonly #keyring = new Map<string, KeyringKey>();
  #current: KeyringKey;
  #retiring: KeyringKey | undefined;

  /**
   * @param key 32 bytes; the keyring takes ownership and zeroizes it
   * @param others further keys that open values, 32 bytes each, also the keyring's to zeroize
   */
  constructor(key: Buffer, ...others: Buffer[]) {
    this.#current = this.#add(new KeyringKey(key));
    for (const other of others) this.#add(new KeyringKey(other));
  }

  /** Id of the current key, by `masterKeyId`. */
  get id(): string {
    return this.#current.id;
  }

  /** Id of the key that a rotation is replacing; undefined outside of a rotation. */
  get retiringId(): string | undefined {
    return this.#retiring?.id;
  }

  /** Ids of all keys of the keyring, the current one first. */
  get ids(): string[] {
    return [this.id, ...[...this.#keyring.keys()].filter((id) => id !== this.id)];
  }

  has(id: string): boolean {
    return this.#keyring.has(id);
  }

  /**
   * Seals a value with a fresh random nonce.
   *
   * @param aad   associated data; the value opens only with the same associated data
   * @param clear stays the caller's to zeroize
   * @param id    id of a key of the keyring, by default the current one
   */
  seal(aad: Buffer, clear: Buffer, id = this.id): Buffer {
    return this.#get(id).seal(aad, clear);
  }

  /**
   * Opens a sealed value.
   *
   * @param aad the associated data that the value was sealed with
   * @returns the clear bytes, the caller's to zeroize
   * @throws SealError
   */
  open(aad: Buffer, sealed: Buffer): Buffer {
    if (sealed[0] !== VERSION || sealed.length < HEADER_BYTES + TAG_BYTES) throw new SealError('Not a sealed value');
    const key = this.#current.hasSealed(sealed) ? this.#current : this.#keyring.get(sealedUnder(sealed));
    if (!key) throw new SealError('Sealed under another master key');
    return key.open(aad, sealed);
  }

  /** Opens a sealed value and seals it under a key of the keyring, by default the current one. @throws SealError */
  reseal(aad: Buffer, sealed: Buffer, id = this.id): Buffer {
    const clear = this.open(aad, sealed);
    try {
      return this.seal(aad, clear, id);
    } finally {
      clear.fill(0);
    }
  }

  /**
   * Adds a key that opens values; the current key stays the same.
   *
   * @param key 32 bytes; the keyring takes ownership and zeroizes it
   * @returns its id
   */
  add(key: Buffer): string {
    return this.#add(new KeyringKey(key)).id;
  }

  /** Wraps a key of the keyring under another, for nodes that have only the other. */
  wrap(id: string, under: string): Buffer {
    return this.#get(id).lend((key) => this.#get(under).seal(wrapAad(id), key));
  }

  /** Adds a key that was wrapped under a key of the keyring. @throws SealError */
  unwrap(id: string, wrapped: Buffer): void {
    const added = new KeyringKey(this.open(wrapAad(id), wrapped));
    if (added.id !== id) {
      added.wipe();
      throw new SealError('The wrapped master key has another id');
    }
    this.#add(added);
  }

  /** Makes a key of the keyring the current one. @param retiring id of the key that it replaces, during a rotation */
  use(id: string, retiring?: string): void {
    this.#current = this.#get(id);
    this.#retiring = retiring === undefined ? undefined : this.#get(retiring);
  }

  /** Ids of the keys that are neither current nor retiring: no stored value is sealed under them. */
  get retiredIds(): string[] {
    return [...this.#keyring.values()].filter((key) => this.#isRetired(key)).map(({ id }) => id);
  }

  /** Zeroizes and drops retired keys, by default all of them. Values that are sealed under them no longer open. */
  wipeRetired(ids: readonly string[] = this.retiredIds): void {
    for (const id of ids) {
      const key = this.#keyring.get(id);
      if (!key || !this.#isRetired(key)) continue;
      key.wipe();
      this.#keyring.delete(id);
    }
  }

  /**
   * Lends a key, 32 bytes, to one computation, which must not keep it.
   *
   * @param id id of a key of the keyring, by default the current one
   */
  lend<T>(compute: (key: Buffer) => T, id = this.id): T {
    return this.#get(id).lend(compute);
  }

  #isRetired(key: KeyringKey): boolean {
    return key !== this.#current && key !== this.#retiring;
  }

  #add(key: KeyringKey): KeyringKey {
    const known = this.#keyring.get(key.id);
    if (known) {
      key.wipe();
      return known;
    }
    this.#keyring.set(key.id, key);
    return key;
  }

  #get(id: string): KeyringKey {
    const key = this.#keyring.get(id);
    if (!key) throw new Error(`Master key ${id} is not in the keyring`);
    return key;
  }
}

/** Returns the id of a master key of 32 bytes: 16 hexadecimal digits of an HMAC, which reveal nothing about the key. */
export function masterKeyId(key: Buffer): string {
  return idBytes(key).toString('hex');
}

function idBytes(key: Buffer): Buffer {
  return hmac('SHA256', key, Buffer.from('keyblock master key id'), ID_BYTES);
}

/** Returns the id of the master key that a sealed value names, whether or not the value opens. */
export function sealedUnder(sealed: Buffer): string {
  return sealed.subarray(1, 1 + ID_BYTES).toString('hex');
}

function wrapAad(id: string): Buffer {
  return Buffer.from(JSON.stringify(['master key', id]));
}

/**
 * A key of the keyring. Each computation creates its own KeyObject: a kept one would outlive `wipe`, because OpenSSL
 * clears its copy of the key only when the garbage collector frees the object.
 */
class KeyringKey {
  readonly id: string;
  readonly #idBytes: Buffer;
  readonly #key: Buffer;

  constructor(key: Buffer) {
    if (key.length !== KEY_BYTES) throw new Error('A master key has 32 bytes');
    this.#key = key;
    this.#idBytes = idBytes(key);
    this.id = this.#idBytes.toString('hex');
  }

  seal(aad: Buffer, clear: Buffer): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const header = Buffer.concat([Buffer.from([VERSION]), this.#idBytes, nonce]);
    const cipher = createCipheriv('aes-256-gcm', createSecretKey(this.#key), nonce, GCM).setAAD(aad);
    return Buffer.concat([header, cipher.update(clear), cipher.final(), cipher.getAuthTag()]);
  }

  /** True if a sealed value names this key. */
  hasSealed(value: Buffer): boolean {
    return this.#idBytes.compare(value, 1, 1 + ID_BYTES) === 0;
  }

  open(aad: Buffer, sealed: Buffer): Buffer {
    const nonce = sealed.subarray(1 + ID_BYTES, HEADER_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', createSecretKey(this.#key), nonce, GCM)
      .setAAD(aad)
      .setAuthTag(sealed.subarray(-TAG_BYTES));
    const clear = decipher.update(sealed.subarray(HEADER_BYTES, -TAG_BYTES));
    try {
      decipher.final();
      return clear;
    } catch {
      clear.fill(0);
      throw new SealError('The sealed value or its associated data was changed');
    }
  }

  lend<T>(compute: (key: Buffer) => T): T {
    return compute(this.#key);
  }

  wipe(): void {
    this.#key.fill(0);
  }
}
