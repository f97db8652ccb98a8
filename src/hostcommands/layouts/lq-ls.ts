import { HMAC_BYTES, type HmacHash } from '../../crypto/hmac.js';
import { HostError } from '../host-error.js';
import type { RequestLayout } from './layout.js';
import type { KeyField, RequestFields } from './request-fields.js';

/** Hash functions by their identifiers. SHA-1, 01, isn't served. */
const HASHES: Record<string, HmacHash> = { '05': 'SHA224', '06': 'SHA256', '07': 'SHA384', '08': 'SHA512' };
/** Shortest HMAC in bytes that the service generates and verifies. */
const SHORTEST = 4;

export interface Request {
  readonly hash: HmacHash;
  /** Length of the HMAC in bytes. */
  readonly length: number;
  readonly key: KeyField;
  readonly data: Buffer;
}

export const LQ: RequestLayout<Request> = {
  code: 'LQ',
  title: 'Generate an HMAC',
  parse: readRequest,
};

export const LS: RequestLayout<Request & { readonly claimed: Buffer }> = {
  code: 'LS',
  title: 'Verify an HMAC',
  parse: (fields) => {
    const request = readRequest(fields);
    return { ...request, claimed: fields.raw('HMAC', request.length) };
  },
};

function readRequest(fields: RequestFields): Request {
  const hash = HASHES[fields.choice('hash identifier', Object.keys(HASHES))] as HmacHash;
  const length = fields.number('HMAC length', 4);
  if (length < SHORTEST || length > HMAC_BYTES[hash])
    throw new HostError('15', `HMAC length must be ${SHORTEST} to ${HMAC_BYTES[hash]}`);
  fields.choice('key format', ['04']);
  fields.choice('key length', ['FFFF']);
  const key = fields.key('HMAC key');
  fields.accept(';');
  return { hash, length, key, data: fields.raw('data', fields.number('data length', 5)) };
}
