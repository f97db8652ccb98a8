import type { HostCommand } from '../command.js';
import * as layouts from '../layouts/dc-ec.js';
import type { Verification } from '../layouts/pin-verification.js';
import { verify } from './pin-verification.js';

export const DC: HostCommand<Verification> = {
  ...layouts.DC,
  operation: 'VerifyPinData',
  isDefault: true,
  execute: (request, host) => verify(host, request),
};

export const EC: HostCommand<Verification> = {
  ...layouts.EC,
  operation: 'VerifyPinData',
  isDefault: true,
  execute: (request, host) => verify(host, request),
};
