import { equal } from '../../crypto/bytes.js';
import { hmac } from '../../crypto/hmac.js';
import { KmsException } from '../exceptions.js';
import type { KmsWrappingKey } from './kms-wrapping-key.entity.js';

/** The wrapping key that a token names. */
export type NamedWrappingKey = Pick<KmsWrappingKey, 'id' | 'keyArn' | 'validTo'>;

/* A token, by position: the MAC of the rest (32 bytes), the end of its validity in milliseconds (8), the UUID of the wrapping key as
   text (36), the ARN of the KMS key. */
const VALID_TO = 32;
const ID = 40;
const KEY_ARN = 76;

/** Issues and reads import tokens. A token can be used any number of times until it ends. */
export class ImportTokens {
  /** @param key 32 bytes, the same on every node of a deployment */
  constructor(private readonly key: Buffer) {}

  issue({ id, keyArn, validTo }: NamedWrappingKey): Buffer {
    const end = Buffer.alloc(ID - VALID_TO);
    end.writeBigUInt64BE(BigInt(validTo.getTime()));
    const named = Buffer.concat([end, Buffer.from(id), Buffer.from(keyArn)]);
    return Buffer.concat([this.#mac(named), named]);
  }

  /**
   * @param keyArn the KMS key into which material is imported
   * @returns the id of the wrapping key
   * @throws KmsException InvalidImportTokenException for any token that `issue` didn't make for this key,
   *   ExpiredImportTokenException
   */
  read(token: Buffer, keyArn: string, now: Date): string {
    const isAuthentic = equal(token.subarray(0, VALID_TO), this.#mac(token.subarray(VALID_TO)));
    if (!isAuthentic || token.toString('utf8', KEY_ARN) !== keyArn)
      throw new KmsException('InvalidImportTokenException');
    if (token.readBigUInt64BE(VALID_TO) <= BigInt(now.getTime())) throw new KmsException('ExpiredImportTokenException');
    return token.toString('utf8', ID, KEY_ARN);
  }

  #mac(named: Buffer): Buffer {
    return hmac('SHA256', this.key, named);
  }
}
