import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { DatabaseTime } from '../../changes/database-time.js';
import type { Nothing } from '../../http/fields.js';
import { KeyRotation } from '../rotation/key-rotation.js';
import { KmsKeyRepository } from './kms-key.repository.js';
import type { EnableKeyInput } from './keys.schema.js';

@Injectable()
export class EnableKeyOperation {
  constructor(
    private readonly keys: KmsKeyRepository,
    private readonly rotation: KeyRotation,
    private readonly time: DatabaseTime,
  ) {}

  async execute(call: Call, { KeyId }: EnableKeyInput): Promise<Nothing> {
    const now = await this.time.read();
    return this.keys.change(call, KeyId, {}, async ({ manager, key, changed }) => {
      key.enabled = true;
      await manager.save(key);
      changed();
      await this.rotation.rotateIfDue({ manager, key, changed }, now);
      return {};
    });
  }
}
