import { createCipheriv, createDecipheriv } from 'node:crypto';
import { CryptoError } from './errors.js';

/**
 * A block cipher under one key, for as long as one computation takes. `tdes`, `des` and `aes` make it; hold it with
 * `using`, so that OpenSSL clears the key schedule when the computation ends:
 *
 *     using cipher = tdes(key);
 *     return cipher.encrypt(block);
 *
 * ECB runs through one long-lived OpenSSL object: a new one costs three to four times as much as a block. The key is in
 * a private field, out of the sight of logs and JSON. A cipher that was disposed of throws ReferenceError.
 */
export class BlockCipher implements Disposable {
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
  }

  /** Encrypts whole blocks in ECB. @throws CryptoError DATA_LENGTH */
  encrypt(blocks: Buffer): Buffer {
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
    const cipher = createCipheriv(this.#mode('cbc'), this.#lentKey(), this.#iv(iv)).setAutoPadding(false);
    const result = cipher.update(this.#whole(blocks));
    cipher.final();
    return result;
  }

  /** Decrypts whole blocks in CBC. @throws CryptoError DATA_LENGTH, IV_LENGTH */
  decryptCbc(iv: Buffer, blocks: Buffer): Buffer {
    const decipher = createDecipheriv(this.#mode('cbc'), this.#lentKey(), this.#iv(iv)).setAutoPadding(false);
    const result = decipher.update(this.#whole(blocks));
    decipher.final();
    return result;
  }

  /** Ends the ECB objects: OpenSSL frees and clears their key schedules now, not when the garbage collector comes. */
  [Symbol.dispose](): void {
    this.#encryptor?.final();
    this.#decryptor?.final();
    this.#encryptor = undefined;
    this.#decryptor = undefined;
    this.#key = undefined;
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
