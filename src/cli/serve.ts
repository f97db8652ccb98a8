import cluster from 'node:cluster';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { EXIT, Failure, outcomeOf } from './failure.js';
import { auditSinkText } from '../config/audit-sinks.js';
import { type Config, readConfig } from '../config/config.js';
import { DataDirectoryInUseError } from '../config/data-directory.js';
import { LogOutput } from '../log-output.js';
import { type Log, openLog } from '../logger.js';
import { MasterKeyError } from '../provider/master-key-check.js';
import { type Service, startService } from '../service.js';
import { type EmbeddedDatabase, joinEmbeddedDatabase, runEmbeddedDatabase } from '../store.js';
import { reportListening, startWorkers, WorkerError } from '../workers.js';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
/**
 * Time in which duplicates of a signal arrive. Ctrl-C reaches all processes, and npm and the primary process also pass
 * it on.
 */
const SAME_SIGNAL_MS = 1000;
/** Time for which a starting service waits for a command that holds the data directory. */
const COMMAND_MS = 30_000;
const POLL_MS = 50;

type Served = Pick<Service, 'url' | 'close' | 'credentialsPath'> & Partial<Pick<Service, 'drain'>>;

/** Parameters of a start besides the configuration. */
interface Surroundings {
  log: Log;
  stdout: LogOutput;
  stderr: Writable;
  /** Aborted to stop the service, possibly before it listens. */
  stop: AbortSignal;
}

/**
 * Runs the service until SIGTERM or SIGINT, in one process or as the first of several workers. Each worker is this
 * program with the same arguments, and runs this function too.
 *
 * @param stderr gets the address and the credentials when the service listens
 * @throws Failure, ConfigError, DataDirectoryError, MasterKeyError
 */
export async function serve(env: NodeJS.ProcessEnv, stderr: Writable): Promise<void> {
  try {
    const config = readConfig(env);
    const stdout = new LogOutput();
    const log = openLog(config.logLevel, stdout);
    const { logger } = log;
    const stop = stopSignal(logger);
    const service = await started(config, { log, stdout, stderr, stop });
    if (!service) return;
    if (!stop.aborted) {
      if (cluster.isWorker) reportListening(service.url);
      else stderr.write(welcome(config, service));
      await once(stop, 'abort');
    }
    await closed(service, logger, stop.reason as Stopped);
  } finally {
    cluster.worker?.disconnect();
  }
}

/**
 * Runs the service as `serve` does, in a temporary folder that is removed when it ends.
 *
 * @throws Failure if the environment names a database or a data directory
 */
