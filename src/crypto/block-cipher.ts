import { createCipheriv, createDecipheriv } from 'node:crypto';
import { CryptoError } from './errors.js';

/** A block of zeros of each length; nobody writes to it. */
export const ZEROS = { 8: Buffer.alloc(8), 16: Buffer.alloc(16) } as const;

/**
 * A block cipher under one key, for as long as one computation takes. `tdes`, `des` and `aes` make it; hold it with
 * `using`, so that OpenSSL clears the key schedule when the computation ends:
 *
 *     using cipher = tdes(key);
 *     return cipher.encrypt(block);
 *
 * It works through long-lived OpenSSL objects: a new one costs three to four times as much as a block. The key is in
 * a private field, out of the sight of logs and JSON. A cipher that was disposed of throws ReferenceError.
 */
export class BlockCipher implements Disposable {
  /** In CBC, which serves for single blocks as well: so one object does for a MAC and its subkeys. */
  #chainer?: ReturnType<typeof createCipheriv>;
  /** The block that the chainer gave last and takes into the next. May be a key. */
  readonly #last: Buffer;
  #encryptor?: ReturnType<typeof createCipheriv>;
  #decryptor?: ReturnType<typeof createDecipheriv>;
  #key: Buffer | undefined;

  /**
   * @param name       OpenSSL's name without the mode: `des-ede`, `des-ede3`, `aes-128`, ...
   * @param key        as OpenSSL wants it for that name; stays the caller's to zeroize
   * @param blockBytes 8 (TDES) or 16 (AES)
   */
  constructor(
    private readonly name: string,
    key: Buffer,
    readonly blockBytes: 8 | 16,
  ) {
    this.#key = key;
    this.#last = Buffer.alloc(blockBytes);
  }

  /** Encrypts whole blocks in ECB. @throws CryptoError DATA_LENGTH */
  encrypt(blocks: Buffer): Buffer {
    if (blocks.length === this.blockBytes) return this.#chain(blocks);
    this.#encryptor ??= createCipheriv(this.#mode('ecb'), this.#lentKey(), null).setAutoPadding(false);
    return this.#encryptor.update(this.#whole(blocks));
  }

  /** Decrypts whole blocks in ECB. @throws CryptoError DATA_LENGTH */
  decrypt(blocks: Buffer): Buffer {
    this.#decryptor ??= createDecipheriv(this.#mode('ecb'), this.#lentKey(), null).setAutoPadding(false);
    return this.#decryptor.update(this.#whole(blocks));
  }

  /** Encrypts whole blocks in CBC. @throws CryptoError DATA_LENGTH, IV_LENGTH */
  encryptCbc(iv: Buffer, blocks: Buffer): Buffer {
    return this.#chain(this.#whole(blocks), this.#iv(iv));
  }

  /** Decrypts whole blocks in CBC. @throws CryptoError DATA_LENGTH, IV_LENGTH */
  decryptCbc(iv: Buffer, blocks: Buffer): Buffer {
    const decipher = createDecipheriv(this.#mode('cbc'), this.#lentKey(), this.#iv(iv)).setAutoPadding(false);
    const result = decipher.update(this.#whole(blocks));
    decipher.final();
    return result;
  }

  /** Ends the long-lived objects: OpenSSL frees and clears their key schedules now, not when the garbage collector comes. */
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
   * Encrypts blocks in CBC, or one block in ECB where there is no iv. From the second call on, the chainer's own last block
   * is taken out first.
   */
  #chain(blocks: Buffer, iv?: Buffer): Buffer {
    const { blockBytes } = this;
    const key = this.#lentKey();
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

  /** After its time the key's buffer holds zeros or another key: rather nothing than that. */
  #lentKey(): Buffer {
    if (this.#key === undefined) throw new ReferenceError('The cipher was disposed of');
    return this.#key;
  }

  /** OpenSSL calls ECB of TDES by the bare name. */
  #mode(mode: 'ecb' | 'cbc'): string {
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
