import { Module } from '@nestjs/common';
import { CreateKeyOperation } from './keys/create-key.operation.js';
import { DeleteKeyOperation } from './keys/delete-key.operation.js';
import { GetKeyOperation } from './keys/get-key.operation.js';
import { KeyDeletionWorker } from './keys/key-deletion.worker.js';
import { KeysController } from './keys/keys.controller.js';
import { ListKeysOperation } from './keys/list-keys.operation.js';
import { RestoreKeyOperation } from './keys/restore-key.operation.js';
import { StartKeyUsageOperation } from './keys/start-key-usage.operation.js';
import { StopKeyUsageOperation } from './keys/stop-key-usage.operation.js';

@Module({
  controllers: [KeysController],
  providers: [
    CreateKeyOperation,
    GetKeyOperation,
    ListKeysOperation,
    DeleteKeyOperation,
    RestoreKeyOperation,
    StartKeyUsageOperation,
    StopKeyUsageOperation,
    KeyDeletionWorker,
  ],
})
export class ControlPlaneModule {}
