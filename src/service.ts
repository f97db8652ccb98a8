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
import { type EmbeddedDatabase, openStore, required, runEmbeddedDatabase, type Store } from './store.js';

/** How long what is in flight may take when the service stops. */
const STOP_MS = 10_000;

/** A service that listens. */
export interface Service {
  app: NestFastifyApplication;
  /** Where it listens, e.g. `http://127.0.0.1:8080`. */
  url: string;
  /** The generated credentials, where there are some. */
  credentialsPath?: string;
  /** Finishes what is in flight and lets everything go. */
  close: () => Promise<void>;
}

/** What a service takes from where it runs. */
export interface ServiceParts {
  clock?: Clock;
  /** Where audit events go that are asked for there; the same stream as the log, so that lines stay whole. */
  stdout?: AuditLogOptions['stdout'];
  /** The database where there is no DATABASE_URL; run by this process unless it is given. Closed with the service. */
  embedded?: EmbeddedDatabase;
}

/** Brings the whole service up: what it keeps, then who may call, then the port. What fails leaves nothing behind. */
export async function startService(
  config: Config,
  logger: Logger,
  { clock = new Clock(), stdout = process.stdout, embedded }: ServiceParts = {},
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
    sayMasterKey(config, store, logger);

    const root = required(config.rootCredentials ?? directory?.rootCredentials(config.region));
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

/** Answers what is in flight; a connection is closed when it has nothing to do, and at the deadline whatever it does. */
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

/** For the people who hold its components, and for who has to end a rotation. */
function sayMasterKey({ masterKeyComponents }: Config, { masterKey }: Store, logger: Logger): void {
  const { id, retiringId } = masterKey;
  if (masterKeyComponents) {
    const checkValue = masterKey.lend(componentCheckValue);
    logger.info({ masterKey: id, checkValue, masterKeyComponents }, 'master key put together from components');
  }
  if (retiringId !== undefined)
    logger.warn(
      { masterKey: id, retiring: retiringId },
      'a rotation of the master key is under way: let the command end it',
    );
}
