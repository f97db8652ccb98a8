import type { RequestLayout } from './layout.js';
import type { KeyField, RequestFields } from './request-fields.js';

export interface Request {
  readonly key: KeyField;
  readonly block: Buffer;
}

export const HE: RequestLayout<Request> = {
  code: 'HE',
  title: 'Encrypt a block under a TAK',
  parse: readRequest,
};

export const HG: RequestLayout<Request> = {
  code: 'HG',
  title: 'Decrypt a block under a TAK',
  parse: readRequest,
};

function readRequest(fields: RequestFields): Request {
  return { key: fields.key('TAK'), block: fields.hexBytes('data', 16) };
}
