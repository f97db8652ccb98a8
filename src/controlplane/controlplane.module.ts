import { Module } from '@nestjs/common';
import { AliasesController } from './aliases/aliases.controller.js';
import { CreateAliasOperation } from './aliases/create-alias.operation.js';
import { DeleteAliasOperation } from './aliases/delete-alias.operation.js';
import { GetAliasOperation } from './aliases/get-alias.operation.js';
import { ListAliasesOperation } from './aliases/list-aliases.operation.js';
import { UpdateAliasOperation } from './aliases/update-alias.operation.js';
import { CreateKeyOperation } from './keys/create-key.operation.js';
import { DeleteKeyOperation } from './keys/delete-key.operation.js';
import { GetKeyOperation } from './keys/get-key.operation.js';
import { KeyDeletionWorker } from './keys/key-deletion.worker.js';
import { KeysController } from './keys/keys.controller.js';
import { ListKeysOperation } from './keys/list-keys.operation.js';
import { RestoreKeyOperation } from './keys/restore-key.operation.js';
import { StartKeyUsageOperation } from './keys/start-key-usage.operation.js';
import { StopKeyUsageOperation } from './keys/stop-key-usage.operation.js';
import { AssociateMpaTeamOperation } from './mpa/associate-mpa-team.operation.js';
import { DisassociateMpaTeamOperation } from './mpa/disassociate-mpa-team.operation.js';
import { GetMpaTeamAssociationOperation } from './mpa/get-mpa-team-association.operation.js';
import { MpaController } from './mpa/mpa.controller.js';
import { DeleteResourcePolicyOperation } from './policies/delete-resource-policy.operation.js';
import { GetResourcePolicyOperation } from './policies/get-resource-policy.operation.js';
import { PoliciesController } from './policies/policies.controller.js';
import { PutResourcePolicyOperation } from './policies/put-resource-policy.operation.js';
import { ListTagsForResourceOperation } from './tags/list-tags-for-resource.operation.js';
import { TagResourceOperation } from './tags/tag-resource.operation.js';
import { TagsController } from './tags/tags.controller.js';
import { UntagResourceOperation } from './tags/untag-resource.operation.js';

@Module({
  controllers: [KeysController, AliasesController, TagsController, PoliciesController, MpaController],
  providers: [
    CreateKeyOperation,
    GetKeyOperation,
    ListKeysOperation,
    DeleteKeyOperation,
    RestoreKeyOperation,
    StartKeyUsageOperation,
    StopKeyUsageOperation,
    KeyDeletionWorker,
    CreateAliasOperation,
    GetAliasOperation,
    ListAliasesOperation,
    UpdateAliasOperation,
    DeleteAliasOperation,
    TagResourceOperation,
    UntagResourceOperation,
    ListTagsForResourceOperation,
    PutResourcePolicyOperation,
    GetResourcePolicyOperation,
    DeleteResourcePolicyOperation,
    AssociateMpaTeamOperation,
    GetMpaTeamAssociationOperation,
    DisassociateMpaTeamOperation,
  ],
})
export class ControlPlaneModule {}
