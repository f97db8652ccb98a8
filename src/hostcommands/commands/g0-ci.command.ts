import type { HostCommand } from '../command.js';
import * as layouts from '../layouts/g0-ci.js';
import type { Translation } from '../layouts/pin-translation.js';
import { translate } from './pin-translation.js';

export const G0: HostCommand<Translation> = {
  ...layouts.G0,
  operation: 'TranslatePinData',
  isDefault: true,
  execute: (request, host) => translate(host, request),
};

export const CI: HostCommand<Translation> = {
  ...layouts.CI,
  operation: 'TranslatePinData',
  isDefault: true,
  execute: (request, host) => translate(host, request),
};
