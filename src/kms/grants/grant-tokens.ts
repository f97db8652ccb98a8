import { randomBytes } from 'node:crypto';
import type { Scope } from '../../call.js';
import { equal } from '../../crypto/bytes.js';
import { hmac } from '../../crypto/hmac.js';
import { KmsException } from '../exceptions.js';
import { kmsKeyArn } from '../keys/key-id.js';
import type { KmsGrant } from './kms-grant.entity.js';

/** The grant that a token names. */
export type NamedGrant = Pick<KmsGrant, 'keyArn' | 'grantId'>;

/* A token, by position: the MAC of the rest (32 bytes), a nonce (16), the grant id (32), the ARN of the key. */
const NONCE = 32;
const GRANT_ID = 48;
const KEY_ARN = 80;

/**
 * Issues and reads grant tokens. All tokens issued for a grant are valid as long as the grant exists.
 */
export class GrantTokens {
  /** @param key 32 bytes, the same on every node of a deployment */
  constructor(private readonly key: Buffer) {}

  issue({ keyArn, grantId }: NamedGrant): string {
    const named = Buffer.concat([randomBytes(GRANT_ID - NONCE), Buffer.from(grantId, 'hex'), Buffer.from(keyArn)]);
    return Buffer.concat([this.#mac(named), named]).toString('base64');
  }

  /**
   * @param scope account and Region of the call
   * @throws KmsException InvalidGrantTokenException for any token that `issue` didn't create for a key in this scope
   */
  read(token: string, scope: Scope): NamedGrant {
    const bytes = Buffer.from(token, 'base64');
    const isCanonical = bytes.toString('base64') === token;
    if (!isCanonical || !equal(bytes.subarray(0, NONCE), this.#mac(bytes.subarray(NONCE)))) throw invalidGrantToken();
    const keyArn = bytes.toString('utf8', KEY_ARN);
    if (!keyArn.startsWith(kmsKeyArn(scope, ''))) throw invalidGrantToken();
    return { keyArn, grantId: bytes.toString('hex', GRANT_ID, KEY_ARN) };
  }

  #mac(named: Buffer): Buffer {
    return hmac('SHA256', this.key, named, NONCE);
  }
}

/** Returns the exception for a token that was never issued, or whose grant has been retired or revoked. */
export function invalidGrantToken(): KmsException {
  return new KmsException(
    'InvalidGrantTokenException',
    'The grant token is invalid, or its grant has been retired or revoked.',
  );
}
