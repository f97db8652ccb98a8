import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import { CryptoError } from './errors.js';

/** A block of zeros of each length; nobody writes to it. */
export const ZEROS = { 8: Buffer.alloc(8), 16: Buffer.alloc(16) } as const;

/** OpenSSL's names of CFB and OFB; with two-key TDES (`des-ede`) it has no `cfb1` and `cfb8`. */
export type StreamMode = 'cfb' | 'cfb1' | 'cfb8' | 'ofb';

/**
 * A block cipher under one key, for as long as one computation takes. `tdes`, `des` and `aes` make it; hold it with
 * `using`, so that OpenSSL clears the key schedule when the computation ends:
 *
 *     using cipher = tdes(key);
 *     return cipher.encrypt(block);
 *
 * It works through long-lived OpenSSL objects: a new one costs three to four times as much as a block. They take the key
 * as a KeyObject: Node 24 needs four times as long to make a cipher from a Buffer. A KeyObject's copy of the key is in
 * OpenSSL's memory, out of the sight of logs and JSON. OpenSSL clears it when the garbage collector frees the KeyObject,
 * at one of its next runs after disposal. A cipher that was disposed of throws ReferenceError.
 */
export class BlockCipher implements Disposable {
  /** In CBC, which serves for single blocks as well: so one object does for a MAC and its subkeys. */
  #chainer?: ReturnType<typeof createCipheriv>;
  /** The block that the chainer gave last and takes into the next. May be a key. */
  readonly #last: Buffer;
  #encryptor?: ReturnType<typeof createCipheriv>;
  #decryptor?: ReturnType<typeof createDecipheriv>;
  #key: KeyObject | undefined;

  /**
   * @param name       OpenSSL's name without the mode: `des-ede`, `des-ede3`, `aes-128`, ...
   * @param key        as OpenSSL wants it for that name; stays the caller's to zeroize, at any time
   * @param blockBytes 8 (TDES) or 16 (AES)
   */
  constructor(
    private readonly name: string,
    key: Buffer,
    readonly blockBytes: 8 | 16,
  ) {
    this.#key = createSecretKey(key);
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
   * Ends the long-lived objects: OpenSSL frees and clears their key schedules now, not when the garbage collector comes.
   * The KeyObject has no such end and is left to the garbage collector.
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
   * Encrypts blocks in CBC, or one block in ECB where there is no iv. From the second call on, the chainer's own last block
   * is taken out first.
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

  /** OpenSSL calls ECB of TDES by the bare name. */
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
