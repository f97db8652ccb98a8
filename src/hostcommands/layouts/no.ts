import type { RequestLayout } from './layout.js';

export const NO: RequestLayout<{ mode: string }> = {
  code: 'NO',
  title: 'Report the status of the HSM',
  parse: (fields) => ({ mode: fields.digits('mode', 2) }),
};
