// Keeps a service that loads it from counting the calls with keys: bench/key-use.js compares it with one that counts.
import { KeyUse } from '../../dist/access/key-use.js';
import { KeyUses } from '../../dist/kms/usage/key-uses.js';

for (const { prototype } of [KeyUse, KeyUses]) prototype.note = () => {};
