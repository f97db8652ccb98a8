import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import { CryptoError } from './errors.js';

/** One zero block per block length in bytes. Shared, so never write to it. */
export const ZEROS = { 8: Buffer.alloc(8), 16: Buffer.alloc(16) } as const;

/** OpenSSL's names for CFB and OFB. OpenSSL has no `cfb1` or `cfb8` for two-key TDES (`des-ede`). */
export type StreamMode = 'cfb' | 'cfb1' | 'cfb8' | 'ofb';

/**
 * A block cipher under one key, for the duration of one computation. Create it with `tdes`, `des` or `aes` and declare
 * it with `using`, so that OpenSSL clears the key schedule when the computation ends:
 *
 *     using cipher = tdes(key);
 *     return cipher.encrypt(block);
 *
 * The cipher keeps its OpenSSL objects, because creating one costs three to four times as much as encrypting a block.
 * It passes the key as a KeyObject, because in Node 24 creating a cipher from a Buffer takes four times as long. The
 * KeyObject's copy of the key is in OpenSSL's memory and cannot appear in logs or JSON. OpenSSL clears that copy when
 * the KeyObject is garbage collected, some time after disposal. A disposed cipher throws ReferenceError.
 */
export class BlockCipher implements Disposable {
  /** A CBC object that also encrypts single blocks, so that one object serves both a MAC and its subkeys. */
  #chainer?: ReturnType<typeof createCipheriv>;
  /** The chainer's last output block, which it XORs into the next input block. May be key material. */
  readonly #last: Buffer;
  #encryptor?: ReturnType<typeof createCipheriv>;
  #decryptor?: ReturnType<typeof createDecipheriv>;
  #key: KeyObject | undefined;

  /**
   * @param name       OpenSSL's cipher name without the mode: `des-ede`, `des-ede3`, `aes-128`, ...
   * @param key        key of the length that this cipher requires; the caller may zeroize its bytes at any time
   * @param blockBytes 8 (TDES) or 16 (AES)
   */
  constructor(
    private readonly name: string,
    key: Buffer | KeyObject,
    readonly blockBytes: 8 | 16,
  ) {
    this.#key = Buffer.isBuffer(key) ? createSecretKey(key) : key;
    this.#last = Buffer.alloc(blockBytes);
  }

  /** Encrypts whole blocks in ECB. @throws CryptoError DATA_LENGTH */
  encrypt(blocks: Buffer): Buffer {
    if (blocks.length === this.blockBytes) return this.#chain(blocks);
    this.#encryptor ??= createCipheriv(this.#mode('ecb'), this.#liveKey(), null).setAutoPadding(false);
    return this.#encryptor.update(this.#whole(blocks));
  }

  /** Decrypts whole blocks in ECB. @throws CryptoError DATA_LENGTH */
  decrypt(blocks: Buffer): Buffer {
    this.#decryptor ??= createDecipheriv(this.#mode('ecb'), this.#liveKey(), null).setAutoPadding(false);
    return this.#decryptor.update(this.#whole(blocks));
  }

  /** Encrypts whole blocks in CBC. @throws CryptoError DATA_LENGTH, IV_LENGTH */
  encryptCbc(iv: Buffer, blocks: Buffer): Buffer {
    return this.#chain(this.#whole(blocks), this.#iv(iv));
  }

  /** Decrypts whole blocks in CBC. @throws CryptoError DATA_LENGTH, IV_LENGTH */
  decryptCbc(iv: Buffer, blocks: Buffer): Buffer {
    const decipher = createDecipheriv(this.#mode('cbc'), this.#liveKey(), this.#iv(iv)).setAutoPadding(false);
    const result = decipher.update(this.#whole(blocks));
    decipher.final();
    return result;
  }

  /** Encrypts or decrypts data of any length in CFB or OFB. @throws CryptoError IV_LENGTH */
  stream(mode: StreamMode, direction: 'encrypt' | 'decrypt', iv: Buffer, data: Buffer): Buffer {
    const create = direction === 'encrypt' ? createCipheriv : createDecipheriv;
    const object = create(this.#mode(mode), this.#liveKey(), this.#iv(iv));
    const result = object.update(data);
    object.final();
    return result;
  }

  /**
   * Finalizes the OpenSSL objects, so that OpenSSL clears and frees their key schedules now rather than at garbage
   * collection. A KeyObject has no such method and is left to the garbage collector.
   */
  [Symbol.dispose](): void {
    this.#chainer?.final();
    this.#encryptor?.final();
    this.#decryptor?.final();
    this.#last.fill(0);
    this.#chainer = undefined;
    this.#encryptor = undefined;
    this.#decryptor = undefined;
    this.#key = undefined;
  }

  /**
   * Encrypts blocks in CBC, or a single block in ECB when `iv` is absent. From the second call on, cancels the
   * chainer's previous output block by XORing it into the input.
   */
  #chain(blocks: Buffer, iv?: Buffer): Buffer {
    const { blockBytes } = this;
    const key = this.#liveKey();
    if (blocks.length === 0) return Buffer.alloc(0);
    let output: Buffer;
    if (this.#chainer === undefined) {
      const first = iv ?? ZEROS[blockBytes];
      this.#chainer = createCipheriv(this.#mode('cbc'), key, first).setAutoPadding(false);
      output = this.#chainer.update(blocks);
    } else {
      const input = Buffer.from(blocks);
      for (let i = 0; i < blockBytes; i++) input[i] = (input[i] as number) ^ (this.#last[i] as number) ^ (iv?.[i] ?? 0);
      output = this.#chainer.update(input);
      input.fill(0);
    }
    output.copy(this.#last, 0, output.length - blockBytes);
    return output;
  }

  #liveKey(): KeyObject {
    if (this.#key === undefined) throw new ReferenceError('The cipher was disposed of');
    return this.#key;
  }

  /** OpenSSL's name for TDES in ECB is the cipher name without a mode. */
  #mode(mode: 'ecb' | 'cbc' | StreamMode): string {
    return mode === 'ecb' && this.blockBytes === 8 ? this.name : `${this.name}-${mode}`;
  }

  #whole(blocks: Buffer): Buffer {
    if (blocks.length % this.blockBytes !== 0)
      throw new CryptoError('DATA_LENGTH', `Data must be a multiple of ${this.blockBytes} bytes`);
    return blocks;
  }

  #iv(iv: Buffer): Buffer {
    if (iv.length !== this.blockBytes)
      throw new CryptoError('IV_LENGTH', `The initialization vector must be ${this.blockBytes} bytes`);
    return iv;
  }
}
