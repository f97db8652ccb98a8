import { type DynamicModule, Module } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { Clock } from './clock.js';
import type { Config } from './config/config.js';
import { ControlPlaneModule } from './controlplane/controlplane.module.js';
import { DataPlaneModule } from './dataplane/dataplane.module.js';
import { HealthController } from './health/health.controller.js';
import { Metrics } from './http/metrics.js';
import { AliasRepository } from './keys/alias.repository.js';
import { KeyCache, MAX_STALE_MS } from './keys/key-cache.js';
import { KeyChanges } from './keys/key-changes.js';
import { KeyRepository } from './keys/key.repository.js';
import { MpaTeamAssociationRepository } from './keys/mpa-team-association.repository.js';
import { PageTokens } from './keys/page-tokens.js';
import { ResourcePolicyRepository } from './keys/resource-policy.repository.js';
import { TagRepository } from './keys/tag.repository.js';
import { LOGGER } from './logger.js';
import { CryptoProvider } from './provider/crypto-provider.js';
import { MasterKey } from './provider/master-key.js';

/** What is there before Nest is. */
export interface Parts {
  config: Config;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
  database: DataSource;
  masterKey: MasterKey;
}

@Module({})
export class AppModule {
  static forRoot({ config, clock, logger, metrics, database, masterKey }: Parts): DynamicModule {
    return {
      module: AppModule,
      global: true,
      imports: [ControlPlaneModule, DataPlaneModule],
      controllers: [HealthController],
      providers: [
        { provide: Clock, useValue: clock },
        { provide: LOGGER, useValue: logger },
        { provide: Metrics, useValue: metrics },
        { provide: DataSource, useValue: database },
        { provide: MasterKey, useValue: masterKey },
        { provide: PageTokens, useValue: new PageTokens(masterKey.derive('page tokens')) },
        { provide: KeyCache, useValue: new KeyCache(config.databaseUrl === undefined ? Infinity : MAX_STALE_MS) },
        KeyChanges,
        KeyRepository,
        AliasRepository,
        TagRepository,
        ResourcePolicyRepository,
        MpaTeamAssociationRepository,
        CryptoProvider,
      ],
      exports: [
        Clock,
        LOGGER,
        PageTokens,
        KeyChanges,
        KeyRepository,
        AliasRepository,
        TagRepository,
        ResourcePolicyRepository,
        MpaTeamAssociationRepository,
        CryptoProvider,
      ],
    };
  }
}
