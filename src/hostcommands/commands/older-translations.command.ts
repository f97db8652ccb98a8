import type { HostCommand } from '../command.js';
import type { RequestLayout } from '../layouts/layout.js';
import type { Request } from '../layouts/older-translations.js';
import * as layouts from '../layouts/older-translations.js';
import { importKey } from './a6.command.js';
import { exportKey } from './a8.command.js';

const importing = (layout: RequestLayout<Request>): HostCommand<Request> => ({
  ...layout,
  operation: 'ImportKey',
  isDefault: true,
  execute: ({ values, ...request }, host) => importKey(host, { ...request, options: {} }, values),
});

const exporting = (layout: RequestLayout<Request>): HostCommand<Request> => ({
  ...layout,
  operation: 'ExportKey',
  isDefault: true,
  execute: ({ values, ...request }, host) => exportKey(host, { ...request, options: {} }, values),
});

export const AE = exporting(layouts.AE);
export const AG = exporting(layouts.AG);
export const AU = exporting(layouts.AU);
export const AW = importing(layouts.AW);
export const BY = importing(layouts.BY);
export const DW = importing(layouts.DW);
export const DY = exporting(layouts.DY);
export const FA = importing(layouts.FA);
export const FC = importing(layouts.FC);
export const FE = exporting(layouts.FE);
export const FK = importing(layouts.FK);
export const FM = exporting(layouts.FM);
export const GC = exporting(layouts.GC);
export const MG = exporting(layouts.MG);
export const MI = importing(layouts.MI);
