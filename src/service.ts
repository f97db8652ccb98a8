import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { ADMIN } from './admin/api.js';
import { AppModule } from './app.module.js';
import { AuditLog, type AuditLogOptions } from './audit/audit-log.js';
import { Credentials } from './auth/credentials.js';
import { sigV4Hook } from './auth/sigv4.hook.js';
import { SigV4Verifier } from './auth/sigv4.js';
import { Clock } from './clock.js';
import type { Config } from './config/config.js';
import { componentCheckValue } from './crypto/key-components.js';
import { serveDocs } from './docs/docs.js';
import type { Api } from './http/api.js';
import { Metrics } from './http/metrics.js';
import { rateLimitHook } from './http/rate-limit.hook.js';
import type { Authorizer } from './http/request.js';
import { createServer } from './http/server.js';
import { CONTROL_PLANE, DATA_PLANE } from './payment/api.js';
import { OperationAuthorizer } from './payment/operation-authorizer.js';
import { serviceSecret } from './provider/service-secret.js';
import { assertDefined, type EmbeddedDatabase, openStore, runEmbeddedDatabase, type Store } from './store.js';

/** Time limit for requests that are in flight when the service stops. */
const STOP_MS = 10_000;

/** A running service. */
export interface Service {
  app: NestFastifyApplication;
  /** Its base URL, e.g. `http://127.0.0.1:8080`. */
  url: string;
  /** The file with the generated root credentials, if they were generated. */
  credentialsPath?: string;
  /** Finishes requests in flight and releases all resources. */
  close: () => Promise<void>;
}

/** Options that replace the service's defaults. */
export interface ServiceOptions {
  clock?: Clock;
  /** Standard output for audit events: the same stream as the log's, so that lines don't mix. */
  stdout?: AuditLogOptions['stdout'];
  /** The embedded database, closed with the service. By default this process runs it, if there is no DATABASE_URL. */
  embedded?: EmbeddedDatabase;
}

/** Starts the service: the store, the audit log, the application, the port. Releases everything if a step fails. */
export async function startService(
  config: Config,
  logger: Logger,
  { clock = new Clock(), stdout = process.stdout, embedded }: ServiceOptions = {},
): Promise<Service> {
  const opened: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const end of opened.splice(0).reverse()) await end();
  };
  try {
    if (config.databaseUrl === undefined) embedded ??= await runEmbeddedDatabase(config, logger);
    const store = await openStore(config, clock, embedded);
    opened.push(() => store.close());
    const { database, masterKey, directory } = store;
    logMasterKey(config, store, logger);

    const root = assertDefined(config.rootCredentials ?? directory?.rootCredentials(config.region));
    const secret = await serviceSecret(database.manager, masterKey, 'audit');
    const audit = new AuditLog({ database, secret, clock, logger, ...destinations(config, stdout) });
    await audit.open();
    opened.push(() => audit.close());
    const metrics = new Metrics();
    const { adapter, filter } = createServer(config, logger, metrics, audit, clock, [CONTROL_PLANE, DATA_PLANE, ADMIN]);
    const server = adapter.getInstance();
    const app = await NestFactory.create<NestFastifyApplication>(
      AppModule.forRoot({ config, clock, logger, metrics, database, masterKey, root, audit }),
      adapter,
      { bodyParser: false, logger: false, abortOnError: false },
    );
    opened.push(() => stopServing(app));
    server.decorate('authorizers', authorizersOf(app));
    server.addHook('preHandler', signatureHook(config, app.get(Credentials), clock));
    const { controlPlaneRate: controlPlane, dataPlaneRate: dataPlane } = config;
    if (controlPlane !== undefined || dataPlane !== undefined)
      server.addHook('preHandler', rateLimitHook({ controlPlane, dataPlane }));
    app.useGlobalFilters(filter);
    serveDocs(server, config.region);
    await app.listen(config.port, config.host);
    return {
      app,
      url: await app.getUrl(),
      credentialsPath: config.rootCredentials ? undefined : directory?.credentialsPath,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function authorizersOf(app: NestFastifyApplication): ReadonlyMap<Api, Authorizer> {
  const payment: OperationAuthorizer = app.get(OperationAuthorizer);
  return new Map([
    [CONTROL_PLANE, payment],
    [DATA_PLANE, payment],
  ]);
}

function signatureHook({ regions, clockSkewSeconds }: Config, credentials: Credentials, clock: Clock) {
  return sigV4Hook(new SigV4Verifier({ regions, clockSkewSeconds }), credentials, clock);
}

function destinations({ audit }: Config, stdout: AuditLogOptions['stdout']) {
  return { table: audit.includes('table'), stdout: audit.includes('stdout') ? stdout : undefined };
}

/** Finishes requests in flight. Closes connections once they are idle, and all of them at the time limit. */
async function stopServing(app: NestFastifyApplication): Promise<void> {
  const server = app.getHttpServer();
  const closing = setInterval(() => server.closeIdleConnections(), 20);
  const deadline = setTimeout(() => server.closeAllConnections(), STOP_MS);
  try {
    await app.close();
  } finally {
    clearInterval(closing);
    clearTimeout(deadline);
  }
}

/** Logs the check values of the master key's components, and a warning if a rotation is in progress. */
function logMasterKey({ masterKeyComponents }: Config, { masterKey }: Store, logger: Logger): void {
  const { id, retiringId } = masterKey;
  if (masterKeyComponents) {
    const checkValue = masterKey.lend(componentCheckValue);
    logger.info({ masterKey: id, checkValue, masterKeyComponents }, 'master key combined from components');
  }
  if (retiringId !== undefined)
    logger.warn(
      { masterKey: id, retiring: retiringId },
      'a rotation of the master key is in progress: finish it with the same command',
    );
}
