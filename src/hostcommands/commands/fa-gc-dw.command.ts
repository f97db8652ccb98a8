import type { HostCommand } from '../command.js';
import * as layouts from '../layouts/fa-gc-dw.js';
import type { Request } from '../layouts/fa-gc-dw.js';
import { importKey } from './a6.command.js';
import { exportKey } from './a8.command.js';

export const FA: HostCommand<Request> = {
  ...layouts.FA,
  operation: 'ImportKey',
  isDefault: true,
  execute: ({ digits, ...request }, host) => importKey(host, { ...request, type: '001', options: {} }, digits),
};

export const DW: HostCommand<Request> = {
  ...layouts.DW,
  operation: 'ImportKey',
  isDefault: true,
  execute: ({ digits, ...request }, host) => importKey(host, { ...request, type: '009', options: {} }, digits),
};

export const GC: HostCommand<Request> = {
  ...layouts.GC,
  operation: 'ExportKey',
  isDefault: true,
  execute: ({ digits, ...request }, host) => exportKey(host, { ...request, type: '001', options: {} }, digits),
};
