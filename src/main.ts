import { pino } from 'pino';
import { ConfigError, readConfig } from './config/config.js';
import { DataDirectoryError } from './config/data-directory.js';
import { MasterKeyError } from './provider/master-key-check.js';
import { startService } from './service.js';

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
  const destination = pino.destination({ dest: 1, sync: false, minLength: 4096, periodicFlush: 250 });
  const logger = pino({ level: config.logLevel, base: { service: 'keyblock' } }, destination);
  const service = await startService(config, logger);

  const stop = (signal: NodeJS.Signals) => {
    logger.info({ signal }, 'stopping');
    service.close().then(
      () => destination.flushSync(),
      (error: unknown) => {
        logger.error({ error: (error as Error).message }, 'did not stop cleanly');
        process.exitCode = 1;
      },
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);

  const { region, accountId } = config;
  const tour = `aws --endpoint-url ${service.url} payment-cryptography list-keys`;
  const credentials = service.credentialsPath;
  process.stderr.write(
    [
      '',
      `Keyblock listens at ${service.url}  (documentation: ${service.url}/docs)`,
      `Region ${region}, account ${accountId}`,
      credentials === undefined ? `Credentials: as configured` : `Credentials: ${credentials}`,
      `Try: ${credentials === undefined ? '' : `AWS_SHARED_CREDENTIALS_FILE=${credentials} `}AWS_REGION=${region} ${tour}`,
      '',
      '',
    ].join('\n'),
  );
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
}
