// Measures constructions under another Node.js: bench/crypto.js starts this file with it.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { CONSTRUCTIONS, measure } from './constructions.js';

/**
 * Starts a process of another Node.js that measures when it is asked to, one construction at a time.
 *
 * @param {string} execPath the `node` to start
 */
export async function startSecondNode(execPath) {
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
  process.on('message', (index) => process.send(measure(CONSTRUCTIONS[index])));
  process.send(process.version);
}
