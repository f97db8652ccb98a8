import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import type { Nothing } from '../../http/fields.js';
import { KmsKeyRepository } from './kms-key.repository.js';
import type { UpdateKeyDescriptionInput } from './keys.schema.js';

@Injectable()
export class UpdateKeyDescriptionOperation {
  constructor(private readonly keys: KmsKeyRepository) {}

  execute(call: Call, { KeyId, Description }: UpdateKeyDescriptionInput): Promise<Nothing> {
    return this.keys.change(call, KeyId, {}, async ({ manager, key, changed }) => {
      key.description = Description;
      await manager.save(key);
      changed();
      return {};
    });
  }
}
