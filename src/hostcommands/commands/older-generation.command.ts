import type { HostCommand } from '../command.js';
import type { RequestLayout } from '../layouts/layout.js';
import type { GeneratedKey } from '../layouts/older-generation.js';
import * as layouts from '../layouts/older-generation.js';
import { generateKey } from './a0.command.js';

const generating = (layout: RequestLayout<GeneratedKey>, isDefault: boolean): HostCommand<GeneratedKey> => ({
  ...layout,
  operation: 'CreateKey',
  isDefault,
  exports: ({ exported }) => exported !== undefined,
  execute: (request, host) => generateKey(host, request),
});

export const AS = generating(layouts.AS, false);
export const BI = generating(layouts.BI, false);
export const FG = generating(layouts.FG, false);
export const FI = generating(layouts.FI, true);
export const HA = generating(layouts.HA, true);
export const HC = generating(layouts.HC, true);
export const IA = generating(layouts.IA, false);
