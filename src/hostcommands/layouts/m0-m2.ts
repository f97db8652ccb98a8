import { type CipherKey, type Mode, readCipherIv, readCipherKey, readMode } from './cipher-fields.js';
import { type DataField, INPUT_FORMATS, OUTPUT_FORMATS, readData } from './data-field.js';
import type { RequestLayout } from './layout.js';
import type { RequestFields } from './request-fields.js';

export interface Request extends DataField, CipherKey {
  readonly mode: Mode;
  readonly iv?: Buffer;
  readonly output: (typeof OUTPUT_FORMATS)[number];
}

export const M0: RequestLayout<Request> = {
  code: 'M0',
  title: 'Encrypt data',
  parse: readRequest,
};

export const M2: RequestLayout<Request> = {
  code: 'M2',
  title: 'Decrypt data',
  parse: readRequest,
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
