import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { ValidationException } from '../../errors/exceptions.js';
import { KmsException } from '../exceptions.js';
import { requireOrigin } from '../keys/key-kinds.js';
import { isSymmetric } from '../keys/key-specs.js';
import { currentOf } from '../keys/key-state.js';
import type { KmsKey } from '../keys/kms-key.entity.js';
import { KmsKeyRepository } from '../keys/kms-key.repository.js';
import { eraseMaterial } from '../materials/pending-material.js';
import type { DeleteImportedKeyMaterialInput, DeleteImportedKeyMaterialOutput } from './import.schema.js';

@Injectable()
export class DeleteImportedKeyMaterialOperation {
  constructor(private readonly keys: KmsKeyRepository) {}

  execute(
    call: Call,
    { KeyId, KeyMaterialId }: DeleteImportedKeyMaterialInput,
  ): Promise<DeleteImportedKeyMaterialOutput> {
    const use = {
      require: (key: KmsKey) => {
        requireOrigin(key, 'EXTERNAL');
        if (KeyMaterialId !== undefined && !isSymmetric(key))
          throw new ValidationException('KeyMaterialId is only valid for symmetric encryption keys: leave it out.');
      },
    };
    return this.keys.change(call, KeyId, use, async (locked) => {
      const { key, materials } = locked;
      const material =
        KeyMaterialId === undefined
          ? currentOf(materials)
          : materials.find(({ materialId }) => materialId === KeyMaterialId);
      if (KeyMaterialId !== undefined && !material)
        throw new KmsException('NotFoundException', `Key material '${KeyMaterialId}' does not exist in ${key.arn}`);
      if (material) await eraseMaterial(locked, material);
      return { KeyId: key.arn, ...(material && isSymmetric(key) && { KeyMaterialId: material.materialId }) };
    });
  }
}
