import { Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ACCOUNT_ID } from '../access/principal.repository.js';
import { Passwords } from '../access/passwords.js';
import { Changes } from '../changes/changes.js';
import { KmsModule } from '../kms/kms.module.js';
import { MasterKey } from '../provider/master-key.js';
import { serviceSecret } from '../provider/service-secret.js';
import { ConnectionsController } from './connections/connections.controller.js';
import { ContainerRepository } from './containers/container.repository.js';
import { ContainersController } from './containers/containers.controller.js';
import { BulkAction } from './jobs/bulk-action.js';
import { JobRepository } from './jobs/job.repository.js';
import { JobsController } from './jobs/jobs.controller.js';
import { Synchronizer } from './jobs/synchronize.js';
import { CckmKeys } from './keys/cckm-keys.js';
import { CreateKeyOperation } from './keys/create-key.operation.js';
import { KeyActionsController } from './keys/key-actions.controller.js';
import { KeyRecordRepository } from './keys/key-record.repository.js';
import { KeysController } from './keys/keys.controller.js';
import { ListKeysOperation } from './keys/list-keys.operation.js';
import { ListRotationsOperation } from './keys/list-rotations.operation.js';
import { ReplicateKeyOperation } from './keys/replicate-key.operation.js';
import { RotateKeyOperation } from './keys/rotate-key.operation.js';
import { IamController } from './iam/iam.controller.js';
import { KmsCalls } from './kms-calls.js';
import { NotServedController } from './not-served/not-served.controller.js';
import { CckmStores } from './stores/cckm-stores.js';
import { StoreRecordRepository } from './stores/store-record.repository.js';
import { CckmStoresController } from './stores/stores.controller.js';
import { Policies } from './templates/policies.js';
import { TemplateRepository } from './templates/template.repository.js';
import { TemplatesController } from './templates/templates.controller.js';
import { CckmAuthenticator } from './tokens/cckm-authenticator.js';
import { Jwts } from './tokens/jwts.js';
import { SessionCache } from './tokens/session-cache.js';
import { Sessions } from './tokens/sessions.js';
import { TokensController } from './tokens/tokens.controller.js';

/** The AWS key endpoints of Thales CCKM, over the operations of KMS. */
@Module({
  imports: [KmsModule],
  controllers: [
    TokensController,
    KeysController,
    KeyActionsController,
    ContainersController,
    JobsController,
    CckmStoresController,
    TemplatesController,
    ConnectionsController,
    IamController,
    NotServedController,
  ],
  providers: [
    Passwords,
    Sessions,
    CckmAuthenticator,
    {
      provide: SessionCache,
      useFactory: (changes: Changes) => changes.subscribe(new SessionCache(changes.freshness)),
      inject: [Changes],
    },
    {
      provide: Jwts,
      useFactory: async ({ manager }: DataSource, masterKey: MasterKey, accountId: string) =>
        new Jwts(await serviceSecret(manager, masterKey, 'cckm tokens'), accountId),
      inject: [DataSource, MasterKey, ACCOUNT_ID],
    },
    KmsCalls,
    ContainerRepository,
    KeyRecordRepository,
    StoreRecordRepository,
    CckmStores,
    CckmKeys,
    ListKeysOperation,
    CreateKeyOperation,
    RotateKeyOperation,
    ReplicateKeyOperation,
    ListRotationsOperation,
    TemplateRepository,
    Policies,
    JobRepository,
    Synchronizer,
    BulkAction,
  ],
})
export class CckmModule {}
