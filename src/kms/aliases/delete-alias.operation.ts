import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import type { Nothing } from '../../http/fields.js';
import type { DeleteAliasInput } from './aliases.schema.js';
import { KmsAliasRepository } from './kms-alias.repository.js';

@Injectable()
export class DeleteAliasOperation {
  constructor(private readonly aliases: KmsAliasRepository) {}

  async execute(call: Call, { AliasName }: DeleteAliasInput): Promise<Nothing> {
    await this.aliases.remove(call, AliasName);
    return {};
  }
}
