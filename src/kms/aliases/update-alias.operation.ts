import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import type { Nothing } from '../../http/fields.js';
import type { UpdateAliasInput } from './aliases.schema.js';
import { KmsAliasRepository } from './kms-alias.repository.js';

@Injectable()
export class UpdateAliasOperation {
  constructor(private readonly aliases: KmsAliasRepository) {}

  async execute(call: Call, { AliasName, TargetKeyId }: UpdateAliasInput): Promise<Nothing> {
    await this.aliases.update(call, AliasName, TargetKeyId);
    return {};
  }
}
