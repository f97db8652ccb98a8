import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import type { Nothing } from '../../http/fields.js';
import { KmsKeyRepository } from './kms-key.repository.js';
import type { DisableKeyInput } from './keys.schema.js';

@Injectable()
export class DisableKeyOperation {
  constructor(private readonly keys: KmsKeyRepository) {}

  execute(call: Call, { KeyId }: DisableKeyInput): Promise<Nothing> {
    return this.keys.change(call, KeyId, {}, async ({ manager, key, changed }) => {
      key.enabled = false;
      await manager.save(key);
      changed();
      return {};
    });
  }
}
