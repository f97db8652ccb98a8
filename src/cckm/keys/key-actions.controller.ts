import type { Call } from '../../call.js';
import { Body, BodyText, Param, Query } from '../../http/input.js';
import { OperationsController } from '../../http/operation.js';
import { CckmException, notServed } from '../errors.js';
import { KmsCalls } from '../kms-calls.js';
import type { Envelope } from '../lists.js';
import { CckmOperation } from '../operation.js';
import { Policies, policyIn, TEMPLATE_TAG } from '../templates/policies.js';
import { IdPath } from '../tokens/tokens.schema.js';
import { aliasNameOf } from './aliases.js';
import { CckmKeys, type RunOnKey, requireChangeable } from './cckm-keys.js';
import { NO_GRANTEES } from './grantees.js';
import { regionOf } from './key-record.repository.js';
import {
  AddTagsInput,
  AliasInput,
  DeleteMaterialInput,
  EnableAutoRotationInput,
  Key,
  ListRotationsQuery,
  PublicKeyOutput,
  RemoveTagsInput,
  ReplicateKeyInput,
  RotateKeyInput,
  RotateMaterialInput,
  Rotation,
  Rotations,
  ScheduleDeletionInput,
  UpdateDescriptionInput,
  UpdatePolicyInput,
  UpdatePrimaryRegionInput,
} from './keys.schema.js';
import { ListRotationsOperation } from './list-rotations.operation.js';
import { ReplicateKeyOperation } from './replicate-key.operation.js';
import { RotateKeyOperation } from './rotate-key.operation.js';

/** Default waiting period in days, as in Thales's Terraform provider. */
const DEFAULT_DAYS = 7;

const IMPORT = 'Import the material with KMS GetParametersForImport and ImportKeyMaterial.';

@OperationsController('key actions')
export class KeyActionsController {
  constructor(
    private readonly kms: KmsCalls,
    private readonly keys: CckmKeys,
    private readonly policies: Policies,
    private readonly rotateKey: RotateKeyOperation,
    private readonly replicateKey: ReplicateKeyOperation,
    private readonly listRotations: ListRotationsOperation,
  ) {}

  @CckmOperation({
    name: 'ScheduleDeletion',
    route: ['POST', 'cckm/aws/keys/:id/schedule-deletion'],
    resource: 'key',
    summary: 'Schedules the deletion of a key',
    description:
      'The key can’t be used during the waiting period of 7 to 30 days, and is destroyed at its end. Calls KMS ScheduleKeyDeletion.',
    example: '-d \'{"days":7}\'',
    output: Key,
  })
  scheduleDeletion(
    call: Call,
    @Param(IdPath) { id }: IdPath,
    @Body(ScheduleDeletionInput) { days = DEFAULT_DAYS }: ScheduleDeletionInput,
  ): Promise<Key> {
    return this.keys.run(call, id, 'keydelete', 'ScheduleKeyDeletion', { PendingWindowInDays: days });
  }

  @CckmOperation({
    name: 'CancelDeletion',
    route: ['POST', 'cckm/aws/keys/:id/cancel-deletion'],
    resource: 'key',
    summary: 'Cancels a scheduled deletion',
    description: 'The key is `Disabled` afterwards, until it is enabled. Calls KMS CancelKeyDeletion.',
    output: Key,
  })
  cancelDeletion(call: Call, @Param(IdPath) { id }: IdPath): Promise<Key> {
    return this.keys.run(call, id, 'keycanceldelete', 'CancelKeyDeletion', {});
  }

  @CckmOperation({
    name: 'EnableAwsKey',
    route: ['POST', 'cckm/aws/keys/:id/enable'],
    resource: 'key',
    summary: 'Enables a key',
    description: 'Calls KMS EnableKey.',
    output: Key,
  })
  enable(call: Call, @Param(IdPath) { id }: IdPath): Promise<Key> {
    return this.keys.run(call, id, 'keyupdate', 'EnableKey', {});
  }

  @CckmOperation({
    name: 'DisableAwsKey',
    route: ['POST', 'cckm/aws/keys/:id/disable'],
    resource: 'key',
    summary: 'Disables a key',
    description: 'Calls KMS DisableKey.',
    output: Key,
  })
  disable(call: Call, @Param(IdPath) { id }: IdPath): Promise<Key> {
    return this.keys.run(call, id, 'keyupdate', 'DisableKey', {});
  }

