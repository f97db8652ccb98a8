import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { ValidationException } from '../../../errors/exceptions.js';
import type { Nothing } from '../../../http/fields.js';
import { TagRepository } from '../../keys/tag.repository.js';
import type { TagResourceInput } from './tags.schema.js';

@Injectable()
export class TagResourceOperation {
  constructor(private readonly tags: TagRepository) {}

  async execute(call: Call, { ResourceArn, Tags }: TagResourceInput): Promise<Nothing> {
    if (Tags.length === 0) throw new ValidationException('Tags must have at least one member.');
    await this.tags.put(call, ResourceArn, Tags);
    return {};
  }
}
