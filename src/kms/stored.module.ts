import { Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Changes } from '../changes/changes.js';
import { CONFIG, type Config } from '../config/config.js';
import { MasterKey } from '../provider/master-key.js';
import { serviceSecret } from '../provider/service-secret.js';
import { KmsAuthorizer } from './authorization/kms-authorizer.js';
import { GrantCache } from './grants/grant-cache.js';
import { GrantTokens } from './grants/grant-tokens.js';
import { DueKeys } from './keys/due-keys.js';
import { KmsKeyCache } from './keys/kms-key-cache.js';
import { KmsKeyRepository } from './keys/kms-key.repository.js';
import { KmsQuotas } from './keys/kms-quotas.js';
import { NewKeyPolicy } from './policies/new-key-policy.js';
import { KeyRotation } from './rotation/key-rotation.js';
import { KeyUses } from './usage/key-uses.js';

/** Stored KMS keys with their dependent rows, and their authorization. */
@Module({
  providers: [
    KmsKeyRepository,
    DueKeys,
    KeyRotation,
    KeyUses,
    GrantCache,
    {
      provide: GrantTokens,
      useFactory: async ({ manager }: DataSource, masterKey: MasterKey) =>
        new GrantTokens(await serviceSecret(manager, masterKey, 'grant tokens')),
      inject: [DataSource, MasterKey],
    },
    NewKeyPolicy,
    KmsAuthorizer,
    {
      provide: KmsKeyCache,
      useFactory: (changes: Changes, { keyCache }: Config) =>
        changes.subscribe(new KmsKeyCache(changes.freshness, keyCache)),
      inject: [Changes, CONFIG],
    },
    { provide: KmsQuotas, useFactory: ({ maxKeys }: Config) => new KmsQuotas(maxKeys), inject: [CONFIG] },
  ],
  exports: [KmsKeyRepository, DueKeys, KeyRotation, KeyUses, GrantCache, GrantTokens, NewKeyPolicy, KmsAuthorizer],
})
export class StoredModule {}
