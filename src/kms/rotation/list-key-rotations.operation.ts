import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { epochSeconds } from '../../http/fields.js';
import { PageTokens } from '../../http/page-tokens.js';
import { refuseCustomStore, requireSymmetric } from '../keys/key-kinds.js';
import { isPresent } from '../keys/key-state.js';
import type { KmsKey } from '../keys/kms-key.entity.js';
import { KmsKeyRepository } from '../keys/kms-key.repository.js';
import type { KmsMaterial } from '../materials/kms-material.entity.js';
import { pageOf } from '../pages.js';
import type { ListKeyRotationsInput, ListKeyRotationsOutput, RotationsListEntry } from './rotation.schema.js';

const LIMITS = { default: 100, max: 1000 };

@Injectable()
export class ListKeyRotationsOperation {
  constructor(
    private readonly keys: KmsKeyRepository,
    private readonly tokens: PageTokens,
  ) {}

  async execute(call: Call, input: ListKeyRotationsInput): Promise<ListKeyRotationsOutput> {
    const { KeyId, IncludeKeyMaterial = 'ROTATIONS_ONLY' } = input;
    const { key, materials } = await this.keys.find(call, KeyId);
    requireSymmetric(key);
    refuseCustomStore(key);
    const listed = materials.filter(({ rotatedAt }) => IncludeKeyMaterial === 'ALL_KEY_MATERIAL' || rotatedAt !== null);
    const { items, paging } = await pageOf(
      call,
      this.tokens,
      ['ListKeyRotations', key.arn, IncludeKeyMaterial],
      { ...input, limits: LIMITS },
      ({ after = '0', limit }) =>
        Promise.resolve(listed.filter(({ sequence }) => BigInt(sequence) > BigInt(after)).slice(0, limit + 1)),
      ({ sequence }) => sequence,
    );
    return { Rotations: items.map((material) => presentRotation(key, material, call.origin.time)), ...paging };
  }
}

function presentRotation(key: KmsKey, material: KmsMaterial, now: Date): RotationsListEntry {
  const { materialId, state, rotatedAt, rotationType } = material;
  return {
    KeyId: key.arn,
    KeyMaterialId: materialId,
    KeyMaterialState: state,
    ...(key.origin === 'EXTERNAL' && presentImport(material, now)),
    ...(rotatedAt && { RotationDate: epochSeconds(rotatedAt) }),
    ...(rotationType && { RotationType: rotationType }),
  };
}

/** The members of an entry that only imported materials have. */
function presentImport(material: KmsMaterial, now: Date): Partial<RotationsListEntry> {
  const { description, validTo } = material;
  const described = description === null ? {} : { KeyMaterialDescription: description };
  if (!isPresent(material, now)) return { ...described, ImportState: 'PENDING_IMPORT' };
  return {
    ...described,
    ImportState: 'IMPORTED',
    ...(validTo
      ? { ExpirationModel: 'KEY_MATERIAL_EXPIRES', ValidTo: epochSeconds(validTo) }
      : { ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' }),
  };
}
