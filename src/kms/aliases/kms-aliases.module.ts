import { Module } from '@nestjs/common';
import { StoredModule } from '../stored.module.js';
import { KmsAliasesController } from './aliases.controller.js';
import { CreateAliasOperation } from './create-alias.operation.js';
import { DeleteAliasOperation } from './delete-alias.operation.js';
import { KmsAliasRepository } from './kms-alias.repository.js';
import { ListAliasesOperation } from './list-aliases.operation.js';
import { UpdateAliasOperation } from './update-alias.operation.js';

@Module({
  imports: [StoredModule],
  controllers: [KmsAliasesController],
  providers: [
    KmsAliasRepository,
    CreateAliasOperation,
    UpdateAliasOperation,
    DeleteAliasOperation,
    ListAliasesOperation,
  ],
})
export class KmsAliasesModule {}
