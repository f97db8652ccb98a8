import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { CryptoError } from '../../crypto/errors.js';
import { rsaDecrypt, rsaEncrypt, type RsaPadding } from '../../crypto/rsa.js';
import { ValidationException } from '../../errors/exceptions.js';
import { CryptoProvider } from '../../provider/crypto-provider.js';
import { CryptoThread } from '../../provider/crypto-thread.js';
import { KmsException } from '../exceptions.js';
import type { EncryptionAlgorithm as EncryptionAlgorithmSchema } from '../fields.js';
import { KEY_SPECS } from '../keys/key-specs.js';
import type { NewKmsKey } from '../keys/kms-key.entity.js';
import type { KnownKey } from '../keys/kms-key-cache.js';
import { isLongRsa, privateKeyOf, publicKeyOf } from './key-halves.js';

type EncryptionAlgorithm = z.infer<typeof EncryptionAlgorithmSchema>;

/** RSAES-OAEP with the mask generation function over the same hash, and an empty label. */
const PADDINGS: Partial<Record<EncryptionAlgorithm, { padding: RsaPadding; hashBytes: number }>> = {
  RSAES_OAEP_SHA_1: { padding: 'OAEP_SHA1', hashBytes: 20 },
  RSAES_OAEP_SHA_256: { padding: 'OAEP_SHA256', hashBytes: 32 },
};

/**
 * Encrypts and decrypts with RSA keys, whose ciphertexts are plain RSA and don't identify the key and the algorithm.
 */
@Injectable()
export class RsaEncryption {
  constructor(
    private readonly provider: CryptoProvider,
    private readonly thread: CryptoThread,
  ) {}

  /**
   * Checks that a key can encrypt this number of bytes.
   *
   * @param algorithm one of the key's
   * @throws ValidationException
   */
  requireSize({ spec }: NewKmsKey, algorithm: EncryptionAlgorithm, plaintext: Buffer): void {
    const { bits = 0 } = KEY_SPECS[spec];
    const limit = bits / 8 - 2 * paddingOf(algorithm).hashBytes - 2;
    if (plaintext.length > limit)
      throw new ValidationException(
        `Algorithm ${algorithm} and key spec ${spec} cannot encrypt data larger than ${limit} bytes.`,
      );
  }

  /** @param plaintext of a checked size */
  encrypt({ key }: KnownKey, algorithm: EncryptionAlgorithm, plaintext: Buffer): Buffer {
    return rsaEncrypt(publicKeyOf(key), paddingOf(algorithm).padding, plaintext);
  }

  /**
   * Decrypts, on the crypto thread with a long key.
   *
   * @param algorithm one of the key's
   * @returns the plaintext; the caller must zeroize it
   * @throws KmsException InvalidCiphertextException
   */
  decrypt(known: KnownKey, algorithm: EncryptionAlgorithm, ciphertext: Buffer): Buffer | Promise<Buffer> {
    const { padding } = paddingOf(algorithm);
    const privateKey = privateKeyOf(this.provider, known);
    if (isLongRsa(known.key.spec))
      return this.thread.run('rsaDecrypt', privateKey, padding, ciphertext).catch(refuseCiphertext);
    try {
      return rsaDecrypt(privateKey, padding, ciphertext);
    } catch (error) {
      return refuseCiphertext(error);
    }
  }
}

function paddingOf(algorithm: EncryptionAlgorithm): { padding: RsaPadding; hashBytes: number } {
  const padding = PADDINGS[algorithm];
  if (!padding) throw new Error(`${algorithm} is not an algorithm of RSA keys`);
  return padding;
}

function refuseCiphertext(error: unknown): never {
  throw error instanceof CryptoError ? new KmsException('InvalidCiphertextException') : error;
}