  @CckmOperation({
    name: 'EnableAutoRotation',
    route: ['POST', 'cckm/aws/keys/:id/enable-auto-rotation'],
    resource: 'key',
    summary: 'Enables the automatic rotation of a key',
    description: 'Calls KMS EnableKeyRotation.',
    example: '-d \'{"rotation_period_in_days":180}\'',
    output: Key,
  })
  enableAutoRotation(
    call: Call,
    @Param(IdPath) { id }: IdPath,
    @Body(EnableAutoRotationInput) { rotation_period_in_days: days = 0 }: EnableAutoRotationInput,
  ): Promise<Key> {
    return this.keys.run(call, id, 'keyrotate', 'EnableKeyRotation', days === 0 ? {} : { RotationPeriodInDays: days });
  }

  @CckmOperation({
    name: 'DisableAutoRotation',
    route: ['POST', 'cckm/aws/keys/:id/disable-auto-rotation'],
    resource: 'key',
    summary: 'Disables the automatic rotation of a key',
    description: 'Calls KMS DisableKeyRotation.',
    output: Key,
  })
  disableAutoRotation(call: Call, @Param(IdPath) { id }: IdPath): Promise<Key> {
    return this.keys.run(call, id, 'keyrotate', 'DisableKeyRotation', {});
  }

  @CckmOperation({
    name: 'GetAwsKeyRotationStatus',
    route: ['POST', 'cckm/aws/keys/:id/get-key-rotation-status'],
    resource: 'key',
    summary: 'Gets a key with its rotation status',
    description: 'Returns the key, as GetAwsKey does: both read the status from KMS.',
    output: Key,
  })
  async rotationStatus(call: Call, @Param(IdPath) { id }: IdPath): Promise<Key> {
    return (await this.keys.view(call, id)).present();
  }

  @CckmOperation({
    name: 'RotateAwsKey',
    route: ['POST', 'cckm/aws/keys/:id/rotate'],
    resource: 'key',
    summary: 'Replaces a key with a new key',
    description:
      'Creates a key with the spec, usage, policy and tags of the old one, and moves the aliases to it. Returns the new key, whose `rotated_from` is the old one. ' +
      'Calls KMS CreateKey and UpdateAlias, CreateAlias for `retain_alias`, and PutKeyPolicy for `disable_encrypt`.',
    example: '-d \'{"description":"since December"}\'',
    output: Key,
  })
  rotate(call: Call, @Param(IdPath) { id }: IdPath, @Body(RotateKeyInput) input: RotateKeyInput): Promise<Key> {
    return this.rotateKey.execute(call, id, input);
  }

  @CckmOperation({
    name: 'RotateMaterial',
    route: ['POST', 'cckm/aws/keys/:id/rotate-material'],
    resource: 'key',
    summary: 'Rotates the material of a key',
    description:
      'The key keeps its id and its aliases. Calls KMS RotateKeyOnDemand. Import material for a pending rotation through KMS.',
    output: Key,
  })
  rotateMaterial(
    call: Call,
    @Param(IdPath) { id }: IdPath,
    @Body(RotateMaterialInput) { source_key_identifier = '', source_key_tier = '' }: RotateMaterialInput,
  ): Promise<Key> {
    if (source_key_identifier !== '' || source_key_tier !== '') throw notServed(IMPORT);
    return this.keys.run(call, id, 'keyrotate', 'RotateKeyOnDemand', {});
  }

  @CckmOperation({
    name: 'ListRotations',
    route: ['GET', 'cckm/aws/keys/:id/rotations'],
    resource: 'key',
    summary: 'Lists the materials of a key',
    description: 'Calls KMS ListKeyRotations for all materials.',
    output: Rotations,
  })
  rotations(
    call: Call,
    @Param(IdPath) { id }: IdPath,
    @Query(ListRotationsQuery) query: ListRotationsQuery,
  ): Promise<Envelope<Rotation>> {
    return this.listRotations.execute(call, id, query);
  }

  @CckmOperation({
    name: 'DeleteMaterial',
    route: ['POST', 'cckm/aws/keys/:id/delete-material'],
    resource: 'key',
    summary: 'Deletes imported material',
    description: 'The key is `PendingImport` afterwards. Calls KMS DeleteImportedKeyMaterial.',
    output: Key,
  })
  deleteMaterial(
    call: Call,
    @Param(IdPath) { id }: IdPath,
    @Body(DeleteMaterialInput) { key_material_id: KeyMaterialId = '' }: DeleteMaterialInput,
  ): Promise<Key> {
    return this.keys.run(
      call,
      id,
      'keymaterialdelete',
      'DeleteImportedKeyMaterial',
      KeyMaterialId === '' ? {} : { KeyMaterialId },
    );
  }

