import { Module } from '@nestjs/common';
import { StoredModule } from '../stored.module.js';
import { CreateGrantOperation } from './create-grant.operation.js';
import { KmsGrantsController } from './grants.controller.js';
import { KmsGrantRepository } from './kms-grant.repository.js';
import { ListGrantsOperation } from './list-grants.operation.js';
import { ListRetirableGrantsOperation } from './list-retirable-grants.operation.js';
import { RetireGrantOperation } from './retire-grant.operation.js';
import { RevokeGrantOperation } from './revoke-grant.operation.js';

@Module({
  imports: [StoredModule],
  controllers: [KmsGrantsController],
  providers: [
    KmsGrantRepository,
    CreateGrantOperation,
    ListGrantsOperation,
    ListRetirableGrantsOperation,
    RetireGrantOperation,
    RevokeGrantOperation,
  ],
})
export class KmsGrantsModule {}
