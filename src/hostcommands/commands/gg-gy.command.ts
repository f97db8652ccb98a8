import type { HostCommand } from '../command.js';
import type { Request } from '../layouts/gg-gy.js';
import * as layouts from '../layouts/gg-gy.js';
import type { RequestLayout } from '../layouts/layout.js';
import { formKey } from './a4.command.js';

const forming = (layout: RequestLayout<Request>): HostCommand<Request> => ({
  ...layout,
  operation: 'ImportKey',
  isDefault: true,
  execute: ({ values, ...request }, host) => formKey(host, { ...request, type: '000', options: {} }, values),
});

export const GG = forming(layouts.GG);
export const GY = forming(layouts.GY);
