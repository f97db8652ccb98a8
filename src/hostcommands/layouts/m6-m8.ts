import { HostError } from '../host-error.js';
import { INPUT_FORMATS, readData, readIv } from './data-field.js';
import type { RequestLayout } from './layout.js';
import { type MacMethod, type Part, readMethod } from './mac-fields.js';
import type { RequestFields } from './request-fields.js';

export interface Request {
  readonly part: Part;
  readonly method: MacMethod;
  readonly iv?: Buffer;
  readonly data: Buffer;
}

export const M6: RequestLayout<Request> = {
  code: 'M6',
  title: 'Generate a MAC',
  parse: (fields) => readRequest(fields, () => ({})),
};

export const M8: RequestLayout<Request & { readonly claimed?: Buffer }> = {
  code: 'M8',
  title: 'Verify a MAC',
  parse: (fields) =>
    readRequest(fields, ({ part, method }) =>
      goesOn(part) ? {} : { claimed: fields.hexBytes('MAC', 2 * method.length) },
    ),
};

function readRequest<T>(fields: RequestFields, rest: (request: Request) => T): Request & T {
  const part = fields.choice('mode', ['0', '1', '2', '3'], '02');
  const format = fields.choice('input format', INPUT_FORMATS, '03');
  const method = readMethod(fields, 'MAC key');
  // Padding method 3 begins with the length of the whole message.
  if (part !== '0' && method.padding === '3')
    throw new HostError('09', 'padding method 3 needs the whole message, i.e. mode 0');
  const read = (iv?: Buffer) =>
    readData(fields, format, ({ data }) => {
      const request = { part, method, iv, data };
      return { ...request, ...rest(request) };
    });
  return part === '2' || part === '3' ? readIv(fields, 'IV', method.key, read) : read();
}

export function goesOn(part: Part): boolean {
  return part === '1' || part === '2';
}
