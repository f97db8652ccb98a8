import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The built service in a process of its own. */
export interface ServiceProcess {
  child: ChildProcess;
  /** Where it listens, when it does. */
  listening: Promise<string>;
  /** Exit code or signal, when it ends. */
  ended: Promise<number | NodeJS.Signals>;
  /** All that it wrote for people. */
  output: () => string;
  /** All that it logged. */
  log: () => string;
}

const MAIN = fileURLToPath(new URL('../../dist/bundle/main.js', import.meta.url));

/** Where a service runs that is not this checkout's under the same user. */
export interface Surroundings {
  /** The file that Node runs. */
  main?: string;
  /** A command that runs the one given after it. */
  prefix?: string[];
  uid?: number;
  gid?: number;
}

export function spawnService(
  env: NodeJS.ProcessEnv,
  { main = MAIN, prefix = [], ...ids }: Surroundings = {},
): ServiceProcess {
  const [command, ...args] = [...prefix, process.execPath, main];
  const child = spawn(command, args, { env: { PATH: process.env['PATH'], ...env }, ...ids });
  const text = { output: '', log: '' };
  child.stdout.on('data', (data: Buffer) => (text.log += data.toString()));
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  const listening = new Promise<string>((resolve, reject) => {
    child.stderr.on('data', (data: Buffer) => {
      text.output += data.toString();
      const url = /listens at (https?:\/\/\S+)/.exec(text.output)?.[1];
      if (url !== undefined && text.output.includes('Try: ')) resolve(url);
    });
    void ended.then(() => reject(new Error(`It ended: ${text.output}`)));
  });
  listening.catch(() => undefined);
  return { child, listening, ended, output: () => text.output, log: () => text.log };
}
