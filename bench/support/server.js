import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Starts a server as a separate process with its stdout discarded.
 *
 * @param {string}            script
 * @param {NodeJS.ProcessEnv} env the complete environment
 * @returns {Promise<{ port: number, pid: number, stop: () => Promise<void> }>} resolves when the server has reported
 *   its address on stderr
 */
export async function startServer(script, env = {}) {
  return listening(script, spawn(process.execPath, [script], { env: fast(env), stdio: ['ignore', 'ignore', 'pipe'] }));
}

/**
 * Starts a server that runs in one process and reports its CPU time.
 *
 * @param {string}            script
 * @param {NodeJS.ProcessEnv} env the complete environment
 * @param {string}            [node]   path of the `node` to start
 * @returns {Promise<{ port: number, cpuMicroseconds: () => Promise<number>, stop: () => Promise<void> }>}
 */
export async function startMeasuredServer(script, env, node = process.execPath) {
  const args = ['--import', import.meta.resolve('./report-cpu.js'), script];
  const child = spawn(node, args, { env: fast(env), stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const cpuMicroseconds = async () => {
    child.send('');
    return (await once(child, 'message'))[0];
  };
  return { ...(await listening(script, child)), cpuMicroseconds };
}

/** A server of a benchmark stops without waiting for load balancers, because there are none. */
const fast = (env) => ({ KEYBLOCK_DRAIN_SECONDS: '0', ...env });

async function listening(script, child) {
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
  return { port, pid: child.pid, stop };
}
