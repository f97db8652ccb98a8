import type { HostCommand } from '../command.js';

/** Echo. */
export const B2: HostCommand<{ data: Buffer }> = {
  code: 'B2',
  title: 'Echo data',
  isDefault: true,
  parse: (fields) => ({ data: fields.raw('data', parseInt(fields.hex('length', 4), 16)) }),
  execute: ({ data }) => ({ fields: [['data', data]] }),
};
