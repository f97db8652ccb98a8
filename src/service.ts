import { randomUUID } from 'node:crypto';
import { Server as TlsServer } from 'node:tls';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { KeyUse } from './access/key-use.js';
import { Rates } from './front/rates.js';
import { ADMIN } from './admin/api.js';
import { AppModule } from './app.module.js';
import { ownEvent } from './audit/audit-event.js';
import { AuditLog, type AuditLogOptions } from './audit/audit-log.js';
import { EventFile } from './audit/event-file.js';
import { Credentials, type CredentialStore } from './auth/credentials.js';
import { CCKM } from './cckm/api.js';
import { CckmAuthenticator } from './cckm/tokens/cckm-authenticator.js';
import { Changes } from './changes/changes.js';
import { DatabaseTime } from './changes/database-time.js';
import { Clock } from './clock.js';
import type { Config } from './config/config.js';
import { VERSION } from './config/version.js';
import { componentCheckValue } from './crypto/key-components.js';
import { serveConsole } from './console/console.js';
import { serveDocs } from './docs/docs.js';
import { primaryOf } from './database/primary.js';
import { Front } from './front/front.js';
import { servedOperations } from './front/operations.js';
import { HostCommands } from './hostcommands/host-commands.js';
import type { Api } from './http/api.js';
import type { Authenticator } from './http/authenticator.js';
import type { Authorizer } from './http/authorizer.js';
import { Drain } from './http/drain.js';
import { Metrics } from './http/metrics.js';
import { TlsWatch } from './http/tls-watch.js';
import { MetricsServer } from './health/metrics-server.js';
import { addServiceMetrics } from './health/service-metrics.js';
import { PageFailureFilter, Pages } from './http/pages.js';
import { KMS } from './kms/api.js';
import { KmsAuthorizer } from './kms/authorization/kms-authorizer.js';
import { KmsKeyCache } from './kms/keys/kms-key-cache.js';
import { KeyUses } from './kms/usage/key-uses.js';
import { LogOutput } from './log-output.js';
import type { Log } from './logger.js';
import { CONTROL_PLANE, DATA_PLANE } from './payment/api.js';
import { KeyCache } from './payment/keys/key-cache.js';
import { OperationAuthorizer } from './payment/operation-authorizer.js';
import { auditSigningKey } from './provider/audit-signing-key.js';
import { serviceSecret } from './provider/service-secret.js';
import { TokenStatus } from './provider/token-status.js';
import { assertDefined, type EmbeddedDatabase, openStore, type Store } from './store.js';
import { STS } from './sts/api.js';
import { OtlpExporter } from './tracing/otlp-exporter.js';
import { QuerySpans } from './tracing/query-spans.js';
import { startTracing, stopTracing } from './tracing/tracing.js';
import { XKS_PROXY } from './xks-proxy/api.js';
import { PrefixAuthorizer } from './xks-proxy/prefix-authorizer.js';
import { XksCredentials } from './xks-proxy/xks-credentials.js';

/** Time limit for requests that are in flight when the service stops. */
const STOP_MS = 10_000;

/** A running service. */
export interface Service {
  app: NestFastifyApplication;
  /** Its base URL, e.g. `http://127.0.0.1:8080`. */
  url: string;
  /** URL of the metrics, if they have a port of their own. */
  metricsUrl?: string;
  /** The file with the generated root credentials, if they were generated. */
  credentialsPath?: string;
  /** Continues to serve until load balancers have stopped sending requests (see `Drain`). Call `close` afterwards. */
  drain: () => Promise<void>;
  /** Finishes requests in flight and releases all resources. */
  close: () => Promise<void>;
}

/** Options that replace the service's defaults. */
export interface ServiceOptions {
  clock?: Clock;
  /** The database's clock. */
  databaseTime?: Pick<DatabaseTime, 'read'>;
  /** Standard output, shared by log and audit events, so that lines don't mix. */
  stdout?: LogOutput;
  /** The embedded database, required without DATABASE_URL; closed with the service. */
  embedded?: EmbeddedDatabase;
}

