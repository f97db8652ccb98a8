import type { HostCommand } from '../command.js';
import * as layouts from '../layouts/bk-fw.js';
import type { ReferencedPin } from '../layouts/pin-verification.js';
import { generateReference } from './pin-verification.js';

export const BK: HostCommand<ReferencedPin> = {
  ...layouts.BK,
  operation: 'GeneratePinData',
  isDefault: true,
  execute: (request, host) => generateReference(host, request),
};

export const FW: HostCommand<ReferencedPin> = {
  ...layouts.FW,
  operation: 'GeneratePinData',
  isDefault: true,
  execute: (request, host) => generateReference(host, request),
};
