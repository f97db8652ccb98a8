import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { unwrapPadded } from '../../crypto/aes-key-wrap.js';
import { readPrivateKey } from '../../crypto/asymmetric-key.js';
import { CryptoError } from '../../crypto/errors.js';
import { generateRsaPair } from '../../crypto/key-pair.js';
import { modulusBytesOf } from '../../crypto/rsa.js';
import { ValidationException } from '../../errors/exceptions.js';
import { CryptoProvider } from '../../provider/crypto-provider.js';
import { CryptoThread } from '../../provider/crypto-thread.js';
import { KmsException } from '../exceptions.js';
import { KmsWrappingKey } from './kms-wrapping-key.entity.js';
import { type Wrapping, WRAPPING_ALGORITHMS } from './wrapping-algorithms.js';

const AES_256_BYTES = 32;
const VALID_MS = 24 * 3_600_000;

/** A wrapping key that isn't stored yet. */
export interface NewWrappingKey {
  row: KmsWrappingKey;
  /** SubjectPublicKeyInfo in DER. */
  publicKey: Buffer;
}

/** RSA key pairs under which callers wrap key material. A KMS key may have several. */
@Injectable()
export class WrappingKeys {
  constructor(
    private readonly database: DataSource,
    private readonly provider: CryptoProvider,
    private readonly thread: CryptoThread,
  ) {}

  /** Generates a pair for one KMS key, outside of the main thread. It is valid for 24 hours. */
  async generate(keyArn: string, { algorithm, modulusBits }: Wrapping, now: Date): Promise<NewWrappingKey> {
    const { privateKey, publicKey } = await generateRsaPair(modulusBits);
    try {
      const identity = { id: randomUUID(), keyArn, algorithm, validTo: new Date(now.getTime() + VALID_MS) };
      const sealed = this.provider.seal(KmsWrappingKey, identity, privateKey);
      return { row: { ...identity, createdAt: now, sealed }, publicKey };
    } finally {
      privateKey.fill(0);
    }
  }

  /**
   * Unwraps key material. Every fault of the encryption has the same error.
   *
   * @param id of the wrapping key, from a checked import token
   * @param wrapped one ciphertext of RSAES-OAEP; or the ciphertext of an AES-256 key, and the material wrapped under that key (RFC 5649)
   * @returns the unwrapped material, the caller's to zeroize
   * @throws KmsException InvalidCiphertextException; InvalidImportTokenException if there is no such wrapping key
   * @throws ValidationException for a length that is impossible for the wrapping key
   */
  async unwrap(id: string, wrapped: Buffer): Promise<Buffer> {
    const row = await this.database.manager.findOneBy(KmsWrappingKey, { id });
    if (!row) throw new KmsException('InvalidImportTokenException');
    const privateKey = this.provider.use(row, readPrivateKey);
    const { padding, hasAesKey } = WRAPPING_ALGORITHMS[row.algorithm];
    const modulusBytes = modulusBytesOf(privateKey);
    if (hasAesKey ? wrapped.length <= modulusBytes : wrapped.length !== modulusBytes)
      throw new ValidationException('Invalid encrypted key size.');
    try {
      const decrypted = await this.thread.run('rsaDecrypt', privateKey, padding, wrapped.subarray(0, modulusBytes));
      return hasAesKey ? unwrapUnder(decrypted, wrapped.subarray(modulusBytes)) : decrypted;
    } catch (error) {
      throw error instanceof CryptoError ? new KmsException('InvalidCiphertextException') : error;
    }
  }
}

/** @param aesKey is zeroized */
function unwrapUnder(aesKey: Buffer, wrapped: Buffer): Buffer {
  try {
    if (aesKey.length !== AES_256_BYTES) throw new CryptoError('KEY_LENGTH', 'The wrapping AES key must be 32 bytes');
    return unwrapPadded(aesKey, wrapped);
  } finally {
    aesKey.fill(0);
  }
}
