import { toHex } from '../../crypto/bytes.js';
import { KEY_ARGUMENTS } from '../../payment/dataplane/keys/key-arguments.js';
import { whenReady } from '../../when-ready.js';
import type { HostCall, HostCommand, Reply } from '../command.js';
import * as layouts from '../layouts/he-hg.js';
import type { Request } from '../layouts/he-hg.js';
import { type Cipher, cipherWith, decrypt, encrypt } from './cipher-fields.js';

/** Key type of a TAK. */
const TAK = '003';

/** Encrypts one block under a TAK: an old command that uses a MAC key as a data key. */
export const HE: HostCommand<Request> = {
  ...layouts.HE,
  operation: 'EncryptData',
  isDefault: false,
  execute: (request, host) => execute(request, host, 'EncryptData', encrypt),
};

/** Decrypts one block under a TAK. */
export const HG: HostCommand<Request> = {
  ...layouts.HG,
  operation: 'DecryptData',
  isDefault: false,
  execute: (request, host) => execute(request, host, 'DecryptData', decrypt),
};

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
