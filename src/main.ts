import cluster from 'node:cluster';
import { type Logger, pino } from 'pino';
import { type Config, ConfigError, readConfig } from './config/config.js';
import { DataDirectoryError } from './config/data-directory.js';
import { LogOutput } from './log-output.js';
import { MasterKeyError } from './provider/master-key-check.js';
import { type Service, startService } from './service.js';
import { joinEmbeddedDatabase, runEmbeddedDatabase } from './store.js';
import { reportListening, startWorkers, WorkerError } from './workers.js';

const EXPECTED = [ConfigError, DataDirectoryError, MasterKeyError];

/** A line for what an operator can mend; the stack of anything else. */
function explain(error: unknown): string {
  const { message, stack, code } = error as Error & { code?: string };
  if (EXPECTED.some((kind) => error instanceof kind)) return message;
  // A port that is taken, a database that doesn't answer: the system or the database says it best.
  if (code === 'EADDRINUSE') return `Keyblock could not start: KEYBLOCK_PORT is taken (${message})`;
  if (code !== undefined) return `Keyblock could not start: ${message || code}`;
  return stack ?? message;
}

try {
  const config = readConfig(process.env);
  const output = new LogOutput();
  const logger = pino({ level: config.logLevel, base: { service: 'keyblock' } }, output);
  const service: Pick<Service, 'url' | 'close' | 'credentialsPath'> =
    config.workers > 1 && cluster.isPrimary
      ? await startPrimary(config, logger)
      : await startService(config, logger, {
          stdout: output,
          embedded: cluster.isWorker && config.databaseUrl === undefined ? joinEmbeddedDatabase(config) : undefined,
        });

  const stop = (signal: NodeJS.Signals) => {
    logger.info({ signal }, 'stopping');
    service.close().then(
      () => cluster.worker?.disconnect(),
      (error: unknown) => {
        logger.error({ error: (error as Error).message }, 'did not stop cleanly');
        process.exitCode = 1;
      },
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);

  if (cluster.isWorker) reportListening(service.url);
  else welcome(config, service);
} catch (error) {
  // A worker has said itself why it ended.
  if (!(error instanceof WorkerError)) process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
  cluster.worker?.disconnect();
}

/** Starts the workers, and before them the embedded database that they share. */
async function startPrimary(
  config: Config,
  logger: Logger,
): Promise<Pick<Service, 'url' | 'close' | 'credentialsPath'>> {
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

function welcome({ region, regions, accountId }: Config, service: Pick<Service, 'url' | 'credentialsPath'>): void {
  const tour = `aws --endpoint-url ${service.url} payment-cryptography list-keys`;
  const credentials = service.credentialsPath;
  process.stderr.write(
    [
      '',
      `Keyblock listens at ${service.url}  (documentation: ${service.url}/docs)`,
      `Region ${regions.join(', ')}, account ${accountId}`,
      credentials === undefined ? `Credentials: as configured` : `Credentials: ${credentials}`,
      `Try: ${credentials === undefined ? '' : `AWS_SHARED_CREDENTIALS_FILE=${credentials} `}AWS_REGION=${region} ${tour}`,
      '',
      '',
    ].join('\n'),
  );
}
