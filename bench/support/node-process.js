// Measures constructions in a process of one Node.js: bench/crypto.js starts this file with each of two.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { CONSTRUCTIONS, microseconds } from './constructions.js';

/** So long that the garbage collector's work for a construction falls into its own measurement. */
const MEASURE_MS = 10;

/**
 * Starts a process that measures when it is asked to, one construction at a time.
 *
 * @param {string} execPath the `node` to start
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
