import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { AccessKeyUse } from './access/access-key-use.js';
import { CredentialCache } from './access/credential-cache.js';
import { OperationAuthorizer } from './payment/operation-authorizer.js';
import { PolicySimulator } from './admin/policy-simulator.js';
import { ACCOUNT_ID, PrincipalRepository } from './access/principal.repository.js';
import { AdminModule } from './admin/admin.module.js';
import { AuditLog } from './audit/audit-log.js';
import { Credentials } from './auth/credentials.js';
import { Clock } from './clock.js';
import type { Config, RootCredentials } from './config/config.js';
import { ControlPlaneModule } from './payment/controlplane/controlplane.module.js';
import { DataPlaneModule } from './payment/dataplane/dataplane.module.js';
import { AccountAuthority } from './payment/exchange/account-authority.js';
import { ExchangeTokens } from './payment/exchange/exchange-tokens.js';
import { KeyAgreement } from './payment/exchange/key-agreement.js';
import { KeyBlocks } from './payment/exchange/key-blocks.js';
import { PublicKeyCertificates } from './payment/exchange/public-key-certificates.js';
import { Tr34Parties } from './payment/exchange/tr34-parties.js';
import { TrustedAuthorities } from './payment/exchange/trusted-authorities.js';
import { HealthController } from './health/health.controller.js';
import { Metrics } from './http/metrics.js';
import { AliasRepository } from './payment/keys/alias.repository.js';
import { KeyCache } from './payment/keys/key-cache.js';
import { Changes } from './changes/changes.js';
import { KeyRepository } from './payment/keys/key.repository.js';
import { MpaTeamAssociationRepository } from './payment/keys/mpa-team-association.repository.js';
import { Regions } from './payment/keys/regions.js';
import { ReplicationRepository } from './payment/keys/replication.repository.js';
import { ReplicationWork } from './payment/keys/replication-work.js';
import { PageTokens } from './http/page-tokens.js';
import { Quotas } from './payment/keys/quotas.js';
import { ResourcePolicyRepository } from './payment/keys/resource-policy.repository.js';
import { TagRepository } from './payment/keys/tag.repository.js';
import { LOGGER } from './logger.js';
import { CryptoProvider } from './provider/crypto-provider.js';
import { MasterKey } from './provider/master-key.js';
import { MasterKeyWatch } from './provider/master-key-watch.js';
import { serviceSecret } from './provider/service-secret.js';

/** Objects that the service creates before the Nest application. */
export interface Dependencies {
  config: Config;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
  database: DataSource;
  masterKey: MasterKey;
  root: RootCredentials;
  audit: AuditLog;
}

@Module({})
export class AppModule {
  static forRoot(dependencies: Dependencies): DynamicModule {
    const shared = sharedProviders(dependencies);
    return {
      module: AppModule,
      global: true,
      imports: [ControlPlaneModule, DataPlaneModule, AdminModule],
      controllers: [HealthController],
      providers: [...shared, ...internalProviders(dependencies)],
      exports: shared,
    };
  }
}

/** Providers that the controllers and operations of all modules may inject. */
function sharedProviders({ config, clock, logger, database, masterKey }: Dependencies): Provider[] {
  return [
    { provide: Clock, useValue: clock },
    { provide: LOGGER, useValue: logger },
    {
      provide: PageTokens,
      useFactory: async () => new PageTokens(await serviceSecret(database.manager, masterKey, 'page tokens')),
    },
    { provide: Regions, useValue: new Regions(config.regions) },
    { provide: Quotas, useValue: new Quotas(config) },
    { provide: KeyBlocks, useValue: new KeyBlocks(config.acceptsLegacyKeyBlocks) },
    PrincipalRepository,
    PolicySimulator,
    Changes,
    ReplicationWork,
    KeyRepository,
    AliasRepository,
    TagRepository,
    ResourcePolicyRepository,
    MpaTeamAssociationRepository,
    ReplicationRepository,
    CryptoProvider,
    AccountAuthority,
    ExchangeTokens,
    Tr34Parties,
    TrustedAuthorities,
    KeyAgreement,
    PublicKeyCertificates,
  ];
}

/** Providers that only the shared ones and the service itself use. */
function internalProviders({ config, metrics, audit, database, masterKey, root }: Dependencies): Provider[] {
  return [
    { provide: Metrics, useValue: metrics },
    { provide: AuditLog, useValue: audit },
    { provide: DataSource, useValue: database },
    { provide: MasterKey, useValue: masterKey },
    MasterKeyWatch,
    {
      provide: KeyCache,
      useFactory: (changes: Changes) => changes.subscribe(new KeyCache()),
      inject: [Changes],
    },
    {
      provide: CredentialCache,
      useFactory: (changes: Changes) => changes.subscribe(new CredentialCache()),
      inject: [Changes],
    },
    { provide: ACCOUNT_ID, useValue: config.accountId },
    {
      provide: Credentials,
      useFactory: (principals: PrincipalRepository, cache: CredentialCache, use: AccessKeyUse) =>
        new Credentials(config.accountId, root, principals, cache, use),
      inject: [PrincipalRepository, CredentialCache, AccessKeyUse],
    },
    AccessKeyUse,
    OperationAuthorizer,
  ];
}
