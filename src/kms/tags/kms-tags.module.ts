import { Module } from '@nestjs/common';
import { StoredModule } from '../stored.module.js';
import { ListResourceTagsOperation } from './list-resource-tags.operation.js';
import { TagResourceOperation } from './tag-resource.operation.js';
import { KmsTagsController } from './tags.controller.js';
import { UntagResourceOperation } from './untag-resource.operation.js';

@Module({
  imports: [StoredModule],
  controllers: [KmsTagsController],
  providers: [TagResourceOperation, UntagResourceOperation, ListResourceTagsOperation],
})
export class KmsTagsModule {}
