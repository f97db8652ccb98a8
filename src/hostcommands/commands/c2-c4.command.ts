import { toHex } from '../../crypto/bytes.js';
import { requireMac } from '../../payment/dataplane/mac/mac-algorithms.js';
import { whenReady } from '../../when-ready.js';
import type { HostCommand } from '../command.js';
import * as layouts from '../layouts/c2-c4.js';
import { LENGTH, type Request } from '../layouts/c2-c4.js';
import { macInput, macKeyNeeds } from './mac-fields.js';

/** Generates a MAC of ANSI X9.9 or X9.19. */
export const C2: HostCommand<Request> = {
  ...layouts.C2,
  operation: 'GenerateMac',
  isDefault: false,
  execute: (request, host) =>
    whenReady(host.key(request.key, macKeyNeeds('GenerateMac', request)), (key) => {
      const { scheme, message } = macInput(request, key, request.data);
      return { fields: [['MAC', key.use((clear) => toHex(scheme.mac(clear, message, LENGTH, key.algorithm)))]] };
    }),
};

/** Verifies a MAC of ANSI X9.9 or X9.19. */
export const C4: HostCommand<Request & { readonly claimed: Buffer }> = {
  ...layouts.C4,
  operation: 'VerifyMac',
  isDefault: false,
  execute: (request, host) =>
    whenReady(host.key(request.key, macKeyNeeds('VerifyMac', request)), (key) => {
      const { scheme, message } = macInput(request, key, request.data);
      return host.services.verifications.attempt(host.call, { keyArns: [key.arn], pan: undefined }, () => {
        requireMac(scheme, key, message, request.claimed);
        return { fields: [] };
      });
    }),
};
