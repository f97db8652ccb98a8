import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { CHANNEL_FD, TokenChannel } from './token-channel.js';
import { TokenError } from './token-error.js';
import type { TokenAddress, TokenCall, TokenCalls, TokenInfo, TokenRequest, TokenResponse } from './token-protocol.js';
import { inSpan } from '../tracing/tracing.js';

/** Beside this file, or beside the bundle. */
const FILE = fileURLToPath(new URL('./token-process.js', import.meta.url));

const START_MS = 10_000;
const PROBE_MS = 1000;
/** Delays before the process is started again: the first, doubled each time up to the last. */
const RESTART_MS = { first: 100, last: 10_000 };
/** Time without a fault after which the delays begin again. */
const STABLE_MS = 60_000;

export interface TokenSettings {
  readonly address: TokenAddress;
  /** PIN of the normal user; without it, only public objects of the token can be read. */
  readonly pin?: string | undefined;
  /** Maximum number of concurrent calls; each uses a session. */
  readonly sessions: number;
  /** Time limit of a call, in milliseconds. */
  readonly timeoutMs: number;
  /** Environment variables that hold secrets, besides those of this service. */
  readonly secretVariables?: readonly string[];
}

interface Pending {
  resolve: (result: never) => void;
  reject: (error: Error) => void;
}

/**
 * A PKCS#11 token in a separate process: a module that crashes, aborts or hangs affects only that process. The process
 * is restarted if a call exceeds its time limit, if the process ends by itself, or if the token no longer responds or no
 * longer accepts the process's sessions.
 * Meanwhile, calls wait for the first restart, within their own limit.
 */
export class Token {
  #child: TokenChild | undefined;
  #opening: TokenChild | undefined;
  #info!: TokenInfo;
  /** The restart in progress for which calls wait. */
  #starting: Promise<void> | undefined;
  #fault: TokenError | undefined;
  #restartMs = RESTART_MS.first;
  #restart?: NodeJS.Timeout;
  #upSinceMs = 0;
  #failedProbes = 0;
  #isClosed = false;
  /** Number of calls that have a session, and the calls that wait for one, in order. */
  #running = 0;
  readonly #waiting = new Set<() => void>();
  readonly #probes: NodeJS.Timeout;
  readonly #listeners: ((fault?: TokenError) => void)[] = [];

  private constructor(private readonly settings: TokenSettings) {
    this.#probes = setInterval(() => void this.#probe(), PROBE_MS).unref();
  }

  /**
   * Starts the process, finds the token and logs in. Tries the PIN only once.
   *
   * @throws TokenError
   */
  static async open(settings: TokenSettings): Promise<Token> {
    const token = new Token(settings);
    try {
      await token.#start();
      return token;
    } catch (error) {
      await token.close();
      throw error;
    }
  }

  get info(): TokenInfo {
    return this.#info;
  }

  get isUp(): boolean {
    return this.#fault === undefined;
  }

  /** Number of seconds, counted by failed probes, for which the token has been unavailable. */
  get failedProbes(): number {
    return this.#failedProbes;
  }

