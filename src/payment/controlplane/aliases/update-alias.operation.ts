import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { AliasRepository } from '../../keys/alias.repository.js';
import { presentAlias } from './alias.presenter.js';
import type { AliasOutput, UpdateAliasInput } from './aliases.schema.js';

@Injectable()
export class UpdateAliasOperation {
  constructor(private readonly aliases: AliasRepository) {}

  async execute(call: Call, { AliasName, KeyArn }: UpdateAliasInput): Promise<AliasOutput> {
    return { Alias: presentAlias(await this.aliases.update(call, AliasName, KeyArn ?? null)) };
  }
}
