import '../workbench/globals.js';

/** The screens that parse key blocks and certificates. Each is loaded when it is first shown. */
export const SCREENS = {
  import: async () => (await import('./import.js')).Import,
  export: async () => (await import('./export.js')).Export,
  partner: async () => (await import('./partner.js')).Partner,
} as const;
