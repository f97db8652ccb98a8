import { toHex } from '../../crypto/bytes.js';
import { KEY_ARGUMENTS } from '../../payment/dataplane/keys/key-arguments.js';
import { whenReady } from '../../when-ready.js';
import type { HostCall, HostCommand, Reply, ReplyField } from '../command.js';
import { type DataField, dataReply, INPUT_FORMATS, OUTPUT_FORMATS, readData } from './data-field.js';
import type { RequestFields } from '../request-fields.js';
import {
  type Cipher,
  type CipherKey,
  cipherKeyNeeds,
  cipherWith,
  decrypt,
  encrypt,
  nextIv,
  readCipherIv,
  readCipherKey,
  readMode,
} from './cipher-fields.js';

interface Request extends DataField, CipherKey {
  readonly mode: Cipher['mode'];
  readonly iv?: Buffer;
  readonly output: (typeof OUTPUT_FORMATS)[number];
}

/**
 * Encrypts data. The host pads the message, and sends a long message in parts, each with the IV of the previous reply.
 */
export const M0: HostCommand<Request> = {
  code: 'M0',
  title: 'Encrypt data',
  operation: 'EncryptData',
  isDefault: true,
  parse: readRequest,
  execute: (request, host) =>
    withCipher(request, host, 'EncryptData', (cipher) => {
      const ciphertext = encrypt(cipher, request.data);
      return replyOf(request, nextIv(cipher, ciphertext), ciphertext);
    }),
};

/** Decrypts data. */
export const M2: HostCommand<Request> = {
  code: 'M2',
  title: 'Decrypt data',
  operation: 'DecryptData',
  isDefault: true,
  parse: readRequest,
  execute: (request, host) =>
    withCipher(request, host, 'DecryptData', (cipher) =>
      replyOf(request, nextIv(cipher, request.data), decrypt(cipher, request.data)),
    ),
};

function readRequest(fields: RequestFields): Request {
  const mode = readMode(fields, 'mode', '02');
  const input = fields.choice('input format', INPUT_FORMATS, '03');
  const output = fields.choice('output format', OUTPUT_FORMATS, '04');
  return readCipherKey(fields, 'key', '05', (key) =>
    readCipherIv(fields, 'IV', mode, key, (iv) =>
      readData(fields, input, (data) => ({ ...data, ...key, mode, iv, output }), '35'),
    ),
  );
}

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
