import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import type { Nothing } from '../../http/fields.js';
import { requireNewAliasName } from './alias-names.js';
import { requireNoAlias } from './alias-targets.js';
import type { CreateAliasInput } from './aliases.schema.js';
import { KmsAliasRepository } from './kms-alias.repository.js';

@Injectable()
export class CreateAliasOperation {
  constructor(private readonly aliases: KmsAliasRepository) {}

  async execute(call: Call, { AliasName, TargetKeyId }: CreateAliasInput): Promise<Nothing> {
    requireNewAliasName(AliasName);
    requireNoAlias(TargetKeyId);
    await this.aliases.add(call, AliasName, TargetKeyId);
    return {};
  }
}
