import type { HostCommand } from '../command.js';
import * as layouts from '../layouts/go-gq-ck-cm.js';
import type { Verification } from '../layouts/pin-verification.js';
import { verify } from './pin-verification.js';

export const GO: HostCommand<Verification> = {
  ...layouts.GO,
  operation: 'VerifyPinData',
  isDefault: true,
  execute: (request, host) => verify(host, request),
};

export const GQ: HostCommand<Verification> = {
  ...layouts.GQ,
  operation: 'VerifyPinData',
  isDefault: true,
  execute: (request, host) => verify(host, request),
};

export const CK: HostCommand<Verification> = {
  ...layouts.CK,
  operation: 'VerifyPinData',
  isDefault: true,
  execute: (request, host) => verify(host, request),
};

export const CM: HostCommand<Verification> = {
  ...layouts.CM,
  operation: 'VerifyPinData',
  isDefault: true,
  execute: (request, host) => verify(host, request),
};
