import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import type { Nothing } from '../../../http/fields.js';
import { AliasRepository } from '../../keys/alias.repository.js';
import type { DeleteAliasInput } from './aliases.schema.js';

@Injectable()
export class DeleteAliasOperation {
  constructor(private readonly aliases: AliasRepository) {}

  async execute(call: Call, { AliasName }: DeleteAliasInput): Promise<Nothing> {
    await this.aliases.remove(call, AliasName);
    return {};
  }
}
