import { Worker } from 'node:worker_threads';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { BusyError, CryptoError } from '../crypto/errors.js';
import type { Computation, Computations } from './computations.js';
import { buffersOf, type Request, type Response, transferable } from './crypto-thread.messages.js';

/** Beside this file, or beside the bundle. */
const FILE = new URL('./crypto-thread.worker.js', import.meta.url);

/** Maximum number of running and waiting computations: about two seconds of work if each takes 8 ms. */
export const MAX_WAITING = 256;

interface Waiting {
  resolve: (result: never) => void;
  reject: (error: Error) => void;
}

/**
 * A thread for computations that would delay other requests. It starts at its first use. Keys are passed as OpenSSL
 * objects, which both threads share: their bytes aren't copied.
 */
@Injectable()
export class CryptoThread implements OnApplicationShutdown {
  #worker?: Worker;
  #requests = 0;
  readonly #waiting = new Map<number, Waiting>();

  /** Number of running and waiting computations. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Runs a computation.
   *
   * @throws CryptoError as the computation does
   * @throws BusyError if MAX_WAITING others wait
   */
  async run<N extends Computation>(
    name: N,
    ...args: Parameters<Computations[N]>
  ): Promise<ReturnType<Computations[N]>> {
    if (this.#waiting.size >= MAX_WAITING)
      throw new BusyError(`${MAX_WAITING} computations wait for the crypto thread`);
    const worker = (this.#worker ??= this.#start());
    const id = ++this.#requests;
    const { message, transfer } = transferable<Request>({ id, name, args });
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.postMessage(message, transfer);
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    // The thread gets no environment, because it contains secrets.
    const worker = new Worker(FILE, { name: 'crypto', env: {}, execArgv: [] });
    worker.unref();
    worker.on('message', (response: Response) => this.#settle(response));
    let reason = new Error('The crypto thread ended');
    worker.on('error', (error) => (reason = error instanceof Error ? error : reason));
    // The next computation starts another one.
    worker.on('exit', () => {
      this.#worker = undefined;
      for (const { reject } of this.#waiting.values()) reject(reason);
      this.#waiting.clear();
    });
    return worker;
  }

  #settle(response: Response): void {
    const waiting = this.#waiting.get(response.id);
    this.#waiting.delete(response.id);
    if ('result' in response) waiting?.resolve(buffersOf(response.result) as never);
    else if ('refusal' in response) waiting?.reject(new CryptoError(response.refusal.code, response.refusal.message));
    else waiting?.reject(new Error(response.failure));
  }
}
