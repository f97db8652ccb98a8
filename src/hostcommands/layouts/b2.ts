import type { RequestLayout } from './layout.js';

export const B2: RequestLayout<{ data: Buffer }> = {
  code: 'B2',
  title: 'Echo data',
  parse: (fields) => ({ data: fields.raw('data', parseInt(fields.hex('length', 4), 16)) }),
};
