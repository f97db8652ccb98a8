import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import type { Call } from '../../call.js';
import type { Nothing } from '../../http/fields.js';
import { removeRows } from '../../provider/changed-rows.js';
import { KmsKeyRepository } from '../keys/kms-key.repository.js';
import { KmsTag } from './kms-tag.entity.js';
import type { UntagResourceInput } from './tags.schema.js';

@Injectable()
export class UntagResourceOperation {
  constructor(private readonly keys: KmsKeyRepository) {}

  execute(call: Call, { KeyId, TagKeys }: UntagResourceInput): Promise<Nothing> {
    return this.keys.change(call, KeyId, {}, async ({ key, manager, changed }) => {
      await removeRows(manager, KmsTag, { keyArn: key.arn, key: In(TagKeys) });
      changed();
      return {};
    });
  }
}
