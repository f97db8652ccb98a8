import { Module } from '@nestjs/common';
import { KmsAliasesModule } from './aliases/kms-aliases.module.js';
import { CryptographyModule } from './cryptography/cryptography.module.js';
import { KmsGrantsModule } from './grants/kms-grants.module.js';
import { GuardedKmsOperations } from './guarded-kms-operations.js';
import { KmsImportModule } from './import/kms-import.module.js';
import { KmsKeysModule } from './keys/kms-keys.module.js';
import { MultiRegionModule } from './multi-region/multi-region.module.js';
import { KmsPoliciesModule } from './policies/kms-policies.module.js';
import { RotationModule } from './rotation/rotation.module.js';
import { StoredModule } from './stored.module.js';
import { StoresModule } from './stores/stores.module.js';
import { KmsTagsModule } from './tags/kms-tags.module.js';

/** AWS KMS: a module for each kind of resource. */
@Module({
  imports: [
    StoredModule,
    KmsKeysModule,
    RotationModule,
    KmsImportModule,
    MultiRegionModule,
    CryptographyModule,
    KmsPoliciesModule,
    KmsGrantsModule,
    KmsAliasesModule,
    KmsTagsModule,
    StoresModule,
  ],
  providers: [GuardedKmsOperations],
  exports: [StoredModule],
})
export class KmsModule {}
