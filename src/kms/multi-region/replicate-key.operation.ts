import { Inject, Injectable } from '@nestjs/common';
import { type Call, scopeOf } from '../../call.js';
import { CONFIG, type Config } from '../../config/config.js';
import { ValidationException } from '../../errors/exceptions.js';
import { authorize } from '../authorization/authorize.js';
import { defaultPolicy } from '../authorization/key-policies.js';
import { KmsException } from '../exceptions.js';
import type { Tag } from '../fields.js';
import { arnInRegion, kmsKeyArn } from '../keys/key-id.js';
import { requirePrimary } from '../keys/key-kinds.js';
import { presentKey } from '../keys/key.presenter.js';
import type { KmsKey, NewKmsKey } from '../keys/kms-key.entity.js';
import { KmsKeyRepository, relatedTo } from '../keys/kms-key.repository.js';
import type { KmsMaterial, NewKmsMaterial } from '../materials/kms-material.entity.js';
import { updatePending } from '../materials/pending-material.js';
import { NewKeyPolicy } from '../policies/new-key-policy.js';
import { checkTags } from '../tags/tag-rules.js';
import type { ReplicateKeyInput, ReplicateKeyOutput } from './multi-region.schema.js';
import { endOfTransientState } from './transient-state.js';

@Injectable()
export class ReplicateKeyOperation {
  constructor(
    private readonly keys: KmsKeyRepository,
    private readonly policies: NewKeyPolicy,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async execute(call: Call, input: ReplicateKeyInput): Promise<ReplicateKeyOutput> {
    const { KeyId, ReplicaRegion: region, Tags: tags = [] } = input;
    if (!this.config.regions.includes(region))
      throw new ValidationException(
        `ReplicaRegion ${region} is not served: choose from ${this.config.regions.join(', ')}.`,
      );
    checkTags(tags);
    const inRegion = { ...call, region };
    const now = call.origin.time;
    return this.keys.change(call, KeyId, { require: requirePrimary }, async ({ key, materials, manager, changed }) => {
      const replica = replicaOf(key, input, now);
      authorizeNew(inRegion, replica, tags);
      const related = await relatedTo(key, manager);
      if (related.some((each) => each.region === region))
        throw new KmsException('AlreadyExistsException', `A related key of ${key.arn} exists in ${region} already.`);
      const facts = {
        key: replica,
        tags: tags.map(({ TagKey, TagValue }) => ({ key: TagKey, value: TagValue })),
        aliases: [],
      };
      await this.policies.check(inRegion, facts, input.BypassPolicyLockoutSafetyCheck, manager);
      const copies = materials.map((material) => copyOf(material, replica));
      await this.keys.insert(manager, { key: replica, materials: copies, tags });
      await updatePending({ manager, key, changed }, now);
      changed();
      changed(replica.arn);
      call.record.uses(replica.arn);
      return {
        ReplicaKeyMetadata: presentKey({ key: replica, materials: copies }, [...related, replica], now),
        ReplicaPolicy: replica.policy,
        ReplicaTags: tags,
      };
    });
  }
}

/** Authorizes the creation of a key with tags, as CreateKey in its Region. @throws AccessDeniedException */
function authorizeNew(call: Call, key: NewKmsKey, tags: readonly Tag[]): void {
  authorize(call, { resource: '*', newKey: key, operation: 'CreateKey' });
  if (tags.length > 0)
    authorize(call, { resource: kmsKeyArn(scopeOf(call), '*'), newKey: key, operation: 'TagResource' });
}

function replicaOf(
  key: KmsKey,
  { ReplicaRegion: region, Description, Policy }: ReplicateKeyInput,
  now: Date,
): NewKmsKey {
  const { accountId, keyId, spec, usage, origin, primaryRegion, rotationPeriodDays, nextRotationAt } = key;
  return {
    ...{ accountId, keyId, spec, usage, origin, primaryRegion, rotationPeriodDays, nextRotationAt, region },
    arn: arnInRegion(region, key.arn),
    description: Description ?? '',
    enabled: true,
    policy: Policy ?? defaultPolicy(accountId),
    createdAt: now,
    deletionDate: null,
    pendingWindowDays: null,
    creatingUntil: endOfTransientState(now),
    updatingUntil: null,
    publicKey: origin === 'EXTERNAL' ? null : key.publicKey,
    customKeyStoreId: null,
    xksKeyId: null,
  };
}

/** Copies a material with its sealed bytes, which related keys share; an imported one must be imported in each Region. */
function copyOf(material: KmsMaterial, { arn, origin }: NewKmsKey): NewKmsMaterial {
  const { accountId, keyId, materialId, state, rotatedAt, rotationType, description, sealed } = material;
  const isImported = origin === 'EXTERNAL';
  return {
    ...{ accountId, keyId, materialId, state, rotatedAt, rotationType, description },
    keyArn: arn,
    isExpiring: null,
    validTo: null,
    sealed: isImported ? null : sealed,
  };
}
