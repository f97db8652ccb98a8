import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { AccessKeyUse } from './access/access-key-use.js';
import { CredentialCache } from './access/credential-cache.js';
import { KeyUse } from './access/key-use.js';
import { Rates } from './front/rates.js';
import { Callers } from './access/callers.js';
import { ACCOUNT_ID, PrincipalRepository } from './access/principal.repository.js';
import { AdminModule } from './admin/admin.module.js';
import { ApprovalsModule } from './approvals/approvals.module.js';
import { AuditLog } from './audit/audit-log.js';
import { Credentials } from './auth/credentials.js';
import { CckmModule } from './cckm/cckm.module.js';
import { AuditPartitions } from './changes/audit-partitions.js';
import { Changes } from './changes/changes.js';
import { DatabaseTime } from './changes/database-time.js';
import { DestructionWatch } from './changes/destruction-watch.js';
import { Clock } from './clock.js';
import { CONFIG, type Config, type RootCredentials } from './config/config.js';
import { HealthController } from './health/health.controller.js';
import { MetricsController } from './health/metrics.controller.js';
import { HostCommandsModule } from './hostcommands/hostcommands.module.js';
import { ListenerReports } from './hostcommands/listener-reports.js';
import { Drain } from './http/drain.js';
import { Metrics } from './http/metrics.js';
import { PageTokens } from './http/page-tokens.js';
import { KmsModule } from './kms/kms.module.js';
import { LOGGER } from './logger.js';
import { PaymentModule } from './payment/payment.module.js';
import { CryptoProvider } from './provider/crypto-provider.js';
import { CryptoThread } from './provider/crypto-thread.js';
import { MasterKey } from './provider/master-key.js';
import { MasterKeyWatch } from './provider/master-key-watch.js';
import { serviceSecret } from './provider/service-secret.js';
import { TokenStatus } from './provider/token-status.js';
import { StsModule } from './sts/sts.module.js';
import { XksProxyModule } from './xks-proxy/xks-proxy.module.js';

/** Objects that the service creates before the Nest application. */
export interface Dependencies {
  config: Config;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
  drain: Drain;
  database: DataSource;
  databaseTime: Pick<DatabaseTime, 'read'>;
  masterKey: MasterKey;
  root: RootCredentials;
  audit: AuditLog;
  tokenStatus: TokenStatus;
}

/** Imports the module of each product, and provides what the products share. */
@Module({})
export class AppModule {
  static forRoot(dependencies: Dependencies): DynamicModule {
    const shared = sharedProviders(dependencies);
    return {
      module: AppModule,
      global: true,
      imports: [
        ApprovalsModule,
        PaymentModule,
        KmsModule,
        XksProxyModule,
        CckmModule,
        StsModule,
        HostCommandsModule,
        AdminModule,
      ],
      controllers: [HealthController, ...(dependencies.config.metricsPort === undefined ? [MetricsController] : [])],
      providers: [...shared, ...internalProviders(dependencies)],
      exports: shared,
    };
  }
}

/** Providers that all modules may inject. */
function sharedProviders({
  config,
  clock,
  logger,
  metrics,
  database,
  databaseTime,
  masterKey,
  audit,
  tokenStatus,
}: Dependencies): Provider[] {
  return [
    { provide: CONFIG, useValue: config },
    { provide: Clock, useValue: clock },
    { provide: LOGGER, useValue: logger },
    { provide: Metrics, useValue: metrics },
    { provide: DataSource, useValue: database },
    { provide: MasterKey, useValue: masterKey },
    { provide: AuditLog, useValue: audit },
    { provide: TokenStatus, useValue: tokenStatus },
    { provide: ACCOUNT_ID, useValue: config.accountId },
    { provide: DatabaseTime, useValue: databaseTime },
    {
      provide: DestructionWatch,
      useFactory: (metrics: Metrics) => {
        const watch = new DestructionWatch(database, databaseTime, logger);
        metrics.addGauge(
          { name: 'keyblock_destruction_held', help: '1 while destruction is on hold, by reason', label: 'reason' },
          () => watch.holds.map(({ reason }) => [reason, 1]),
        );
        metrics.addGauge(
          {
            name: 'keyblock_destructions_waiting',
            help: 'Number of items due for destruction but on hold, by kind',
            label: 'kind',
          },
          () => watch.waiting,
        );
        return watch;
      },
      inject: [Metrics],
    },
    {
      provide: PageTokens,
      useFactory: async () => new PageTokens(await serviceSecret(database.manager, masterKey, 'page tokens')),
    },
    { provide: Changes, useFactory: () => new Changes(database, audit, clock, logger, config.staleSeconds) },
    CryptoProvider,
    {
      provide: CryptoThread,
      useFactory: (metrics: Metrics) => {
        const thread = new CryptoThread();
        metrics.watchCryptoThread(thread);
        return thread;
      },
      inject: [Metrics],
    },
    Callers,
    PrincipalRepository,
    KeyUse,
    Rates,
    ListenerReports,
  ];
}

/** Providers that only the shared providers and the service itself use. */
function internalProviders({ config, drain, root, database, logger }: Dependencies): Provider[] {
  return [
    { provide: Drain, useValue: drain },
    {
      provide: AuditPartitions,
      useFactory: (metrics: Metrics) => {
        const made = new AuditPartitions(database, logger);
        metrics.watchAuditPartitions(made);
        return made;
      },
      inject: [Metrics],
    },
    MasterKeyWatch,
    {
      provide: CredentialCache,
      useFactory: (changes: Changes) => changes.subscribe(new CredentialCache(changes.freshness)),
      inject: [Changes],
    },
    {
      provide: Credentials,
      useFactory: (callers: Callers, cache: CredentialCache, use: AccessKeyUse) =>
        new Credentials(config.accountId, root, callers, cache, use),
      inject: [Callers, CredentialCache, AccessKeyUse],
    },
    AccessKeyUse,
  ];
}
