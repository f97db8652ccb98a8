// Measures constructions in a separate Node.js process: bench/crypto.js starts this file once per Node.js version.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { CONSTRUCTIONS, microseconds } from './constructions.js';

/** Long enough that a measurement includes the garbage collection that the construction causes. */
const MEASURE_MS = 10;

/**
 * Starts a process that measures on request, one construction at a time.
 *
 * @param {string} execPath path of the `node` to start
 */
export async function startNode(execPath) {
  const child = fork(fileURLToPath(import.meta.url), { execPath });
  const answer = async () => (await once(child, 'message'))[0];
  return {
    version: await answer(),
    measure(index) {
      child.send(index);
      return answer();
    },
    stop: () => child.disconnect(),
  };
}

if (process.send) {
  process.on('message', (index) => process.send(microseconds(CONSTRUCTIONS[index].cold, MEASURE_MS)));
  process.send(process.version);
}
