import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import type { Token } from '../../hsm/token.js';
import { blobHeader, blobKey, BLOB_FORMATS } from '../cryptography/ciphertext-blob.js';
import { KmsException } from '../exceptions.js';
import type { NewKmsKey } from '../keys/kms-key.entity.js';
import type { KnownKey } from '../keys/kms-key-cache.js';
import type { NewKmsMaterial } from '../materials/kms-material.entity.js';
import type { KeyStore } from './key-store.js';
import type { KmsCustomKeyStore } from './kms-custom-key-store.entity.js';
import { StoreConnections } from './store-connections.js';
import { type TokenUse, useError } from './store-errors.js';
import { tokenKeyId } from './token-keys.js';

const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * AES-256 keys on a PKCS#11 token, which never leave it. A ciphertext blob is a header without a material, the IV (12
 * bytes), the ciphertext and the tag (16), by AES-GCM in the token; the header and the encryption context are
 * authenticated.
 */
@Injectable()
export class CloudHsmStore implements KeyStore {
  constructor(private readonly connections: StoreConnections) {}

  async prepare(_call: Call, store: KmsCustomKeyStore, { arn }: NewKmsKey): Promise<NewKmsMaterial[]> {
    await this.#use(store.id, {}, (token) => token.run('generateAesKey', { label: arn, id: tokenKeyId(arn) }));
    return [];
  }

  async encrypt(_call: Call, { key }: KnownKey, plaintext: Buffer, context: Buffer): Promise<Buffer> {
    const header = blobHeader(BLOB_FORMATS.token, key);
    const { iv, ciphertext } = await this.#use(key.customKeyStoreId, { keyArn: key.arn }, (token) =>
      token.run('encrypt', tokenKeyId(key.arn), 'aes-gcm', plaintext, Buffer.concat([header, context])),
    );
    return Buffer.concat([header, iv, ciphertext]);
  }

  async decrypt(_call: Call, { key }: KnownKey, blob: Buffer, context: Buffer): Promise<Buffer> {
    const { headerBytes } = blobKey(blob);
    const start = headerBytes + IV_BYTES;
    if (blob.length <= start + TAG_BYTES) throw new KmsException('InvalidCiphertextException');
    const encrypted = { iv: blob.subarray(headerBytes, start), ciphertext: blob.subarray(start) };
    const aad = Buffer.concat([blob.subarray(0, headerBytes), context]);
    return this.#use(key.customKeyStoreId, { keyArn: key.arn, isDecryption: true }, (token) =>
      token.run('decrypt', tokenKeyId(key.arn), 'aes-gcm', encrypted, aad),
    );
  }

  random({ key }: KnownKey, length: number): Promise<Buffer> {
    return this.#use(key.customKeyStoreId, { keyArn: key.arn }, (token) => token.run('random', length));
  }

  /** Returns random bytes of a connected store. */
  randomOf(storeId: string, length: number): Promise<Buffer> {
    return this.#use(storeId, {}, (token) => token.run('random', length));
  }

  async #use<T>(storeId: string | null, use: TokenUse, call: (token: Token) => Promise<T>): Promise<T> {
    try {
      return await call(await this.connections.token(storeId ?? ''));
    } catch (error) {
      throw useError(error, use);
    }
  }
}
