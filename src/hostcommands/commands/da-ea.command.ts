import type { HostCommand } from '../command.js';
import * as layouts from '../layouts/da-ea.js';
import type { Verification } from '../layouts/pin-verification.js';
import { verify } from './pin-verification.js';

export const DA: HostCommand<Verification> = {
  ...layouts.DA,
  operation: 'VerifyPinData',
  isDefault: true,
  execute: (request, host) => verify(host, request),
};

export const EA: HostCommand<Verification> = {
  ...layouts.EA,
  operation: 'VerifyPinData',
  isDefault: true,
  execute: (request, host) => verify(host, request),
};
