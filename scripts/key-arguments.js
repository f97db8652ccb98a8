// Writes docs/key-arguments.md from the table of the built service: npm run docs
import { writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { keyArgumentsPage } from '../dist/payment/dataplane/keys/key-arguments-page.js';

const options = { ...(await resolveConfig(import.meta.filename)), parser: 'markdown' };
const file = new URL('../docs/key-arguments.md', import.meta.url);
writeFileSync(file, await format(keyArgumentsPage(), options));
