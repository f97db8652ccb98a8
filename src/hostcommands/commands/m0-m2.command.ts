import { toHex } from '../../crypto/bytes.js';
import { KEY_ARGUMENTS } from '../../payment/dataplane/keys/key-arguments.js';
import { whenReady } from '../../when-ready.js';
import type { HostCall, HostCommand, Reply, ReplyField } from '../command.js';
import * as layouts from '../layouts/m0-m2.js';
import type { Request } from '../layouts/m0-m2.js';
import { type Cipher, cipherKeyNeeds, cipherWith, decrypt, encrypt, nextIv } from './cipher-fields.js';
import { dataReply } from './data-field.js';

/**
 * Encrypts data. The host pads the message, and sends a long message in parts, each with the IV of the previous reply.
 */
export const M0: HostCommand<Request> = {
  ...layouts.M0,
  operation: 'EncryptData',
  isDefault: true,
  execute: (request, host) =>
    withCipher(request, host, 'EncryptData', (cipher) => {
      const ciphertext = encrypt(cipher, request.data);
      return replyOf(request, nextIv(cipher, ciphertext), ciphertext);
    }),
};

/** Decrypts data. */
export const M2: HostCommand<Request> = {
  ...layouts.M2,
  operation: 'DecryptData',
  isDefault: true,
  execute: (request, host) =>
    withCipher(request, host, 'DecryptData', (cipher) =>
      replyOf(request, nextIv(cipher, request.data), decrypt(cipher, request.data)),
    ),
};

function withCipher(
  request: Request,
  host: HostCall,
  operation: 'EncryptData' | 'DecryptData',
  run: (cipher: Cipher) => Reply,
): Reply | Promise<Reply> {
  const needs = cipherKeyNeeds(request, KEY_ARGUMENTS[operation].KeyIdentifier);
  return whenReady(host.key(request.key, needs), (key) => run(cipherWith(key, request, request.mode, request.iv)));
}

function replyOf({ output, hexUnit }: Request, iv: Buffer | undefined, data: Buffer): Reply {
  const ivField: ReplyField[] = iv ? [['IV', toHex(iv)]] : [];
  return { fields: [...ivField, ...dataReply(output, data, hexUnit)] };
}
