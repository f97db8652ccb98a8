import cluster from 'node:cluster';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { type Logger, pino } from 'pino';
import { EXIT, Failure, outcomeOf } from './failure.js';
import { type Config, readConfig } from '../config/config.js';
import { LogOutput } from '../log-output.js';
import { type Service, startService } from '../service.js';
import { joinEmbeddedDatabase, runEmbeddedDatabase } from '../store.js';
import { reportListening, startWorkers, WorkerError } from '../workers.js';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
/** How far apart the copies of a signal come: Ctrl-C reaches npm and the service, and npm passes it on; so does the first worker. */
const SAME_SIGNAL_MS = 1000;

type Served = Pick<Service, 'url' | 'close' | 'credentialsPath'>;

/**
 * Runs the service until SIGTERM or SIGINT, in one process or as the first of several workers. Each worker is this program
 * with the same arguments, and runs this function too.
 *
 * @param stderr gets the address and the credentials when the service listens
 * @throws Failure, ConfigError, DataDirectoryError, MasterKeyError
 */
export async function serve(env: NodeJS.ProcessEnv, stderr: Writable): Promise<void> {
  try {
    const config = readConfig(env);
    const output = new LogOutput();
    const logger = pino({ level: config.logLevel, base: { service: 'keyblock' } }, output);
    if (cluster.isPrimary && config.databaseUrl === undefined && !existsSync(join(config.dataDir, 'postgres')))
      stderr.write(`Making the database in ${config.dataDir} …\n`);
    const service = await started(config, logger, output);
    const stopped = untilStopped(service, logger);
    if (cluster.isWorker) reportListening(service.url);
    else stderr.write(welcome(config, service));
    await stopped;
  } finally {
    cluster.worker?.disconnect();
  }
}

async function started(config: Config, logger: Logger, stdout: LogOutput): Promise<Served> {
  try {
    if (config.workers > 1 && cluster.isPrimary) return await startPrimary(config, logger);
    const embedded = cluster.isWorker && config.databaseUrl === undefined ? joinEmbeddedDatabase(config) : undefined;
    return await startService(config, logger, { stdout, embedded });
  } catch (error) {
    // The worker has printed why.
    if (error instanceof WorkerError) throw new Failure(error.exitCode || EXIT.unavailable, '');
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const reason = code === 'EADDRINUSE' ? `KEYBLOCK_PORT is taken (${message})` : outcomeOf(error).message;
    throw new Failure(EXIT.unavailable, `Keyblock could not start: ${reason}`);
  }
}

/** Starts the workers, and before them the embedded database that they share. */
async function startPrimary(config: Config, logger: Logger): Promise<Served> {
  const embedded = config.databaseUrl === undefined ? await runEmbeddedDatabase(config, logger) : undefined;
  try {
    const { url, close } = await startWorkers(config.workers, logger);
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

/** Closes the service at the first signal. One that comes later than the same Ctrl-C ends the process. */
function untilStopped(service: Served, logger: Logger): Promise<void> {
  return new Promise((resolve, reject) => {
    let isStopping = false;
    const stop = (signal: NodeJS.Signals) => {
      if (isStopping) return;
      isStopping = true;
      setTimeout(() => SIGNALS.forEach((name) => process.off(name, stop)), SAME_SIGNAL_MS).unref();
      logger.info({ signal }, 'stopping');
      service.close().then(resolve, (error: unknown) => {
        logger.error({ error: (error as Error).message }, 'did not stop cleanly');
        reject(new Failure(EXIT.unavailable, 'Keyblock did not stop cleanly: the log says why.'));
      });
    };
    for (const name of SIGNALS) process.on(name, stop);
  });
}

function welcome({ region, regions, accountId }: Config, { url, credentialsPath }: Served): string {
  const credentials = credentialsPath === undefined ? '' : `AWS_SHARED_CREDENTIALS_FILE=${credentialsPath} `;
  return [
    '',
    `Ready in ${process.uptime().toFixed(1)} s.`,
    `Keyblock listens at ${url}  (documentation: ${url}/docs)`,
    `Region ${regions.join(', ')}, account ${accountId}`,
    `Credentials: ${credentialsPath ?? 'as configured'}`,
    `Try: ${credentials}AWS_REGION=${region} aws --endpoint-url ${url} payment-cryptography list-keys`,
    '',
    '',
  ].join('\n');
}
