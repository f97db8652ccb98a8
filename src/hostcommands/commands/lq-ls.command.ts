import { hmac, HMAC_BYTES, type HmacHash } from '../../crypto/hmac.js';
import { KEY_ARGUMENTS } from '../../payment/dataplane/keys/key-arguments.js';
import { macOf, requireMac } from '../../payment/dataplane/mac/mac-algorithms.js';
import { whenReady } from '../../when-ready.js';
import type { HostCommand } from '../command.js';
import { HostError } from '../host-error.js';
import type { KeyField, RequestFields } from '../request-fields.js';

/** Hash functions by their identifiers. SHA-1, 01, isn't served. */
const HASHES: Record<string, HmacHash> = { '05': 'SHA224', '06': 'SHA256', '07': 'SHA384', '08': 'SHA512' };
const { scheme } = macOf({ Algorithm: 'HMAC' });
/** Key type of an HMAC key. */
const HMAC_KEY = '10C';
/** Shortest HMAC in bytes that the service generates and verifies. */
const SHORTEST = 4;

interface Request {
  readonly hash: HmacHash;
  /** Length of the HMAC in bytes. */
  readonly length: number;
  readonly key: KeyField;
  readonly data: Buffer;
}

/** Generates an HMAC. Keys must be in key blocks. */
export const LQ: HostCommand<Request> = {
  code: 'LQ',
  title: 'Generate an HMAC',
  operation: 'GenerateMac',
  isDefault: false,
  parse: readRequest,
  execute: ({ hash, length, key: field, data }, host) => {
    const rule = KEY_ARGUMENTS.GenerateMac.KeyIdentifier[`HMAC_${hash}`];
    return whenReady(host.key(field, { type: HMAC_KEY, rule }), (key) => ({
      fields: [
        ['HMAC length', String(length).padStart(4, '0')],
        ['HMAC', key.use((clear) => hmac(hash, clear, data, length))],
      ],
    }));
  },
};

/** Verifies an HMAC. */
export const LS: HostCommand<Request & { readonly claimed: Buffer }> = {
  code: 'LS',
  title: 'Verify an HMAC',
  operation: 'VerifyMac',
  isDefault: false,
  parse: (fields) => {
    const request = readRequest(fields);
    return { ...request, claimed: fields.raw('HMAC', request.length) };
  },
  execute: ({ hash, key: field, data, claimed }, host) => {
    const rule = KEY_ARGUMENTS.VerifyMac.KeyIdentifier[`HMAC_${hash}`];
    return whenReady(host.key(field, { type: HMAC_KEY, rule }), (key) =>
      host.services.verifications.attempt(host.call, { keyArns: [key.arn], pan: undefined }, () => {
        requireMac(scheme, key, data, claimed);
        return { fields: [] };
      }),
    );
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
