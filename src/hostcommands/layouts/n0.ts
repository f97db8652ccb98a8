import type { RequestLayout } from './layout.js';

export const N0: RequestLayout<{ length: number }> = {
  code: 'N0',
  title: 'Generate random bytes',
  parse: (fields) => ({ length: fields.number('length', 3) }),
};
