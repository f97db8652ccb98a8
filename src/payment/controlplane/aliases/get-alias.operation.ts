import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { AliasRepository } from '../../keys/alias.repository.js';
import { presentAlias } from './alias.presenter.js';
import type { AliasOutput, GetAliasInput } from './aliases.schema.js';

@Injectable()
export class GetAliasOperation {
  constructor(private readonly aliases: AliasRepository) {}

  async execute(call: Call, { AliasName }: GetAliasInput): Promise<AliasOutput> {
    return { Alias: presentAlias(await this.aliases.get(call, AliasName)) };
  }
}
