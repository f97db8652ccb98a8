import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import type { Logger } from 'pino';
import { AggregatorRegistry, type Registry, type RegistryContentType } from 'prom-client';

/** Delay before restarting a crashed worker, so that a crash loop doesn't saturate the CPU. */
const RESTART_MS = 1000;

/** Messages between the processes, besides those of `prom-client`. */
type Message =
  | { keyblock: 'listening'; url: string }
  | { keyblock: 'metrics requested'; id: number }
  | { keyblock: 'metrics'; id: number; text: string };

/**
 * Runs the service in several processes that listen on one port, and restarts those that crash. The first process
 * starts alone, so that an error at startup is reported once. Passes SIGUSR2 on to the workers, even to those that
 * replace crashed ones later.
 *
 * @param count   2 or more
 * @param reopens passes SIGHUP on, too
 * @param stop    ends the workers, including those that are starting
 * @throws WorkerError if a worker ends before it listens
 * @throws the reason of `stop`
 */
export async function startWorkers(
  { count, reopens }: { count: number; reopens: boolean },
  logger: Logger,
  stop: AbortSignal,
): Promise<{ url: string; close: () => Promise<void> }> {
  const metrics = new AggregatorRegistry();
  const stopping = new AbortController();
  /** The workers that serve. */
  const serving = new Set<Worker>();
  let isStaleServingOff = false;

  const start = (): Promise<string> => {
    const worker = cluster.fork();
    const listening = new Promise<string>((resolve, reject) => {
      worker.on('message', (message: Message) => {
        if (message.keyblock === 'metrics requested') void answerMetrics(worker, message.id, metrics);
        if (message.keyblock !== 'listening') return;
        serving.add(worker);
        if (isStaleServingOff) worker.process.kill('SIGUSR2');
        resolve(message.url);
      });
      worker.on('exit', (code, signal) => {
        const hasServed = serving.delete(worker);
        reject(new WorkerError(code));
        if (hasServed && !stopping.signal.aborted) replace(worker, code, signal);
      });
    });
    return listening;
  };
  const replace = ({ process: { pid } }: Worker, code: number, signal: string) => {
    logger.error({ pid, code, signal }, 'a worker crashed');
    setTimeout(() => {
      if (!stopping.signal.aborted)
        start().catch((error: unknown) =>
          logger.error({ error: (error as Error).message }, 'the worker could not be restarted'),
        );
    }, RESTART_MS).unref();
  };

  const signalAll = (signal: NodeJS.Signals) => {
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill(signal);
  };
  const close = async () => {
    stopping.abort();
    signalAll('SIGTERM');
    while (Object.keys(cluster.workers ?? {}).length > 0) await once(cluster, 'exit');
  };
  // The signal would end a worker that is still starting, so such a worker gets it once it serves.
  process.on('SIGUSR2', () => {
    isStaleServingOff = true;
    for (const worker of serving) worker.process.kill('SIGUSR2');
  });
  stop.addEventListener('abort', () => void close(), { once: true });
  // Workers reopen the files of audit events. Without a listener, the signal ends a process.
  if (reopens) process.on('SIGHUP', () => signalAll('SIGHUP'));
  try {
    stop.throwIfAborted();
    const url = await start();
    stop.throwIfAborted();
    await Promise.all(Array.from({ length: count - 1 }, start));
    return { url, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Thrown if a worker exits before it listens. The worker has reported the reason itself. */
export class WorkerError extends Error {
  override readonly name = 'WorkerError';
  constructor(readonly exitCode: number) {
    super('A worker exited before it listened');
  }
}

async function answerMetrics(worker: Worker, id: number, metrics: AggregatorRegistry<RegistryContentType>) {
  const text = await metrics.clusterMetrics();
  if (worker.isConnected()) worker.send({ keyblock: 'metrics', id, text } satisfies Message);
}

/** Tells the primary process that this worker listens. */
export function reportListening(url: string): void {
  process.send?.({ keyblock: 'listening', url } satisfies Message);
}

/** The metrics of all workers, which each worker can request from the primary process. */
export class WorkersMetrics {
  #requests = 0;
  readonly #waiting = new Map<number, (text: string) => void>();

  /** @param registry the registry of this worker */
  constructor(registries: Registry[]) {
    AggregatorRegistry.setRegistries(registries);
    new AggregatorRegistry();
    process.on('message', (message: Message) => {
      if (message.keyblock !== 'metrics') return;
      this.#waiting.get(message.id)?.(message.text);
      this.#waiting.delete(message.id);
    });
  }

  text(): Promise<string> {
    const id = ++this.#requests;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      process.send?.({ keyblock: 'metrics requested', id } satisfies Message);
    });
  }
}
