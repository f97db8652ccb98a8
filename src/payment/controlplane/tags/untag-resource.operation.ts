import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { ValidationException } from '../../../errors/exceptions.js';
import type { Nothing } from '../../../http/fields.js';
import { TagRepository } from '../../keys/tag.repository.js';
import type { UntagResourceInput } from './tags.schema.js';

@Injectable()
export class UntagResourceOperation {
  constructor(private readonly tags: TagRepository) {}

  async execute(call: Call, { ResourceArn, TagKeys }: UntagResourceInput): Promise<Nothing> {
    if (TagKeys.length === 0) throw new ValidationException('TagKeys must have at least one member.');
    await this.tags.remove(call, ResourceArn, TagKeys);
    return {};
  }
}
