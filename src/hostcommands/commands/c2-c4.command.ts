import { toHex } from '../../crypto/bytes.js';
import { requireMac } from '../../payment/dataplane/mac/mac-algorithms.js';
import { whenReady } from '../../when-ready.js';
import type { HostCommand } from '../command.js';
import { readData } from './data-field.js';
import type { KeyField, RequestFields } from '../request-fields.js';
import { macInput, macKeyNeeds } from './mac-fields.js';

/** Length of the MAC in bytes. */
const LENGTH = 4;

interface Request {
  readonly keyType: '003' | '008';
  readonly algorithm: 'ISO9797_ALGORITHM1' | 'ISO9797_ALGORITHM3';
  readonly padding: '1';
  readonly key: KeyField;
  readonly data: Buffer;
}

/** Generates a MAC of ANSI X9.9 or X9.19. */
export const C2: HostCommand<Request> = {
  code: 'C2',
  title: 'Generate a MAC of ANSI X9.9 or X9.19',
  operation: 'GenerateMac',
  isDefault: false,
  parse: (fields) => readRequest(fields, () => ({})),
  execute: (request, host) =>
    whenReady(host.key(request.key, macKeyNeeds('GenerateMac', request)), (key) => {
      const { scheme, message } = macInput(request, key, request.data);
      return { fields: [['MAC', key.use((clear) => toHex(scheme.mac(clear, message, LENGTH, key.algorithm)))]] };
    }),
};

/** Verifies a MAC of ANSI X9.9 or X9.19. */
export const C4: HostCommand<Request & { readonly claimed: Buffer }> = {
  code: 'C4',
  title: 'Verify a MAC of ANSI X9.9 or X9.19',
  operation: 'VerifyMac',
  isDefault: false,
  parse: (fields) => readRequest(fields, () => ({ claimed: fields.hexBytes('MAC', 2 * LENGTH) })),
  execute: (request, host) =>
    whenReady(host.key(request.key, macKeyNeeds('VerifyMac', request)), (key) => {
      const { scheme, message } = macInput(request, key, request.data);
      return host.services.verifications.attempt(host.call, { keyArns: [key.arn], pan: undefined }, () => {
        requireMac(scheme, key, message, request.claimed);
        return { fields: [] };
      });
    }),
};

function readRequest<T>(fields: RequestFields, rest: () => T): Request & T {
  // Multi-part messages aren't supported, because no public source documents their replies.
  fields.choice('block number', ['0']);
  const keyType = fields.choice('key type', ['0', '1']) === '0' ? '003' : '008';
  const algorithm = fields.choice('mode', ['0', '1']) === '0' ? 'ISO9797_ALGORITHM1' : 'ISO9797_ALGORITHM3';
  const format = fields.choice('message type', ['0', '1']);
  const key = fields.key('MAC key');
  return readData(fields, format, ({ data }) => ({ keyType, algorithm, padding: '1', key, data, ...rest() }));
}
