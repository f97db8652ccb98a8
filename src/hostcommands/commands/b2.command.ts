import type { HostCommand } from '../command.js';
import * as layouts from '../layouts/b2.js';

/** Echo. */
export const B2: HostCommand<{ data: Buffer }> = {
  ...layouts.B2,
  isDefault: true,
  execute: ({ data }) => ({ fields: [['data', data]] }),
};
