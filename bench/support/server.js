import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Starts a server as a separate process with its stdout discarded.
 *
 * @param {string}            script
 * @param {NodeJS.ProcessEnv} env the complete environment
 * @returns {Promise<{ port: number, stop: () => Promise<void> }>} resolves when the server has reported its address on
 *   stderr
 */
export async function startServer(script, env = {}) {
  const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(child, 'exit');
  const port = await new Promise((resolve, reject) => {
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += chunk;
      const found = /listens at http:\/\/[^ ]+:(\d+)\s/.exec(said)?.[1];
      if (found !== undefined) resolve(Number(found));
    });
    child.on('exit', () => reject(new Error(`${script} did not start:\n${said}`)));
  });
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
  };
  return { port, stop };
}
