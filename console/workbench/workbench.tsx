import './globals.js';

/** The calculators by their path in the URL. Each is loaded when it is first shown. */
export const CALCULATORS = {
  as2805: async () => (await import('./as2805.js')).As2805,
  'card-values': async () => (await import('./card-values.js')).CardValues,
  'check-values': async () => (await import('./check-values.js')).CheckValues,
  dukpt: async () => (await import('./dukpt.js')).Dukpt,
  emv: async () => (await import('./emv.js')).Emv,
  'host-commands': async () => (await import('./host-commands.js')).HostCommands,
  'key-blocks': async () => (await import('./key-blocks.js')).KeyBlocks,
  mac: async () => (await import('./mac.js')).Mac,
  'pin-blocks': async () => (await import('./pin-blocks.js')).PinBlocks,
  'pin-values': async () => (await import('./pin-values.js')).PinValues,
} as const;
