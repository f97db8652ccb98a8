import { type PairedKey, readPairedKey } from './bu-ka.js';
import { readScheme } from './key-fields.js';
import type { RequestLayout } from './layout.js';

export interface Request extends PairedKey {
  readonly scheme: string;
}

export const BW: RequestLayout<Request> = {
  code: 'BW',
  title: 'Translate a key from the default LMK to the one that the command names',

  parse(fields) {
    const key = readPairedKey(fields);
    fields.expect(';');
    fields.choice('reserved', ['0']);
    const scheme = readScheme(fields, 'key scheme (LMK)');
    fields.choice('reserved', ['0']);
    fields.lmk();
    if (fields.accept('!')) fields.digits('reserved', 2);
    return { ...key, scheme };
  },
};
