import { Injectable } from '@nestjs/common';
import { type Call, type Scope, scopeOf } from '../../call.js';
import { ValidationException } from '../../errors/exceptions.js';
import { CryptoProvider } from '../../provider/crypto-provider.js';
import { CryptoThread } from '../../provider/crypto-thread.js';
import { defaultPolicy } from '../authorization/key-policies.js';
import { KmsException } from '../exceptions.js';
import type { NewKmsMaterial } from '../materials/kms-material.entity.js';
import { generateMaterial, requireSupported } from '../materials/material.js';
import { newMaterial } from '../materials/new-material.js';
import { NewKeyPolicy } from '../policies/new-key-policy.js';
import { StoreKeys } from '../stores/store-keys.js';
import { checkTags } from '../tags/tag-rules.js';
import { kmsKeyArn, newKeyId } from './key-id.js';
import { presentKey } from './key.presenter.js';
import { KEY_SPECS, type KeySpec, type KeyUsage } from './key-specs.js';
import type { NewKmsKey } from './kms-key.entity.js';
import { KmsKeyRepository } from './kms-key.repository.js';
import type { CreateKeyInput, CreateKeyOutput } from './keys.schema.js';

@Injectable()
export class CreateKeyOperation {
  constructor(
    private readonly keys: KmsKeyRepository,
    private readonly provider: CryptoProvider,
    private readonly thread: CryptoThread,
    private readonly policies: NewKeyPolicy,
    private readonly storeKeys: StoreKeys,
  ) {}

  async execute(call: Call, input: CreateKeyInput): Promise<CreateKeyOutput> {
    const { spec, usage } = specOf(input);
    checkOrigin(input, spec);
    checkTags(input.Tags ?? []);
    const key = newKey(scopeOf(call), { ...input, spec, usage, now: call.origin.time });
    const tags = (input.Tags ?? []).map(({ TagKey, TagValue }) => ({ key: TagKey, value: TagValue }));
    await this.policies.check(call, { key, tags, aliases: [] }, input.BypassPolicyLockoutSafetyCheck);

    if (key.customKeyStoreId !== null) return this.#inStore(call, key, input);
    const materials = key.origin === 'EXTERNAL' ? [] : [await this.#material(key)];
    await this.keys.add(call, { key, materials, tags: input.Tags ?? [] });
    return { KeyMetadata: presentKey({ key, materials }, [], call.origin.time) };
  }

  async #inStore(call: Call, key: NewKmsKey, { Tags: tags = [] }: CreateKeyInput): Promise<CreateKeyOutput> {
    const store = await this.storeKeys.storeOf(call, key);
    const materials = await this.storeKeys.add(call, store, { key, tags });
    return { KeyMetadata: presentKey({ key, materials, store }, [], call.origin.time) };
  }

  /** Generates the first material of a key, and its public key. */
  async #material(key: NewKmsKey): Promise<NewKmsMaterial> {
    const material = await generateMaterial(key.spec, this.thread);
    try {
      key.publicKey = material.publicKey;
      return newMaterial(this.provider, key, material);
    } finally {
      material.clear.fill(0);
    }
  }
}

/** @throws ValidationException for a combination of spec and usage that KMS doesn't allow */
function specOf({ KeySpec, CustomerMasterKeySpec, KeyUsage }: CreateKeyInput): { spec: KeySpec; usage: KeyUsage } {
  if (KeySpec !== undefined && CustomerMasterKeySpec !== undefined)
    throw new ValidationException(
      'You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.',
    );
  const spec = KeySpec ?? CustomerMasterKeySpec ?? 'SYMMETRIC_DEFAULT';
  if (KeyUsage === undefined && spec !== 'SYMMETRIC_DEFAULT')
    throw new ValidationException(
      'You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.',
    );
  const usage = KeyUsage ?? 'ENCRYPT_DECRYPT';
  if (!KEY_SPECS[spec].usages[usage])
    throw new ValidationException(`KeyUsage ${usage} is not compatible with KeySpec ${spec}`);
  return { spec, usage };
}

/**
 * @throws ValidationException, KmsException UnsupportedOperationException for a key spec that doesn't allow the origin
 */
function checkOrigin(input: CreateKeyInput, spec: KeySpec): void {
  const { Origin = 'AWS_KMS', CustomKeyStoreId, XksKeyId, MultiRegion } = input;
  const isInStore = Origin === 'AWS_CLOUDHSM' || Origin === 'EXTERNAL_KEY_STORE';
  if (isInStore !== (CustomKeyStoreId !== undefined))
    throw new ValidationException(
      'CustomKeyStoreId is required for Origin AWS_CLOUDHSM and EXTERNAL_KEY_STORE, and not allowed for others.',
    );
  if ((Origin === 'EXTERNAL_KEY_STORE') !== (XksKeyId !== undefined))
    throw new ValidationException('XksKeyId is required for Origin EXTERNAL_KEY_STORE, and not allowed for others.');
  if (XksKeyId === '.' || XksKeyId === '..')
    throw new ValidationException('XksKeyId must not be . or .., which paths resolve.');
  if (isInStore && (spec !== 'SYMMETRIC_DEFAULT' || MultiRegion))
    throw new KmsException(
      'UnsupportedOperationException',
      'Custom key stores support single-Region symmetric encryption keys only.',
    );
  requireSupported(spec);
  if (Origin === 'EXTERNAL' && !KEY_SPECS[spec].isImportable)
    throw new KmsException(
      'UnsupportedOperationException',
      `Key material can't be imported into a key of KeySpec ${spec}.`,
    );
}

interface NewKey extends CreateKeyInput {
  spec: KeySpec;
  usage: KeyUsage;
  now: Date;
}

/** Returns a new key of a scope, with a new id. */
export function newKey(scope: Scope, input: NewKey): NewKmsKey {
  const { spec, usage, now, Origin = 'AWS_KMS', Description = '', MultiRegion = false, Policy } = input;
  const { CustomKeyStoreId, XksKeyId } = input;
  const keyId = newKeyId(MultiRegion);
  return {
    ...scope,
    arn: kmsKeyArn(scope, keyId),
    keyId,
    spec,
    usage,
    origin: Origin,
    description: Description,
    enabled: true,
    policy: Policy ?? defaultPolicy(scope.accountId),
    createdAt: now,
    primaryRegion: MultiRegion ? scope.region : null,
    deletionDate: null,
    pendingWindowDays: null,
    creatingUntil: null,
    updatingUntil: null,
    rotationPeriodDays: null,
    nextRotationAt: null,
    publicKey: null,
    customKeyStoreId: CustomKeyStoreId ?? null,
    xksKeyId: XksKeyId ?? null,
  };
}
