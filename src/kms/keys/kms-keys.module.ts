import { Module } from '@nestjs/common';
import { StoredModule } from '../stored.module.js';
import { StoresModule } from '../stores/stores.module.js';
import { CancelKeyDeletionOperation } from './cancel-key-deletion.operation.js';
import { CreateKeyOperation } from './create-key.operation.js';
import { DescribeKeyOperation } from './describe-key.operation.js';
import { DisableKeyOperation } from './disable-key.operation.js';
import { EnableKeyOperation } from './enable-key.operation.js';
import { GetKeyLastUsageOperation } from './get-key-last-usage.operation.js';
import { KmsKeysController } from './keys.controller.js';
import { KmsDeletionWorker } from './kms-deletion.worker.js';
import { ListKeysOperation } from './list-keys.operation.js';
import { ScheduleKeyDeletionOperation } from './schedule-key-deletion.operation.js';
import { UpdateKeyDescriptionOperation } from './update-key-description.operation.js';

@Module({
  imports: [StoredModule, StoresModule],
  controllers: [KmsKeysController],
  providers: [
    CreateKeyOperation,
    DescribeKeyOperation,
    ListKeysOperation,
    EnableKeyOperation,
    DisableKeyOperation,
    UpdateKeyDescriptionOperation,
    ScheduleKeyDeletionOperation,
    CancelKeyDeletionOperation,
    GetKeyLastUsageOperation,
    KmsDeletionWorker,
  ],
})
export class KmsKeysModule {}