  /**
   * Listens to changes.
   * @param listener receives the fault if the token is lost, and undefined when it is available again
   */
  onChange(listener: (fault?: TokenError) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Runs a call on the token.
   *
   * @throws TokenError: TIMED_OUT if it exceeds its limit, BUSY if it gets no session within the limit, PROCESS_ENDED
   *   if the module ends the process, the fault of the token while it is unavailable, or the error of the call
   */
  async run<N extends TokenCall>(name: N, ...args: Parameters<TokenCalls[N]>): Promise<ReturnType<TokenCalls[N]>> {
    const deadlineMs = performance.now() + this.settings.timeoutMs;
    await this.#takeSession();
    try {
      return await this.#run(name, args, deadlineMs);
    } finally {
      this.#passSession();
    }
  }

  async #run<N extends TokenCall>(
    name: N,
    args: Parameters<TokenCalls[N]>,
    deadlineMs: number,
  ): Promise<ReturnType<TokenCalls[N]>> {
    if (this.#starting)
      await within(
        Math.max(deadlineMs - performance.now(), 1),
        this.#starting.catch(() => undefined),
      );
    if (this.#fault) throw this.#fault;
    const child = this.#child;
    if (!child) {
      const state = this.#isClosed ? 'is closed' : 'is being connected again';
      throw new TokenError('PROCESS_ENDED', `The token ${state}.`);
    }
    try {
      return await child.run(name, args, this.settings.timeoutMs);
    } catch (error) {
      if (error instanceof TokenError && error.needsNewProcess) this.#lose(child, error);
      throw error;
    }
  }

  /** Logs out, and ends the process. Calls in flight fail. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#probes);
    clearTimeout(this.#restart);
    this.#opening?.kill();
    const child = this.#child;
    this.#child = undefined;
    await child?.close(this.settings.timeoutMs);
  }

  /**
   * Waits for a session, for the limit of a call at most. Calls wait here and not in the process, so that a long wait
   * doesn't count as a fault of the token.
   */
  async #takeSession(): Promise<void> {
    const { sessions, timeoutMs } = this.settings;
    if (this.#running < sessions) {
      this.#running++;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const take = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(take);
        reject(new TokenError('BUSY', `All ${sessions} sessions of the token were in use for ${timeoutMs} ms.`));
      }, timeoutMs);
      this.#waiting.add(take);
    });
  }

  #passSession(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#running--;
      return;
    }
    this.#waiting.delete(next);
    next();
  }

  async #start(): Promise<void> {
    const { address, pin, sessions, secretVariables } = this.settings;
    const child = new TokenChild(sessions, secretVariables ?? [], (error) => this.#lose(child, error));
    this.#opening = child;
    const deadlineMs = performance.now() + START_MS;
    const left = () => Math.max(Math.ceil(deadlineMs - performance.now()), 1);
    try {
      this.#info = await child.run('open', [address, sessions], left());
      if (pin !== undefined) await child.run('login', [pin], left());
    } catch (error) {
      child.kill();
      throw error;
    } finally {
      this.#opening = undefined;
    }
    if (this.#isClosed) {
      child.kill();
      return;
    }
    this.#child = child;
    this.#upSinceMs = performance.now();
  }

  /** Ends a process that failed, and starts another. */
  #lose(child: TokenChild, fault: TokenError): void {
    child.kill();
    if (this.#child !== child || this.#isClosed) return;
    this.#child = undefined;
    if (performance.now() - this.#upSinceMs > STABLE_MS) this.#restartMs = RESTART_MS.first;
    // Calls wait for the first restart, and fail with its fault.
    this.#starting = new Promise((resolve) => {
      this.#restartLater(fault, resolve);
    });
  }

  #restartLater(fault: TokenError, done?: () => void): void {
    this.#restart = setTimeout(() => {
      void this.#startAgain(fault).finally(() => {
        this.#starting = undefined;
        done?.();
      });
    }, this.#restartMs);
    this.#restartMs = Math.min(this.#restartMs * 2, RESTART_MS.last);
  }

  async #startAgain(before: TokenError): Promise<void> {
    try {
      await this.#start();
      this.#failedProbes = 0;
      if (this.#fault) this.#announce(undefined);
    } catch (error) {
      if (this.#isClosed) return;
      const fault = error instanceof TokenError ? error : before;
      if (this.#fault) this.#fault = fault;
      else this.#announce(fault);
      // Another attempt could lock the token.
      if (!fault.isOfPin) this.#restartLater(fault);
    }
  }

  #announce(fault: TokenError | undefined): void {
    this.#fault = fault;
    for (const listener of this.#listeners) listener(fault);
  }

  async #probe(): Promise<void> {
    if (this.#fault) this.#failedProbes++;
    const child = this.#child;
    if (!child || this.#starting || this.#fault) return;
    try {
      await child.run('probe', [], this.settings.timeoutMs);
    } catch (error) {
      // A module may not notice that a token is available again; a new process does. A new process does.
      if (error instanceof TokenError) this.#lose(child, error);
    }
  }
}

/** One process that serves a token, for as long as it lives. */
class TokenChild {
  readonly #process: ChildProcess;
  readonly #channel: TokenChannel<TokenRequest, TokenResponse> | undefined;
  readonly #pending = new Map<number, Pending>();
  #requests = 0;
  #isEnded = false;

  /** @param ended called if the process ends without being killed */
  constructor(sessions: number, secretVariables: readonly string[], ended: (error: TokenError) => void) {
    const env = { ...withoutSecrets(process.env, secretVariables), UV_THREADPOOL_SIZE: String(Math.max(sessions, 4)) };
    this.#process = spawn(process.execPath, [FILE], { env, stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
    this.#process.unref();
    // If the process can't be started, it may have no streams, contrary to the type.
    const { stdio } = this.#process as { stdio?: ChildProcess['stdio'] };
    const socket = stdio?.[CHANNEL_FD] as Socket | undefined;
    socket?.unref();
    this.#channel =
      socket && new TokenChannel(socket, { received: (response) => this.#settle(response), closed: () => this.kill() });
    this.#process.on('error', () => this.#end(ended, "can't be started"));
    this.#process.on('exit', (code, signal) => this.#end(ended, `ended (${signal ?? `exit code ${code}`})`));
  }

  run<N extends TokenCall>(
    name: N,
    args: Parameters<TokenCalls[N]>,
    timeoutMs: number,
  ): Promise<ReturnType<TokenCalls[N]>> {
    return inSpan('hsm', 'client', { operation: name }, () => this.#run(name, args, timeoutMs));
  }

  async #run<N extends TokenCall>(
    name: N,
    args: Parameters<TokenCalls[N]>,
    timeoutMs: number,
  ): Promise<ReturnType<TokenCalls[N]>> {
    const id = ++this.#requests;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve, reject) => {
        if (this.#isEnded) {
          reject(endedError('ended'));
          return;
        }
        this.#pending.set(id, { resolve, reject });
        timer = setTimeout(() => {
          reject(new TokenError('TIMED_OUT', `The token did not answer ${name} within ${timeoutMs} ms.`));
        }, timeoutMs);
        // If the channel is closed, the process is ending, which the exit event reports.
        this.#channel?.send({ id, name, args });
      });
    } finally {
      clearTimeout(timer);
      this.#pending.delete(id);
    }
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  async close(timeoutMs: number): Promise<void> {
    if (this.#isEnded) return;
    this.#process.ref();
    const exited = new Promise((resolve) => this.#process.once('exit', resolve));
    await this.run('close', [], timeoutMs).catch(() => undefined);
    this.kill();
    await exited;
  }

  #settle(response: TokenResponse): void {
    const pending = this.#pending.get(response.id);
    if ('result' in response) pending?.resolve(response.result as never);
    else pending?.reject(new TokenError(response.failure.code, response.failure.message));
  }

  #end(ended: (error: TokenError) => void, how: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const error = endedError(how);
    for (const { reject } of this.#pending.values()) reject(error);
    ended(error);
  }
}

function endedError(how: string): TokenError {
  return new TokenError('PROCESS_ENDED', `The process that serves the token ${how}.`);
}

/** Returns the environment for a module's configuration, without the secrets of this service. */
function withoutSecrets(env: NodeJS.ProcessEnv, secretVariables: readonly string[]): NodeJS.ProcessEnv {
  const isSecret = (name: string) => /^(?:KEYBLOCK_|PG|DATABASE_URL$)/.test(name) || secretVariables.includes(name);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !isSecret(name)));
}

/** Waits for a promise, but no longer than a time limit. */
async function within(limitMs: number, promise: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, limitMs)));
  await Promise.race([promise, limit]);
  clearTimeout(timer);
}
