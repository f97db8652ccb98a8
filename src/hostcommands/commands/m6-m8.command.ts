import { toHex } from '../../crypto/bytes.js';
import { requireMac } from '../../payment/dataplane/mac/mac-algorithms.js';
import { whenReady } from '../../when-ready.js';
import type { HostCall, HostCommand, Reply } from '../command.js';
import * as layouts from '../layouts/m6-m8.js';
import { goesOn, type Request } from '../layouts/m6-m8.js';
import { chain, macInput, macKeyNeeds } from './mac-fields.js';

/** Generates a MAC. A long message comes in parts, between which the host keeps the chaining value. */
export const M6: HostCommand<Request> = {
  ...layouts.M6,
  operation: 'GenerateMac',
  isDefault: true,
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
  ...layouts.M8,
  operation: 'VerifyMac',
  isDefault: true,
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

function executePart({ method, data, iv }: Request, host: HostCall): Reply | Promise<Reply> {
  return whenReady(host.key(method.key, macKeyNeeds('GenerateMac', method)), (key) => ({
    fields: [['IV', toHex(chain(method, key, data, iv))]],
  }));
}
