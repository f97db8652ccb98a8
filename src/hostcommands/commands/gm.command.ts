import { hash, type HashName } from '../../crypto/hash.js';
import type { HostCommand } from '../command.js';
import * as layouts from '../layouts/gm.js';

/** Hashes data. */
export const GM: HostCommand<{ readonly name: HashName; readonly data: Buffer }> = {
  ...layouts.GM,
  isDefault: true,
  execute: ({ name, data }) => ({ fields: [['hash', hash(name, data)]] }),
};
