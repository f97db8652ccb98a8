import type { RequestLayout } from './layout.js';

export const NC: RequestLayout<undefined> = {
  code: 'NC',
  title: 'Report the check value of the LMK and the firmware',
  parse: () => undefined,
};
