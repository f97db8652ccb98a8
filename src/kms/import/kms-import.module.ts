import { Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { MasterKey } from '../../provider/master-key.js';
import { serviceSecret } from '../../provider/service-secret.js';
import { StoredModule } from '../stored.module.js';
import { DeleteImportedKeyMaterialOperation } from './delete-imported-key-material.operation.js';
import { GetParametersForImportOperation } from './get-parameters-for-import.operation.js';
import { KmsImportController } from './import.controller.js';
import { ImportKeyMaterialOperation } from './import-key-material.operation.js';
import { ImportTokens } from './import-tokens.js';
import { KmsExpiryWorker } from './kms-expiry.worker.js';
import { WrappingKeys } from './wrapping-keys.js';

@Module({
  imports: [StoredModule],
  controllers: [KmsImportController],
  providers: [
    GetParametersForImportOperation,
    ImportKeyMaterialOperation,
    DeleteImportedKeyMaterialOperation,
    WrappingKeys,
    {
      provide: ImportTokens,
      useFactory: async ({ manager }: DataSource, masterKey: MasterKey) =>
        new ImportTokens(await serviceSecret(manager, masterKey, 'import tokens')),
      inject: [DataSource, MasterKey],
    },
    KmsExpiryWorker,
  ],
})
export class KmsImportModule {}
