import { Module } from '@nestjs/common';
import { Changes } from '../../changes/changes.js';
import { CONFIG, type Config } from '../../config/config.js';
import { AliasRepository } from './alias.repository.js';
import { KeyCache } from './key-cache.js';
import { KeyRepository } from './key.repository.js';
import { MpaTeamAssociationRepository } from './mpa-team-association.repository.js';
import { Quotas } from './quotas.js';
import { Regions } from './regions.js';
import { ReplicationRepository } from './replication.repository.js';
import { ReplicationWork } from './replication-work.js';
import { ResourcePolicyRepository } from './resource-policy.repository.js';
import { TagRepository } from './tag.repository.js';

const REPOSITORIES = [
  KeyRepository,
  AliasRepository,
  TagRepository,
  ResourcePolicyRepository,
  MpaTeamAssociationRepository,
  ReplicationRepository,
  ReplicationWork,
];

/** Stored payment keys and everything that belongs to them. */
@Module({
  providers: [
    ...REPOSITORIES,
    {
      provide: KeyCache,
      useFactory: (changes: Changes, { keyCache }: Config) =>
        changes.subscribe(new KeyCache(changes.freshness, keyCache)),
      inject: [Changes, CONFIG],
    },
    { provide: Regions, useFactory: ({ regions }: Config) => new Regions(regions), inject: [CONFIG] },
    { provide: Quotas, useFactory: (config: Config) => new Quotas(config), inject: [CONFIG] },
  ],
  exports: [...REPOSITORIES, Quotas, Regions],
})
export class KeysModule {}
