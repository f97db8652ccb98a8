#!/usr/bin/env node
import { keyblock } from './cli/keyblock.js';

// Who reads may stop before the end, as `head` does.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 0 : 1));

process.exitCode = await keyblock(process.argv.slice(2), process);
