import { Module } from '@nestjs/common';
import { StoredModule } from '../stored.module.js';
import { MultiRegionController } from './multi-region.controller.js';
import { ReplicateKeyOperation } from './replicate-key.operation.js';
import { UpdatePrimaryRegionOperation } from './update-primary-region.operation.js';

@Module({
  imports: [StoredModule],
  controllers: [MultiRegionController],
  providers: [ReplicateKeyOperation, UpdatePrimaryRegionOperation],
})
export class MultiRegionModule {}
