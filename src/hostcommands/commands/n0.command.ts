import { randomBytes } from 'node:crypto';
import type { HostCommand } from '../command.js';
import { HostError } from '../host-error.js';
import * as layouts from '../layouts/n0.js';

const MAX_BYTES = 256;

/** Random bytes. */
export const N0: HostCommand<{ length: number }> = {
  ...layouts.N0,
  isDefault: true,
  execute({ length }) {
    if (length < 1 || length > MAX_BYTES) throw new HostError('01', `length must be 001 to ${MAX_BYTES}`);
    return { fields: [['random value', randomBytes(length)]] };
  },
};
