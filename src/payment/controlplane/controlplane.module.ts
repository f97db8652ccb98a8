import { Module } from '@nestjs/common';
import { ExchangeModule } from '../exchange/exchange.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { OperationAuthorizer } from '../operation-authorizer.js';
import { AliasesController } from './aliases/aliases.controller.js';
import { CreateAliasOperation } from './aliases/create-alias.operation.js';
import { DeleteAliasOperation } from './aliases/delete-alias.operation.js';
import { GetAliasOperation } from './aliases/get-alias.operation.js';
import { ListAliasesOperation } from './aliases/list-aliases.operation.js';
import { UpdateAliasOperation } from './aliases/update-alias.operation.js';
import { GuardedPaymentOperations } from './approvals/guarded-payment-operations.js';
import { ExchangeController } from './exchange/exchange.controller.js';
import { ExportKeyOperation } from './exchange/export-key.operation.js';
import { As2805Export } from './exchange/exports/as2805.export.js';
import { DiffieHellmanExport } from './exchange/exports/diffie-hellman.export.js';
import { KeyCryptogramExport } from './exchange/exports/key-cryptogram.export.js';
import { Tr31Export } from './exchange/exports/tr31.export.js';
import { Tr34Export } from './exchange/exports/tr34.export.js';
import { GetCertificateSigningRequestOperation } from './exchange/get-certificate-signing-request.operation.js';
import { GetParametersForExportOperation } from './exchange/get-parameters-for-export.operation.js';
import { GetParametersForImportOperation } from './exchange/get-parameters-for-import.operation.js';
import { GetPublicKeyCertificateOperation } from './exchange/get-public-key-certificate.operation.js';
import { ImportKeyOperation } from './exchange/import-key.operation.js';
import { As2805Import } from './exchange/imports/as2805.import.js';
import { DiffieHellmanImport } from './exchange/imports/diffie-hellman.import.js';
import { KeyCryptogramImport } from './exchange/imports/key-cryptogram.import.js';
import { PublicKeyImport } from './exchange/imports/public-key.import.js';
import { Tr31Import } from './exchange/imports/tr31.import.js';
import { Tr34Import } from './exchange/imports/tr34.import.js';
import { CreateKeyOperation } from './keys/create-key.operation.js';
import { DeleteKeyOperation } from './keys/delete-key.operation.js';
import { GetKeyOperation } from './keys/get-key.operation.js';
import { KeyDeletionWorker } from './keys/key-deletion.worker.js';
import { KeysController } from './keys/keys.controller.js';
import { ListKeysOperation } from './keys/list-keys.operation.js';
import { RestoreKeyOperation } from './keys/restore-key.operation.js';
import { StartKeyUsageOperation } from './keys/start-key-usage.operation.js';
import { StopKeyUsageOperation } from './keys/stop-key-usage.operation.js';
import { ApprovedMpaCalls } from './mpa/approved-mpa-calls.js';
import { AssociateMpaTeamOperation } from './mpa/associate-mpa-team.operation.js';
import { DisassociateMpaTeamOperation } from './mpa/disassociate-mpa-team.operation.js';
import { GetMpaTeamAssociationOperation } from './mpa/get-mpa-team-association.operation.js';
import { MpaController } from './mpa/mpa.controller.js';
import { DeleteResourcePolicyOperation } from './policies/delete-resource-policy.operation.js';
import { GetResourcePolicyOperation } from './policies/get-resource-policy.operation.js';
import { PoliciesController } from './policies/policies.controller.js';
import { PutResourcePolicyOperation } from './policies/put-resource-policy.operation.js';
import { AddKeyReplicationRegionsOperation } from './replication/add-key-replication-regions.operation.js';
import { DisableDefaultKeyReplicationRegionsOperation } from './replication/disable-default-key-replication-regions.operation.js';
import { EnableDefaultKeyReplicationRegionsOperation } from './replication/enable-default-key-replication-regions.operation.js';
import { GetDefaultKeyReplicationRegionsOperation } from './replication/get-default-key-replication-regions.operation.js';
import { RemoveKeyReplicationRegionsOperation } from './replication/remove-key-replication-regions.operation.js';
import { Replicas } from './replication/replicas.js';
import { ReplicationController } from './replication/replication.controller.js';
import { ReplicationWorker } from './replication/replication.worker.js';
import { ListTagsForResourceOperation } from './tags/list-tags-for-resource.operation.js';
import { TagResourceOperation } from './tags/tag-resource.operation.js';
import { TagsController } from './tags/tags.controller.js';
import { UntagResourceOperation } from './tags/untag-resource.operation.js';

@Module({
  imports: [KeysModule, ExchangeModule],
  controllers: [
    KeysController,
    AliasesController,
    TagsController,
    PoliciesController,
    MpaController,
    ReplicationController,
    ExchangeController,
  ],
  providers: [
    OperationAuthorizer,
    GuardedPaymentOperations,
    ApprovedMpaCalls,
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
    AddKeyReplicationRegionsOperation,
    RemoveKeyReplicationRegionsOperation,
    EnableDefaultKeyReplicationRegionsOperation,
    DisableDefaultKeyReplicationRegionsOperation,
    GetDefaultKeyReplicationRegionsOperation,
    Replicas,
    ReplicationWorker,
    ImportKeyOperation,
    Tr31Import,
    Tr34Import,
    KeyCryptogramImport,
    DiffieHellmanImport,
    As2805Import,
    PublicKeyImport,
    ExportKeyOperation,
    Tr31Export,
    Tr34Export,
    KeyCryptogramExport,
    DiffieHellmanExport,
    As2805Export,
    GetParametersForExportOperation,
    GetCertificateSigningRequestOperation,
    GetParametersForImportOperation,
    GetPublicKeyCertificateOperation,
  ],
})
export class ControlPlaneModule {}
