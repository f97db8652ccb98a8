import './globals.js';

/** The calculators by their place in the address. Each is loaded when it is first shown. */
export const CALCULATORS = {
  'check-values': async () => (await import('./check-values.js')).CheckValues,
  'key-blocks': async () => (await import('./key-blocks.js')).KeyBlocks,
  emv: async () => (await import('./emv.js')).Emv,
} as const;
