import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The built service in a separate process. */
export interface ServiceProcess {
  child: ChildProcess;
  /** Resolves to the URL when the service listens. */
  listening: Promise<string>;
  /** Resolves to the exit code or signal when the process ends. */
  ended: Promise<number | NodeJS.Signals>;
  /** Everything written to stderr. */
  output: () => string;
  /** Everything written to stdout, the log. */
  log: () => string;
}

const MAIN = fileURLToPath(new URL('../../dist/bundle/main.js', import.meta.url));

/** How to run a service that is not this checkout's, or runs as another user. */
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
