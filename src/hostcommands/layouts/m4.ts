import { type CipherKey, type Mode, readCipherIv, readCipherKey, readMode } from './cipher-fields.js';
import { type DataField, INPUT_FORMATS, OUTPUT_FORMATS, readData } from './data-field.js';
import type { RequestLayout } from './layout.js';

interface Side extends CipherKey {
  readonly mode: Mode;
  readonly iv?: Buffer;
}

export interface Request extends DataField {
  readonly from: Side;
  readonly to: Side;
  readonly output: (typeof OUTPUT_FORMATS)[number];
}

export const M4: RequestLayout<Request> = {
  code: 'M4',
  title: 'Translate data from one key to another',
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
};
