import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { paginateListKeys, PaymentCryptographyClient } from '@aws-sdk/client-payment-cryptography';
import { createKey } from './keys.js';
import { CREDENTIALS, REGION } from './service.js';

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

/** Specs that do not test the drain need not wait for it. */
const NO_DRAIN = { KEYBLOCK_DRAIN_SECONDS: '0' };

const MAIN = fileURLToPath(new URL('../../dist/bundle/main.js', import.meta.url));

/** Options for a service that runs from another folder or as another user. */
export interface Surroundings {
  /** The file that Node runs. */
  main?: string;
  /** The words of a command that runs the command after them. */
  prefix?: string[];
  /** File descriptor that receives standard output, which the spec then does not read. */
  stdout?: number;
  uid?: number;
  gid?: number;
}

export function spawnService(
  env: NodeJS.ProcessEnv,
  { main = MAIN, prefix = [], stdout, ...ids }: Surroundings = {},
): ServiceProcess {
  const [command, ...args] = [...prefix, process.execPath, main];
  const child = spawn(command, args, {
    env: { ...NO_DRAIN, PATH: process.env['PATH'], ...env },
    stdio: ['pipe', stdout ?? 'pipe', 'pipe'],
    ...ids,
  });
  const text = { output: '', log: '' };
  child.stdout?.on('data', (data: Buffer) => (text.log += data.toString()));
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  const listening = new Promise<string>((resolve, reject) => {
    child.stderr!.on('data', (data: Buffer) => {
      text.output += data.toString();
      const url = /listens at (https?:\/\/\S+)/.exec(text.output)?.[1];
      if (url !== undefined && text.output.includes('Try: ')) resolve(url);
    });
    void ended.then(() => reject(new Error(`It ended: ${text.output}`)));
  });
  listening.catch(() => undefined);
  return { child, listening, ended, output: () => text.output, log: () => text.log };
}

/**
 * Starts services for the tests of a spec file.
 *
 * @param signal ends services that still run after a test
 */
export function useProcesses(signal: NodeJS.Signals = 'SIGKILL'): typeof spawnService {
  const processes: ServiceProcess[] = [];
  afterEach(async () => {
    for (const service of processes.splice(0)) await end(service, signal);
  });
  return (...args) => {
    const service = spawnService(...args);
    processes.push(service);
    return service;
  };
}

/** Returns the ids of the processes that serve the tokens of a service. @param pid of the service */
export function tokenProcessesOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  return children.filter((child) => commandOf(child).includes('token-process'));
}

/** Returns the command line of a process; empty if it has ended. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** Sends the signal, waits for the end and returns how the process ended. */
export function end({ child, ended }: ServiceProcess, signal: NodeJS.Signals): Promise<number | NodeJS.Signals> {
  child.kill(signal);
  return ended;
}

export const controlPlaneOf = (endpoint: string, credentials = CREDENTIALS) =>
  new PaymentCryptographyClient({ region: REGION, endpoint, credentials, maxAttempts: 1 });

export const createArn = async (controlPlane: PaymentCryptographyClient) => (await createKey({ controlPlane })).KeyArn;

/** Returns the ARNs of all keys. */
export async function listArns(controlPlane: PaymentCryptographyClient): Promise<string[]> {
  const arns: string[] = [];
  for await (const { Keys } of paginateListKeys({ client: controlPlane, pageSize: 100 }, {}))
    arns.push(...Keys!.map(({ KeyArn }) => KeyArn!));
  return arns;
}

/** A little less than a test may take, so that a test that waits in vain states for what. */
const PATIENCE_MS = 285_000;

/** Polls until the condition holds. @throws after 285 seconds, with the source of the condition */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Still does not hold: ${holds.toString()}`);
    await pause(20);
  }
}
