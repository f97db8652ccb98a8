import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import type { Call } from '../../call.js';
import type { Nothing } from '../../http/fields.js';
import { KmsKeyRepository } from '../keys/kms-key.repository.js';
import { KmsTag } from './kms-tag.entity.js';
import { checkTags } from './tag-rules.js';
import type { TagResourceInput } from './tags.schema.js';

@Injectable()
export class TagResourceOperation {
  constructor(private readonly keys: KmsKeyRepository) {}

  execute(call: Call, { KeyId, Tags }: TagResourceInput): Promise<Nothing> {
    return this.keys.change(call, KeyId, {}, async ({ key: { arn: keyArn }, tags, manager, changed }) => {
      const others = tags.map(({ key }) => key);
      checkTags(Tags, others);
      const values = new Map(Tags.map(({ TagKey, TagValue }) => [TagKey, TagValue]));
      const present = await manager.findBy(KmsTag, { keyArn, key: In([...values.keys()]) });
      await manager.save(present.map((tag) => Object.assign(tag, { value: values.get(tag.key) })));
      for (const [key, value] of values)
        if (!others.includes(key)) await manager.insert(KmsTag, manager.create(KmsTag, { keyArn, key, value }));
      changed();
      return {};
    });
  }
}
