import type { HostCommand } from '../command.js';
import * as layouts from '../layouts/cu-du.js';
import type { PinChange } from '../layouts/pin-verification.js';
import { changePin } from './pin-verification.js';

export const CU: HostCommand<PinChange> = {
  ...layouts.CU,
  operation: 'GeneratePinData',
  isDefault: true,
  execute: (request, host) => changePin(host, request),
};

export const DU: HostCommand<PinChange> = {
  ...layouts.DU,
  operation: 'GeneratePinData',
  isDefault: true,
  execute: (request, host) => changePin(host, request),
};
