import { Module } from '@nestjs/common';
import { StoredModule } from '../stored.module.js';
import { DisableKeyRotationOperation } from './disable-key-rotation.operation.js';
import { EnableKeyRotationOperation } from './enable-key-rotation.operation.js';
import { GetKeyRotationStatusOperation } from './get-key-rotation-status.operation.js';
import { KmsRotationWorker } from './kms-rotation.worker.js';
import { ListKeyRotationsOperation } from './list-key-rotations.operation.js';
import { RotateKeyOnDemandOperation } from './rotate-key-on-demand.operation.js';
import { RotationController } from './rotation.controller.js';

@Module({
  imports: [StoredModule],
  controllers: [RotationController],
  providers: [
    EnableKeyRotationOperation,
    DisableKeyRotationOperation,
    GetKeyRotationStatusOperation,
    RotateKeyOnDemandOperation,
    ListKeyRotationsOperation,
    KmsRotationWorker,
  ],
})
export class RotationModule {}
