import { keyblock } from './cli/keyblock.js';

// A reader such as `head` may close the pipe before the end of the output.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 0 : 1));

process.exitCode = await keyblock(process.argv.slice(2), process);
