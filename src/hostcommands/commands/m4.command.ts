import { toHex } from '../../crypto/bytes.js';
import { lend } from '../../crypto/emv/key.js';
import { KEY_ARGUMENTS } from '../../payment/dataplane/keys/key-arguments.js';
import { whenReady } from '../../when-ready.js';
import type { HostCommand, ReplyField } from '../command.js';
import { type DataField, dataReply, INPUT_FORMATS, OUTPUT_FORMATS, readData } from './data-field.js';
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

const { IncomingKeyIdentifier, OutgoingKeyIdentifier } = KEY_ARGUMENTS.ReEncryptData;

interface Side extends CipherKey {
  readonly mode: Cipher['mode'];
  readonly iv?: Buffer;
}

interface Request extends DataField {
  readonly from: Side;
  readonly to: Side;
  readonly output: (typeof OUTPUT_FORMATS)[number];
}

/** Decrypts data under one key and encrypts it under another. The plaintext doesn't leave the service. */
export const M4: HostCommand<Request> = {
  code: 'M4',
  title: 'Translate data from one key to another',
  operation: 'ReEncryptData',
  isDefault: true,
  parse: (fields) => {
    const fromMode = readMode(fields, 'source mode', '02');
    const toMode = readMode(fields, 'destination mode', '07');
    const input = fields.choice('input format', INPUT_FORMATS, '03');
    const output = fields.choice('output format', OUTPUT_FORMATS, '04');
    return readCipherKey(fields, 'source key', '05', (fromKey) =>
      readCipherKey(fields, 'destination key', '08', (toKey) =>
        readCipherIv(fields, 'source IV', fromMode, fromKey, (fromIv) =>
          readCipherIv(fields, 'destination IV', toMode, toKey, (toIv) => {
            const from = { ...fromKey, mode: fromMode, iv: fromIv };
            const to = { ...toKey, mode: toMode, iv: toIv };
            return readData(fields, input, (data) => ({ ...data, from, to, output }), '35');
          }),
        ),
      ),
    );
  },
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
