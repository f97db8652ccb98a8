import { toHex } from '../../crypto/bytes.js';
import { lend } from '../../crypto/emv/key.js';
import { KEY_ARGUMENTS } from '../../payment/dataplane/keys/key-arguments.js';
import { whenReady } from '../../when-ready.js';
import type { HostCommand, ReplyField } from '../command.js';
import * as layouts from '../layouts/m4.js';
import type { Request } from '../layouts/m4.js';
import { cipherKeyNeeds, cipherWith, decrypt, encrypt, nextIv } from './cipher-fields.js';
import { dataReply } from './data-field.js';

const { IncomingKeyIdentifier, OutgoingKeyIdentifier } = KEY_ARGUMENTS.ReEncryptData;

/** Decrypts data under one key and encrypts it under another. The plaintext doesn't leave the service. */
export const M4: HostCommand<Request> = {
  ...layouts.M4,
  operation: 'ReEncryptData',
  isDefault: true,
  execute: ({ from, to, output, data, hexUnit }, host) =>
    whenReady(host.key(from.key, cipherKeyNeeds(from, IncomingKeyIdentifier)), (fromKey) =>
      whenReady(host.key(to.key, cipherKeyNeeds(to, OutgoingKeyIdentifier, '11')), (toKey) => {
        const source = cipherWith(fromKey, from, from.mode, from.iv);
        const destination = cipherWith(toKey, to, to.mode, to.iv);
        const ciphertext = lend(decrypt(source, data), (plaintext) => encrypt(destination, plaintext));
        return {
          fields: [
            ...ivField('source IV', nextIv(source, data)),
            ...ivField('destination IV', nextIv(destination, ciphertext)),
            ...dataReply(output, ciphertext, hexUnit),
          ],
        };
      }),
    ),
};

function ivField(name: string, iv: Buffer | undefined): ReplyField[] {
  return iv ? [[name, toHex(iv)]] : [];
}