export async function serveTemporarily(env: NodeJS.ProcessEnv, stderr: Writable): Promise<void> {
  // A worker has the folder of its primary process.
  if (cluster.isWorker) return serve(env, stderr);
  const named = ['DATABASE_URL', 'KEYBLOCK_DATA_DIR'].find((name) => env[name]);
  if (named !== undefined)
    throw new Failure(EXIT.usage, `--dev deletes its database at exit: unset ${named}, or leave out --dev.`);
  const folder = mkdtempSync(join(tmpdir(), 'keyblock-dev-'));
  try {
    // Workers inherit the environment of the process.
    env['KEYBLOCK_DATA_DIR'] = folder;
    await serve(env, stderr);
  } finally {
    delete env['KEYBLOCK_DATA_DIR'];
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Starts the service. @returns undefined if it was stopped meanwhile */
async function started(config: Config, surroundings: Surroundings): Promise<Served | undefined> {
  const { log, stdout, stop } = surroundings;
  try {
    const embedded = config.databaseUrls === undefined ? await embeddedDatabase(config, surroundings) : undefined;
    if (config.workers > 1 && cluster.isPrimary) return await startPrimary(config, surroundings, embedded);
    return await startService(config, log, { stdout, embedded });
  } catch (error) {
    if (stop.aborted && (error === stop.reason || error instanceof WorkerError)) return undefined;
    // The worker has printed the reason.
    if (error instanceof WorkerError) throw new Failure(error.exitCode || EXIT.unavailable, '');
    if (error instanceof MasterKeyError) throw new Failure(EXIT.masterKey, error.message);
    const { code, message, port } = error as NodeJS.ErrnoException & { port?: number };
    if (code === undefined) throw error;
    const reason =
      code === 'EADDRINUSE' ? `${settingOf(config, port)} is taken (${message})` : outcomeOf(error).message;
    throw new Failure(EXIT.unavailable, `Keyblock could not start: ${reason}`);
  }
}

/** Returns the setting that names a port. */
function settingOf({ metricsPort, payshield }: Config, port: number | undefined): string {
  if (port === metricsPort) return 'KEYBLOCK_METRICS_PORT';
  const isOfListener = payshield?.listeners.some((listener) => listener.port === port);
  return isOfListener ? 'A port in KEYBLOCK_PAYSHIELD_FILE' : 'KEYBLOCK_PORT';
}

/** Runs the embedded database, once a command that runs it has ended; a worker joins it. */
async function embeddedDatabase(
  config: Config,
  { log: { logger }, stderr, stop }: Surroundings,
): Promise<EmbeddedDatabase> {
  if (cluster.isWorker) return joinEmbeddedDatabase(config);
  const creating = () => stderr.write(`Creating the database in ${config.dataDir} …\n`);
  const deadline = performance.now() + COMMAND_MS;
  for (let isWaiting = false; ; isWaiting = true) {
    try {
      return await runEmbeddedDatabase(config, logger, 'service', stop, creating);
    } catch (error) {
      const mayEndSoon = error instanceof DataDirectoryInUseError && error.isByCommand;
      if (!mayEndSoon || performance.now() > deadline) throw error;
      if (!isWaiting) stderr.write(`${error.message}: waiting up to ${COMMAND_MS / 1000} s for it to end …\n`);
      await pause(POLL_MS);
      stop.throwIfAborted();
    }
  }
}

/** Starts the workers. @param embedded the database that they share; closed with them */
async function startPrimary(
  config: Config,
  { log: { logger }, stop }: Surroundings,
  embedded: EmbeddedDatabase | undefined,
): Promise<Served> {
  const reopens = config.audit.some(({ name }) => name === 'file');
  try {
    const { url, close } = await startWorkers({ count: config.workers, reopens }, logger, stop);
    return {
      url,
      credentialsPath: config.rootCredentials ? undefined : embedded?.directory.credentialsPath,
      close: async () => {
        await close();
        await embedded?.close();
      },
    };
  } catch (error) {
    await embedded?.close();
    throw error;
  }
}

/** The reason for stopping a service. */
class Stopped extends Error {
  override readonly name = 'Stopped';

  constructor(readonly signal: NodeJS.Signals) {
    super(`Stopped by ${signal}`);
  }
}

/**
 * Returns a signal that SIGTERM and SIGINT abort, with `Stopped`. A further signal ends the process, unless it follows
 * so closely that it is a copy of the first.
 */
function stopSignal(logger: Logger): AbortSignal {
  const stopping = new AbortController();
  const stop = (signal: NodeJS.Signals) => {
    if (stopping.signal.aborted) return;
    setTimeout(() => SIGNALS.forEach((name) => process.off(name, stop)), SAME_SIGNAL_MS).unref();
    logger.info({ signal }, 'stopping');
    stopping.abort(new Stopped(signal));
  };
  for (const name of SIGNALS) process.on(name, stop);
  return stopping.signal;
}

/** Closes the service, after a drain if SIGTERM stops it. */
async function closed(service: Served, logger: Logger, { signal }: Stopped): Promise<void> {
  try {
    if (signal === 'SIGTERM') await service.drain?.();
    await service.close();
  } catch (error) {
    logger.error({ error: (error as Error).message }, 'did not stop cleanly');
    throw new Failure(EXIT.unavailable, 'Keyblock did not stop cleanly: the log has the reason.');
  }
}

function welcome({ region, regions, accountId, console, audit }: Config, { url, credentialsPath }: Served): string {
  const credentials = credentialsPath === undefined ? '' : `AWS_SHARED_CREDENTIALS_FILE=${credentialsPath} `;
  return [
    '',
    `Ready in ${process.uptime().toFixed(1)} s.`,
    `Keyblock listens at ${url}  (documentation: ${url}/docs)`,
    ...(console === 'off' ? [] : [`Console: ${url}/console/`]),
    `Region ${regions.join(', ')}, account ${accountId}`,
    `Credentials: ${credentialsPath ?? 'as configured'}`,
    ...(audit.some(({ name }) => name === 'table')
      ? []
      : [
          `Audit: events of the data plane go to ${audit.map(auditSinkText).join()} only; all others also go to the table`,
        ]),
    `Try: ${credentials}aws --region ${region} --endpoint-url ${url} payment-cryptography list-keys`,
    '',
    '',
  ].join('\n');
}
