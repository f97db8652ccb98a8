import type { HostCommand } from '../command.js';
import * as layouts from '../layouts/ha-hc.js';
import type { Request } from '../layouts/ha-hc.js';
import { generateUnderTmk } from './a0.command.js';

export const HA: HostCommand<Request> = {
  ...layouts.HA,
  operation: 'CreateKey',
  isDefault: true,
  execute: ({ tmk, schemes }, host) => generateUnderTmk(host, tmk, { type: '003', schemes }),
};

export const HC: HostCommand<Request> = {
  ...layouts.HC,
  operation: 'CreateKey',
  isDefault: true,
  execute: ({ tmk, schemes }, host) => generateUnderTmk(host, tmk, { type: '002', schemes }),
};
