import { toHex } from '../../crypto/bytes.js';
import { requireMac } from '../../payment/dataplane/mac/mac-algorithms.js';
import { whenReady } from '../../when-ready.js';
import type { HostCall, HostCommand, Reply } from '../command.js';
import { INPUT_FORMATS, readData, readIv } from './data-field.js';
import { HostError } from '../host-error.js';
import type { RequestFields } from '../request-fields.js';
import { chain, macInput, macKeyNeeds, type MacMethod, type Part, readMethod } from './mac-fields.js';

interface Request {
  readonly part: Part;
  readonly method: MacMethod;
  readonly iv?: Buffer;
  readonly data: Buffer;
}

/** Generates a MAC. A long message comes in parts, between which the host keeps the chaining value. */
export const M6: HostCommand<Request> = {
  code: 'M6',
  title: 'Generate a MAC',
  operation: 'GenerateMac',
  isDefault: true,
  parse: (fields) => readRequest(fields, () => ({})),
  execute: (request, host) => {
    const { part, method, data, iv } = request;
    if (goesOn(part)) return executePart(request, host);
    return whenReady(host.key(method.key, macKeyNeeds('GenerateMac', method)), (key) => {
      const { scheme, message, iv: chaining } = macInput(method, key, data, iv);
      const mac = key.use((clear) => toHex(scheme.mac(clear, message, method.length, key.algorithm, chaining)));
      return { fields: [['MAC', mac]] };
    });
  },
};

/**
 * Verifies a MAC. Chaining values are computed, not verified, and without padding they are MACs: all parts of a message
 * except the last need a key that generates MACs, and the permission for it.
 */
export const M8: HostCommand<Request & { readonly claimed?: Buffer }> = {
  code: 'M8',
  title: 'Verify a MAC',
  operation: 'VerifyMac',
  isDefault: true,
  parse: (fields) =>
    readRequest(fields, ({ part, method }) =>
      goesOn(part) ? {} : { claimed: fields.hexBytes('MAC', 2 * method.length) },
    ),
  execute: (request, host) => {
    const { method, data, iv, claimed } = request;
    if (!claimed) return executePart(request, host.as('GenerateMac'));
    return whenReady(host.key(method.key, macKeyNeeds('VerifyMac', method)), (key) => {
      const { scheme, message, iv: chaining } = macInput(method, key, data, iv);
      return host.services.verifications.attempt(host.call, { keyArns: [key.arn], pan: undefined }, () => {
        requireMac(scheme, key, message, claimed, chaining);
        return { fields: [] };
      });
    });
  },
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

function goesOn(part: Part): boolean {
  return part === '1' || part === '2';
}

function executePart({ method, data, iv }: Request, host: HostCall): Reply | Promise<Reply> {
  return whenReady(host.key(method.key, macKeyNeeds('GenerateMac', method)), (key) => ({
    fields: [['IV', toHex(chain(method, key, data, iv))]],
  }));
}