  @CckmOperation({
    name: 'UpdatePolicy',
    route: ['POST', 'cckm/aws/keys/:id/policy'],
    resource: 'key',
    summary: 'Replaces the policy of a key',
    description:
      'Accepts a policy, a template, or lists of users. Calls KMS PutKeyPolicy, and TagResource or UntagResource for the tag that names the template.',
    example: '-d \'{"key_admins":["line-3"]}\'',
    output: Key,
  })
  async updatePolicy(
    call: Call,
    @Param(IdPath) { id }: IdPath,
    @Body(UpdatePolicyInput) { bypass_policy_lockout_safety_check: bypasses, ...choice }: UpdatePolicyInput,
    @BodyText() written: string,
  ): Promise<Key> {
    const chosen = await this.policies.choose(call, choice, policyIn(written, ['policy'], ['Policy']));
    if (!chosen) throw new CckmException('NCERRBadRequest', 'policy, policytemplate or a list of users is required');
    return this.keys.change(call, id, 'keyupdate', async (run, view) => {
      await run('PutKeyPolicy', { Policy: chosen.text, ...(bypasses && { BypassPolicyLockoutSafetyCheck: true }) });
      const isTagged = (await view.tags())?.some(({ TagKey }) => TagKey === TEMPLATE_TAG) === true;
      await tagTemplate(run, chosen.template, isTagged);
      return { ...NO_GRANTEES, ...chosen.grantees };
    });
  }

  @CckmOperation({
    name: 'UpdateDescription',
    route: ['POST', 'cckm/aws/keys/:id/update-description'],
    resource: 'key',
    summary: 'Changes the description of a key',
    description: 'Calls KMS UpdateKeyDescription.',
    example: '-d \'{"description":"Encrypts the orders"}\'',
    output: Key,
  })
  updateDescription(
    call: Call,
    @Param(IdPath) { id }: IdPath,
    @Body(UpdateDescriptionInput) { description: Description }: UpdateDescriptionInput,
  ): Promise<Key> {
    return this.keys.run(call, id, 'keyupdate', 'UpdateKeyDescription', { Description });
  }

  @CckmOperation({
    name: 'AddTags',
    route: ['POST', 'cckm/aws/keys/:id/add-tags'],
    resource: 'key',
    summary: 'Adds tags to a key, or changes their values',
    description: 'Calls KMS TagResource.',
    example: '-d \'{"tags":[{"tag_key":"team","tag_value":"orders"}]}\'',
    output: Key,
  })
  addTags(call: Call, @Param(IdPath) { id }: IdPath, @Body(AddTagsInput) { tags }: AddTagsInput): Promise<Key> {
    const Tags = tags.map(({ tag_key, tag_value }) => ({ TagKey: tag_key, TagValue: tag_value }));
    return this.keys.run(call, id, 'keyupdate', 'TagResource', { Tags });
  }

  @CckmOperation({
    name: 'RemoveTags',
    route: ['POST', 'cckm/aws/keys/:id/remove-tags'],
    resource: 'key',
    summary: 'Removes tags from a key',
    description: 'Accepts the keys of the tags. Calls KMS UntagResource.',
    example: '-d \'{"tags":["team"]}\'',
    output: Key,
  })
  removeTags(
    call: Call,
    @Param(IdPath) { id }: IdPath,
    @Body(RemoveTagsInput) { tags: TagKeys }: RemoveTagsInput,
  ): Promise<Key> {
    return this.keys.run(call, id, 'keyupdate', 'UntagResource', { TagKeys });
  }

  @CckmOperation({
    name: 'AddAlias',
    route: ['POST', 'cckm/aws/keys/:id/add-alias'],
    resource: 'key',
    summary: 'Adds an alias to a key',
    description: 'Accepts the alias with or without `alias/`. Calls KMS CreateAlias.',
    example: '-d \'{"alias":"orders"}\'',
    output: Key,
  })
  addAlias(call: Call, @Param(IdPath) { id }: IdPath, @Body(AliasInput) input: AliasInput): Promise<Key> {
    const AliasName = aliasOf(input);
    return this.keys.change(call, id, 'keyupdate', async (run, { recorded }) => {
      await run('CreateAlias', { AliasName, TargetKeyId: recorded.record.keyArn });
      return undefined;
    });
  }

