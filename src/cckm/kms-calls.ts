import { Inject, Injectable, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { Logger } from 'pino';
import type { z } from 'zod';
import { callEvent } from '../audit/audit-event.js';
import { AuditLog } from '../audit/audit-log.js';
import { type Call, CallRecord } from '../call.js';
import { exceptionOf } from '../front/refusals.js';
import { readBy } from '../http/input.js';
import { resourcesOf } from '../http/operation.js';
import {
  CreateAliasInput,
  DeleteAliasInput,
  ListAliasesInput,
  UpdateAliasInput,
} from '../kms/aliases/aliases.schema.js';
import { CreateAliasOperation } from '../kms/aliases/create-alias.operation.js';
import { DeleteAliasOperation } from '../kms/aliases/delete-alias.operation.js';
import { ListAliasesOperation } from '../kms/aliases/list-aliases.operation.js';
import { UpdateAliasOperation } from '../kms/aliases/update-alias.operation.js';
import { KMS } from '../kms/api.js';
import { KmsAuthorizer } from '../kms/authorization/kms-authorizer.js';
import { GetPublicKeyOperation } from '../kms/cryptography/get-public-key.operation.js';
import { GetPublicKeyInput } from '../kms/cryptography/public-key.schema.js';
import { DeleteImportedKeyMaterialOperation } from '../kms/import/delete-imported-key-material.operation.js';
import { DeleteImportedKeyMaterialInput } from '../kms/import/import.schema.js';
import { CancelKeyDeletionOperation } from '../kms/keys/cancel-key-deletion.operation.js';
import { CreateKeyOperation } from '../kms/keys/create-key.operation.js';
import { DescribeKeyOperation } from '../kms/keys/describe-key.operation.js';
import { DisableKeyOperation } from '../kms/keys/disable-key.operation.js';
import { EnableKeyOperation } from '../kms/keys/enable-key.operation.js';
import {
  CancelKeyDeletionInput,
  CreateKeyInput,
  DescribeKeyInput,
  DisableKeyInput,
  EnableKeyInput,
  ListKeysInput,
  ScheduleKeyDeletionInput,
  UpdateKeyDescriptionInput,
} from '../kms/keys/keys.schema.js';
import { ListKeysOperation } from '../kms/keys/list-keys.operation.js';
import { ScheduleKeyDeletionOperation } from '../kms/keys/schedule-key-deletion.operation.js';
import { UpdateKeyDescriptionOperation } from '../kms/keys/update-key-description.operation.js';
import { ReplicateKeyInput, UpdatePrimaryRegionInput } from '../kms/multi-region/multi-region.schema.js';
import { ReplicateKeyOperation } from '../kms/multi-region/replicate-key.operation.js';
import { UpdatePrimaryRegionOperation } from '../kms/multi-region/update-primary-region.operation.js';
import type { KmsResource } from '../kms/operation.js';
import { GetKeyPolicyOperation } from '../kms/policies/get-key-policy.operation.js';
import { GetKeyPolicyInput, PutKeyPolicyInput } from '../kms/policies/policies.schema.js';
import { PutKeyPolicyOperation } from '../kms/policies/put-key-policy.operation.js';
import { DisableKeyRotationOperation } from '../kms/rotation/disable-key-rotation.operation.js';
import { EnableKeyRotationOperation } from '../kms/rotation/enable-key-rotation.operation.js';
import { GetKeyRotationStatusOperation } from '../kms/rotation/get-key-rotation-status.operation.js';
import { ListKeyRotationsOperation } from '../kms/rotation/list-key-rotations.operation.js';
import { RotateKeyOnDemandOperation } from '../kms/rotation/rotate-key-on-demand.operation.js';
import {
  DisableKeyRotationInput,
  EnableKeyRotationInput,
  GetKeyRotationStatusInput,
  ListKeyRotationsInput,
  RotateKeyOnDemandInput,
} from '../kms/rotation/rotation.schema.js';
import { ListResourceTagsOperation } from '../kms/tags/list-resource-tags.operation.js';
import { TagResourceOperation } from '../kms/tags/tag-resource.operation.js';
import { ListResourceTagsInput, TagResourceInput, UntagResourceInput } from '../kms/tags/tags.schema.js';
import { UntagResourceOperation } from '../kms/tags/untag-resource.operation.js';
import { ConnectCustomKeyStoreOperation } from '../kms/stores/connect-custom-key-store.operation.js';
import { CreateCustomKeyStoreOperation } from '../kms/stores/create-custom-key-store.operation.js';
import { DeleteCustomKeyStoreOperation } from '../kms/stores/delete-custom-key-store.operation.js';
import { DescribeCustomKeyStoresOperation } from '../kms/stores/describe-custom-key-stores.operation.js';
import { DisconnectCustomKeyStoreOperation } from '../kms/stores/disconnect-custom-key-store.operation.js';
import {
  CreateCustomKeyStoreInput,
  DescribeCustomKeyStoresInput,
  NamedCustomKeyStoreInput,
  UpdateCustomKeyStoreInput,
} from '../kms/stores/stores.schema.js';
import { UpdateCustomKeyStoreOperation } from '../kms/stores/update-custom-key-store.operation.js';
import { LOGGER } from '../logger.js';

/** The operations of KMS that CCKM calls, each with the schema of its input. */
const OPERATIONS = {
  CancelKeyDeletion: [CancelKeyDeletionOperation, CancelKeyDeletionInput],
  ConnectCustomKeyStore: [ConnectCustomKeyStoreOperation, NamedCustomKeyStoreInput],
  CreateAlias: [CreateAliasOperation, CreateAliasInput],
  CreateCustomKeyStore: [CreateCustomKeyStoreOperation, CreateCustomKeyStoreInput],
  CreateKey: [CreateKeyOperation, CreateKeyInput],
  DeleteAlias: [DeleteAliasOperation, DeleteAliasInput],
  DeleteCustomKeyStore: [DeleteCustomKeyStoreOperation, NamedCustomKeyStoreInput],
  DeleteImportedKeyMaterial: [DeleteImportedKeyMaterialOperation, DeleteImportedKeyMaterialInput],
  DescribeCustomKeyStores: [DescribeCustomKeyStoresOperation, DescribeCustomKeyStoresInput],
  DescribeKey: [DescribeKeyOperation, DescribeKeyInput],
  DisableKey: [DisableKeyOperation, DisableKeyInput],
  DisableKeyRotation: [DisableKeyRotationOperation, DisableKeyRotationInput],
  DisconnectCustomKeyStore: [DisconnectCustomKeyStoreOperation, NamedCustomKeyStoreInput],
  EnableKey: [EnableKeyOperation, EnableKeyInput],
  EnableKeyRotation: [EnableKeyRotationOperation, EnableKeyRotationInput],
  GetKeyPolicy: [GetKeyPolicyOperation, GetKeyPolicyInput],
  GetKeyRotationStatus: [GetKeyRotationStatusOperation, GetKeyRotationStatusInput],
  GetPublicKey: [GetPublicKeyOperation, GetPublicKeyInput],
  ListAliases: [ListAliasesOperation, ListAliasesInput],
  ListKeyRotations: [ListKeyRotationsOperation, ListKeyRotationsInput],
  ListKeys: [ListKeysOperation, ListKeysInput],
  ListResourceTags: [ListResourceTagsOperation, ListResourceTagsInput],
  PutKeyPolicy: [PutKeyPolicyOperation, PutKeyPolicyInput],
  ReplicateKey: [ReplicateKeyOperation, ReplicateKeyInput],
  RotateKeyOnDemand: [RotateKeyOnDemandOperation, RotateKeyOnDemandInput],
  ScheduleKeyDeletion: [ScheduleKeyDeletionOperation, ScheduleKeyDeletionInput],
  TagResource: [TagResourceOperation, TagResourceInput],
  UntagResource: [UntagResourceOperation, UntagResourceInput],
  UpdateAlias: [UpdateAliasOperation, UpdateAliasInput],
  UpdateCustomKeyStore: [UpdateCustomKeyStoreOperation, UpdateCustomKeyStoreInput],
  UpdateKeyDescription: [UpdateKeyDescriptionOperation, UpdateKeyDescriptionInput],
  UpdatePrimaryRegion: [UpdatePrimaryRegionOperation, UpdatePrimaryRegionInput],
} as const satisfies Record<string, readonly [operation: Type<KmsOperation>, input: z.ZodType]>;

interface KmsOperation {
  execute(call: Call, input: never): object | Promise<object>;
}

export type KmsOperationName = keyof typeof OPERATIONS;
export type InputOf<N extends KmsOperationName> = z.input<(typeof OPERATIONS)[N][1]>;
export type OutputOf<N extends KmsOperationName> = Awaited<
  ReturnType<InstanceType<(typeof OPERATIONS)[N][0]>['execute']>
>;

/**
 * Calls KMS as the front does for a signed request: validates the input, evaluates policies for the caller, and audits
 * each change with an event of KMS. A read is audited only by the event of the CCKM operation.
 */
@Injectable()
export class KmsCalls {
  constructor(
    private readonly modules: ModuleRef,
    private readonly authorizer: KmsAuthorizer,
    private readonly audit: AuditLog,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Calls an operation in a Region for the caller of CCKM.
   *
   * @throws the exceptions of KMS
   */
  async run<N extends KmsOperationName>(call: Call, region: string, name: N, input: InputOf<N>): Promise<OutputOf<N>> {
    const { requestId, principal, origin } = call;
    const record = new CallRecord();
    const kmsCall: Call = { requestId, api: KMS, operation: name, principal, region, origin, record };
    try {
      return await this.#execute(kmsCall, name, input);
    } catch (thrown) {
      const error = exceptionOf(thrown, KMS, requestId, this.logger);
      if (!KMS.audit.isReadOnly(name) && !record.isWritten) this.audit.record(callEvent(kmsCall, error));
      throw error;
    }
  }

  async #execute<N extends KmsOperationName>(call: Call, name: N, given: InputOf<N>): Promise<OutputOf<N>> {
    const [operation, schema] = OPERATIONS[name];
    const input = readBy(schema, given) as object;
    call.record.reads({}, input);
    const authorizing = this.authorizer.authorize(call, resourcesOf(KMS.name).get(name) as KmsResource);
    if (authorizing) await authorizing;
    const instance: KmsOperation = this.modules.get(operation, { strict: false });
    return (await instance.execute(call, input as never)) as OutputOf<N>;
  }
}