/** Starts the service: the store, the audit log, the application, the port. Releases everything if a step fails. */
export async function startService(
  config: Config,
  log: Log,
  { clock = new Clock(), databaseTime, stdout, embedded }: ServiceOptions = {},
): Promise<Service> {
  const { logger } = log;
  const opened: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const end of opened.splice(0).reverse()) await end();
  };
  // A service that is starting serves nothing yet. Without a listener, the signal would end the process.
  let switchStaleServingOff: () => void = () => undefined;
  opened.push(onSignal('SIGUSR2', () => switchStaleServingOff()));
  try {
    const store = await openStore(config, clock, embedded);
    opened.push(() => store.close());
    const { database, masterKey, directory } = store;
    logMasterKey(config, store, logger);
    if (config.traces) recordTraces(config.traces, store, logger, opened);

    const root = assertDefined(config.rootCredentials ?? directory?.rootCredentials(config.region));
    const secret = await serviceSecret(database.manager, masterKey, 'audit');
    const destinations = await auditDestinations(config, store, clock, stdout);
    const audit = new AuditLog({ database, secret, clock, logger, home: config, ...destinations });
    await audit.open();
    opened.push(() => audit.close());
    const { files } = destinations;
    // Without files, SIGHUP ends the process.
    if (files.length > 0) opened.push(onSignal('SIGHUP', () => files.forEach((file) => file.reopen())));
    const metrics = new Metrics();
    const tokenStatus = new TokenStatus(store.tokenKey, config.masterKeyToken?.isRequired);
    tokenStatus.watch({ audit, clock, home: config, logger, metrics });
    if (store.hasNewEnvelope) audit.record(masterKeyWrapped(config, store, clock.now()));
    metrics.watchAudit(audit);
    metrics.watchDatabase(primaryOf(database));
    if (stdout) metrics.watchLog(stdout);
    const drain = new Drain(config.drainSeconds);
    const pages = new Pages(config);
    const app = await NestFactory.create<NestFastifyApplication>(
      AppModule.forRoot({
        config,
        clock,
        logger,
        metrics,
        drain,
        database,
        databaseTime: databaseTime ?? new DatabaseTime(database),
        masterKey,
        root,
        audit,
        tokenStatus,
      }),
      pages.adapter,
      { bodyParser: false, logger: false, abortOnError: false },
    );
    app.useGlobalFilters(new PageFailureFilter(logger));
    serveConsole(pages.adapter.getInstance(), config);
    serveDocs(pages.adapter.getInstance(), config);
    const keyUses = app.get(KeyUses, { strict: false });
    const keyUse = app.get(KeyUse, { strict: false });
    const { staleServing } = app.get(Changes);
    switchStaleServingOff = () => staleServing.switchOff();
    const front = new Front({
      ...{ config, log, metrics, audit, clock, staleServing },
      rates: app.get(Rates, { strict: false }),
      apis: apisOf(app),
      operations: servedOperations((controller) => app.get(controller, { strict: false }), authorizersOf(app)),
      succeeded: (call) => {
        keyUses.note(call);
        keyUse.note(call, true);
      },
      refused: (call) => keyUse.note(call, false),
    });
    pages.server.on('request', (request, response) => {
      if (!pages.serve(request, response)) front.take(request, response);
    });
    // By default, Node.js answers an expectation that it doesn't know itself. RFC 9110 permits ignoring it.
    pages.server.on('checkExpectation', (request, response) => pages.server.emit('request', request, response));
    opened.push(() => stopServing(app, front));
    await app.listen(config.port, config.host);
    const tlsWatch = watchTls(pages, config, logger, opened);
    const metricsUrl = config.metricsPort === undefined ? undefined : await serveMetrics(config, metrics, opened);
    const hostCommands: HostCommands = app.get(HostCommands, { strict: false });
    opened.push(() => hostCommands.close(performance.now() + STOP_MS));
    await hostCommands.listen();
    addServiceMetrics(metrics, {
      ...{ changes: app.get(Changes), masterKey, clock },
      keyCaches: {
        [CONTROL_PLANE.name]: app.get<KeyCache>(KeyCache, { strict: false }),
        [KMS.name]: app.get<KmsKeyCache>(KmsKeyCache, { strict: false }),
      },
      certificates: { tls: () => tlsWatch?.expiresAt, host_commands: () => hostCommands.certificateExpiresAt },
    });
    return {
      app,
      url: await app.getUrl(),
      metricsUrl,
      credentialsPath: config.rootCredentials ? undefined : directory?.credentialsPath,
      drain: () => drain.run(app.getHttpServer()),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Records traces of requests, including queries, and sends them to a collector. */
function recordTraces(
  { endpoint, ratio }: NonNullable<Config['traces']>,
  { database }: Store,
  logger: Logger,
  opened: (() => Promise<void>)[],
): void {
  const process = { 'service.name': 'keyblock', 'service.version': VERSION, 'service.instance.id': randomUUID() };
  startTracing(new OtlpExporter(endpoint, process, logger), ratio);
  database.subscribers.push(new QuerySpans());
  opened.push(stopTracing);
}

/** Renews the certificate of the port when its files change; does nothing without TLS. */
function watchTls(
  { server }: Pages,
  { tls }: Config,
  logger: Logger,
  opened: (() => Promise<void>)[],
): TlsWatch | undefined {
  if (!(server instanceof TlsServer) || !tls) return undefined;
  const watch = new TlsWatch(server, tls, logger);
  opened.push(() => {
    watch.close();
    return Promise.resolve();
  });
  return watch;
}

/** Serves the metrics on their own port. @returns their URL */
async function serveMetrics(
  { host, metricsPort = 0 }: Config,
  metrics: Metrics,
  opened: (() => Promise<void>)[],
): Promise<string> {
  const server = new MetricsServer(metrics);
  const url = await server.listen(host, metricsPort);
  opened.push(() => server.close());
  return url;
}

function apisOf(app: NestFastifyApplication): ReadonlyMap<Api, CredentialStore | Authenticator> {
  const account: Credentials = app.get(Credentials);
  return new Map<Api, CredentialStore | Authenticator>([
    [CONTROL_PLANE, account],
    [DATA_PLANE, account],
    [KMS, account],
    [ADMIN, account],
    [CCKM, app.get<CckmAuthenticator>(CckmAuthenticator, { strict: false })],
    [STS, account],
    [XKS_PROXY, app.get<XksCredentials>(XksCredentials, { strict: false })],
  ]);
}

function authorizersOf(app: NestFastifyApplication): ReadonlyMap<Api, Authorizer> {
  const payment: OperationAuthorizer = app.get(OperationAuthorizer);
  return new Map<Api, Authorizer>([
    [CONTROL_PLANE, payment],
    [DATA_PLANE, payment],
    [KMS, app.get<KmsAuthorizer>(KmsAuthorizer)],
    [XKS_PROXY, new PrefixAuthorizer()],
  ]);
}

/** Returns the streams of audit events, and those of them that are files. */
async function auditDestinations(
  { audit }: Config,
  { database, masterKey }: Store,
  clock: Clock,
  stdout: LogOutput | undefined,
): Promise<Pick<AuditLogOptions, 'hasDataInTable' | 'streams'> & { files: EventFile[] }> {
  const sinks = audit.filter(({ name }) => name !== 'table');
  if (sinks.length === 0) return { files: [] };
  const signer = await auditSigningKey(database.manager, masterKey, clock.now());
  const files: EventFile[] = [];
  const streams = sinks.map(({ name, isRequired, directory }) => {
    if (directory === undefined) {
      const output = stdout ?? new LogOutput();
      return { name, isRequired, signer, output: { write: (lines: string) => output.writeEvents(lines) } };
    }
    const output = new EventFile(directory);
    files.push(output);
    return { name, isRequired, signer, output };
  });
  return { hasDataInTable: sinks.length < audit.length, streams, files };
}

/** Handles a signal. @returns a function that stops doing so */
function onSignal(signal: NodeJS.Signals, handle: () => void): () => Promise<void> {
  process.on(signal, handle);
  return () => {
    process.off(signal, handle);
    return Promise.resolve();
  };
}

/**
 * Finishes requests in flight, including those of disconnected clients. Closes connections once they are idle, and all
 * of them at the time limit.
 */
async function stopServing(app: NestFastifyApplication, front: Front): Promise<void> {
  const server = app.getHttpServer();
  const deadlineMs = performance.now() + STOP_MS;
  const closing = setInterval(() => server.closeIdleConnections(), 20);
  const deadline = setTimeout(() => server.closeAllConnections(), STOP_MS);
  try {
    await app.close();
    await front.finish(deadlineMs);
  } finally {
    clearInterval(closing);
    clearTimeout(deadline);
  }
}

/** Returns the event for the creation and encryption of a new database's master key. */
function masterKeyWrapped(config: Config, { masterKey, tokenKey }: Store, now: Date): string {
  const details = { masterKey: masterKey.id, ...tokenKey?.description };
  return ownEvent(
    { accountId: config.accountId, region: config.region, source: 'keyblock', name: 'MasterKeyWrapped', details },
    now,
  );
}

/** Logs the check values of the master key's components, and a warning if a rotation is in progress. */
function logMasterKey({ masterKeyComponents }: Config, store: Store, logger: Logger): void {
  const { masterKey, tokenKey, hasNewEnvelope } = store;
  const { id, retiringId } = masterKey;
  if (masterKeyComponents) {
    const checkValue = masterKey.lend(componentCheckValue);
    logger.info({ masterKey: id, checkValue, masterKeyComponents }, 'master key combined from components');
  }
  if (tokenKey) logger.info({ masterKey: id, ...tokenKey.description, isNew: hasNewEnvelope }, 'master key from token');
  if (retiringId !== undefined)
    logger.warn(
      { masterKey: id, retiring: retiringId },
      'a rotation of the master key is in progress: finish it with the same command',
    );
}
