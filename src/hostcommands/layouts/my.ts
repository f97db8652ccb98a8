import { INPUT_FORMATS, readData } from './data-field.js';
import type { RequestLayout } from './layout.js';
import { type MacMethod, readMethod } from './mac-fields.js';

export interface Request {
  readonly incoming: MacMethod;
  readonly outgoing: MacMethod;
  readonly data: Buffer;
  readonly claimed: Buffer;
}

export const MY: RequestLayout<Request> = {
  code: 'MY',
  title: 'Verify a MAC and generate one under another key',
  parse: (fields) => {
    fields.choice('mode', ['0'], '02');
    const format = fields.choice('input format', INPUT_FORMATS, '03');
    const incoming = readMethod(fields, 'incoming MAC key');
    const outgoing = readMethod(fields, 'outgoing MAC key');
    return readData(fields, format, ({ data }) => {
      return { incoming, outgoing, data, claimed: fields.hexBytes('MAC', 2 * incoming.length) };
    });
  },
};
