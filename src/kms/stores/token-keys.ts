import { identityOf } from '../keys/key-id.js';

/** CKA_ID of a KMS key's key on a token: the 16 bytes of its id. */
export function tokenKeyId(keyArn: string): Buffer {
  return Buffer.from(identityOf(keyArn).keyId.replaceAll('-', ''), 'hex');
}
