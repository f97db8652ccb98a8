import { keyblock } from './cli/keyblock.js';

// The service: the same as `keyblock start`.
process.exitCode = await keyblock(['start', ...process.argv.slice(2)], process);
