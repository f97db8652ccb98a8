import { aes } from './aes.js';
import type { BlockCipher } from './block-cipher.js';
import { tdes } from './des.js';
import { CryptoError } from './errors.js';
import { lendBytes, type SymmetricKey } from './held-key.js';

/** Modes of operation of NIST SP 800-38A. `CFB` is full-block feedback: CFB64 for TDES, CFB128 for AES. */
export type CipherMode = 'ECB' | 'CBC' | 'CFB' | 'CFB1' | 'CFB8' | 'CFB64' | 'CFB128' | 'OFB';

export interface CipherArguments {
  cipher: 'TDES' | 'AES';
  mode: CipherMode;
  /** TDES 16 or 24 bytes, AES 16, 24 or 32 bytes; the caller zeroizes it. */
  key: SymmetricKey;
  /** One block; ignored in ECB, zeros by default in the other modes. */
  iv?: Buffer;
}

/**
 * Encrypts in a mode of NIST SP 800-38A, without padding.
 *
 * @param plaintext at least one byte: whole blocks in ECB and CBC, any length in CFB and OFB, where a short last
 *                  segment uses only the first bytes of its keystream
 * @throws CryptoError KEY_LENGTH, DATA_LENGTH, IV_LENGTH, MODE
 */
export function encrypt(how: CipherArguments, plaintext: Buffer): Buffer {
  return run(how, plaintext, 'encrypt');
}

/**
 * Decrypts in a mode of NIST SP 800-38A. Does not remove padding.
 *
 * @param ciphertext at least one byte: whole blocks in ECB and CBC, any length in CFB and OFB
 * @returns the plaintext; the caller must zeroize it
 * @throws CryptoError KEY_LENGTH, DATA_LENGTH, IV_LENGTH, MODE
 */
export function decrypt(how: CipherArguments, ciphertext: Buffer): Buffer {
  return run(how, ciphertext, 'decrypt');
}

function run(how: CipherArguments, data: Buffer, direction: 'encrypt' | 'decrypt'): Buffer {
  using cipher = cipherFor(how);
  const { blockBytes } = cipher;
  if (data.length === 0) throw new CryptoError('DATA_LENGTH', 'Data must have at least one byte');
  if (how.mode === 'ECB') return direction === 'encrypt' ? cipher.encrypt(data) : cipher.decrypt(data);

  const iv = how.iv ?? Buffer.alloc(blockBytes);
  if (iv.length !== blockBytes)
    throw new CryptoError('IV_LENGTH', `The initialization vector must be ${blockBytes} bytes under ${how.cipher}`);
  if (how.mode === 'CBC') return direction === 'encrypt' ? cipher.encryptCbc(iv, data) : cipher.decryptCbc(iv, data);
  if (how.mode === 'CFB128' && blockBytes === 8)
    throw new CryptoError('MODE', 'CFB128 needs a block of 128 bits: use CFB64 with a TDES key');
  if (how.mode === 'CFB64' && blockBytes === 16) return cfb64(cipher, iv, data, direction);
  return cipher.stream(STREAM_MODES[how.mode], direction, iv, data);
}

const STREAM_MODES = { CFB: 'cfb', CFB64: 'cfb', CFB128: 'cfb', CFB1: 'cfb1', CFB8: 'cfb8', OFB: 'ofb' } as const;

function cipherFor({ cipher, mode, key }: CipherArguments): BlockCipher {
  if (cipher === 'AES') return aes(key);
  if (key.length !== 16 || (mode !== 'CFB1' && mode !== 'CFB8')) return tdes(key);
  // OpenSSL has these modes only for three-key TDES, and two-key TDES is three-key TDES under K1 || K2 || K1.
  return lendBytes(key, (clear) => {
    const whole = Buffer.concat([clear, clear.subarray(0, 8)]);
    try {
      return tdes(whole);
    } finally {
      whole.fill(0);
    }
  });
}

/** CFB over AES with 64-bit segments (SP 800-38A section 6.3, s = 64), which OpenSSL does not offer. */
function cfb64(cipher: BlockCipher, iv: Buffer, data: Buffer, direction: 'encrypt' | 'decrypt'): Buffer {
  const result = Buffer.alloc(data.length);
  const register = Buffer.from(iv);
  for (let i = 0; i < data.length; i += 8) {
    const segment = data.subarray(i, i + 8);
    const keystream = cipher.encrypt(register);
    for (let j = 0; j < segment.length; j++) result[i + j] = (segment[j] as number) ^ (keystream[j] as number);
    register.copyWithin(0, 8);
    (direction === 'encrypt' ? result : data).copy(register, 8, i, i + 8);
  }
  return result;
}
