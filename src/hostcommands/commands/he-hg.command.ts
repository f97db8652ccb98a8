import { toHex } from '../../crypto/bytes.js';
import { KEY_ARGUMENTS } from '../../payment/dataplane/keys/key-arguments.js';
import { whenReady } from '../../when-ready.js';
import type { HostCall, HostCommand, Reply } from '../command.js';
import type { KeyField, RequestFields } from '../request-fields.js';
import { type Cipher, cipherWith, decrypt, encrypt } from './cipher-fields.js';

/** Key type of a TAK. */
const TAK = '003';

interface Request {
  readonly key: KeyField;
  readonly block: Buffer;
}

/** Encrypts one block under a TAK: a legacy command that uses a MAC key as a data key. */
export const HE: HostCommand<Request> = {
  code: 'HE',
  title: 'Encrypt a block under a TAK',
  operation: 'EncryptData',
  isDefault: false,
  parse: readRequest,
  execute: (request, host) => execute(request, host, 'EncryptData', encrypt),
};

/** Decrypts one block under a TAK. */
export const HG: HostCommand<Request> = {
  code: 'HG',
  title: 'Decrypt a block under a TAK',
  operation: 'DecryptData',
  isDefault: false,
  parse: readRequest,
  execute: (request, host) => execute(request, host, 'DecryptData', decrypt),
};

function readRequest(fields: RequestFields): Request {
  return { key: fields.key('TAK'), block: fields.hexBytes('data', 16) };
}

function execute(
  { key: field, block }: Request,
  host: HostCall,
  operation: 'EncryptData' | 'DecryptData',
  crypt: (cipher: Cipher, data: Buffer) => Buffer,
): Reply | Promise<Reply> {
  const cipherKey = { key: field, keyType: TAK };
  const rule = KEY_ARGUMENTS[operation].KeyIdentifier.Symmetric;
  return whenReady(host.key(field, { type: TAK, rule }), (key) => ({
    fields: [['data', toHex(crypt(cipherWith(key, cipherKey, 'ECB'), block))]],
  }));
}
