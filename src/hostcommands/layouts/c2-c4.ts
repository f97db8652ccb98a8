import { readData } from './data-field.js';
import type { RequestLayout } from './layout.js';
import type { KeyField, RequestFields } from './request-fields.js';

/** Length of the MAC in bytes. */
export const LENGTH = 4;

export interface Request {
  readonly keyType: '003' | '008';
  readonly algorithm: 'ISO9797_ALGORITHM1' | 'ISO9797_ALGORITHM3';
  readonly padding: '1';
  readonly key: KeyField;
  readonly data: Buffer;
}

export const C2: RequestLayout<Request> = {
  code: 'C2',
  title: 'Generate a MAC of ANSI X9.9 or X9.19',
  parse: (fields) => readRequest(fields, () => ({})),
};

export const C4: RequestLayout<Request & { readonly claimed: Buffer }> = {
  code: 'C4',
  title: 'Verify a MAC of ANSI X9.9 or X9.19',
  parse: (fields) => readRequest(fields, () => ({ claimed: fields.hexBytes('MAC', 2 * LENGTH) })),
};

function readRequest<T>(fields: RequestFields, rest: () => T): Request & T {
  // No public source has the replies to the parts of a longer message.
  fields.choice('block number', ['0']);
  const keyType = fields.choice('key type', ['0', '1']) === '0' ? '003' : '008';
  const algorithm = fields.choice('mode', ['0', '1']) === '0' ? 'ISO9797_ALGORITHM1' : 'ISO9797_ALGORITHM3';
  const format = fields.choice('message type', ['0', '1']);
  const key = fields.key('MAC key');
  return readData(fields, format, ({ data }) => ({ keyType, algorithm, padding: '1', key, data, ...rest() }));
}