  @CckmOperation({
    name: 'DeleteAwsAlias',
    route: ['POST', 'cckm/aws/keys/:id/delete-alias'],
    resource: 'key',
    summary: 'Deletes an alias of a key',
    description: 'An alias of another key is refused. Calls KMS DeleteAlias.',
    example: '-d \'{"alias":"orders"}\'',
    output: Key,
  })
  deleteAlias(call: Call, @Param(IdPath) { id }: IdPath, @Body(AliasInput) input: AliasInput): Promise<Key> {
    const AliasName = aliasOf(input);
    return this.keys.change(call, id, 'keyupdate', async (run, view) => {
      const names = await view.alias();
      // Without this check, a caller could delete an alias of a key that ACLs hide.
      if (!names)
        throw new CckmException('NCERRForbidden', 'Deleting an alias needs kms:ListAliases besides kms:DeleteAlias');
      if (!names.includes(AliasName))
        throw new CckmException('NCERRResourceNotFound', `The key has no alias ${AliasName}`);
      await run('DeleteAlias', { AliasName });
      return undefined;
    });
  }

  @CckmOperation({
    name: 'RefreshKey',
    route: ['POST', 'cckm/aws/keys/:id/refresh'],
    resource: 'key',
    summary: 'Synchronizes a key',
    description:
      'Reads the key from KMS, and updates `synced_at` and `updatedAt`. The response has `gone` set for a key that KMS no longer has.',
    output: Key,
  })
  async refresh(call: Call, @Param(IdPath) { id }: IdPath): Promise<Key> {
    const { recorded } = await this.keys.view(call, id);
    requireChangeable(call, recorded.container, 'keysynchronize');
    return this.keys.changed(call, recorded, undefined, call.origin.time);
  }

  @CckmOperation({
    name: 'ReplicateAwsKey',
    route: ['POST', 'cckm/aws/keys/:id/replicate-key'],
    resource: 'key',
    status: 201,
    summary: 'Replicates a multi-Region key to another Region',
    description:
      'Returns the replica, which is `Creating` for about a second. Calls KMS ReplicateKey, and CreateAlias for an alias.',
    example: '-d \'{"replica_region":"eu-west-1"}\'',
    output: Key,
  })
  replicate(
    call: Call,
    @Param(IdPath) { id }: IdPath,
    @Body(ReplicateKeyInput) input: ReplicateKeyInput,
    @BodyText() written: string,
  ): Promise<Key> {
    return this.replicateKey.execute(call, id, input, policyIn(written, ['aws_param', 'Policy']));
  }

  @CckmOperation({
    name: 'UpdateAwsPrimaryRegion',
    route: ['POST', 'cckm/aws/keys/:id/update-primary-region'],
    resource: 'key',
    summary: 'Makes a replica the primary key',
    description: 'Calls KMS UpdatePrimaryRegion.',
    example: '-d \'{"PrimaryRegion":"eu-west-1"}\'',
    output: Key,
  })
  updatePrimaryRegion(
    call: Call,
    @Param(IdPath) { id }: IdPath,
    @Body(UpdatePrimaryRegionInput) { PrimaryRegion }: UpdatePrimaryRegionInput,
  ): Promise<Key> {
    return this.keys.run(call, id, 'keyupdate', 'UpdatePrimaryRegion', { PrimaryRegion });
  }

  @CckmOperation({
    name: 'DownloadPublicKey',
    route: ['GET', 'cckm/aws/keys/:id/download-public-key'],
    resource: 'key',
    summary: 'Gets the public key of a key pair',
    description: 'Calls KMS GetPublicKey.',
    output: PublicKeyOutput,
  })
  async publicKey(call: Call, @Param(IdPath) { id }: IdPath): Promise<PublicKeyOutput> {
    const { recorded } = await this.keys.view(call, id);
    const { keyArn } = recorded.record;
    const { PublicKey = '' } = await this.kms.run(call, regionOf(keyArn), 'GetPublicKey', { KeyId: keyArn });
    const lines = PublicKey.match(/.{1,64}/g) ?? [];
    return { public_key: ['-----BEGIN PUBLIC KEY-----', ...lines, '-----END PUBLIC KEY-----', ''].join('\n') };
  }
}

function aliasOf({ alias = '', tags = '' }: AliasInput): string {
  return aliasNameOf(alias === '' ? tags : alias);
}

/** Tags a key with the template of its policy. */
export async function tagTemplate(run: RunOnKey, template: string | undefined, isTagged: boolean): Promise<void> {
  if (template !== undefined) await run('TagResource', { Tags: [{ TagKey: TEMPLATE_TAG, TagValue: template }] });
  else if (isTagged) await run('UntagResource', { TagKeys: [TEMPLATE_TAG] });
}
