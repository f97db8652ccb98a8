import type { HostCommand } from '../command.js';
import * as layouts from '../layouts/ca-cc.js';
import type { Translation } from '../layouts/pin-translation.js';
import { translate } from './pin-translation.js';

export const CA: HostCommand<Translation> = {
  ...layouts.CA,
  operation: 'TranslatePinData',
  isDefault: true,
  execute: (request, host) => translate(host, request),
};

export const CC: HostCommand<Translation> = {
  ...layouts.CC,
  operation: 'TranslatePinData',
  isDefault: true,
  execute: (request, host) => translate(host, request),
};
