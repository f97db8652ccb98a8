import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { AliasRepository } from '../../keys/alias.repository.js';
import { presentAlias } from './alias.presenter.js';
import type { AliasOutput, CreateAliasInput } from './aliases.schema.js';

@Injectable()
export class CreateAliasOperation {
  constructor(private readonly aliases: AliasRepository) {}

  async execute(call: Call, { AliasName, KeyArn }: CreateAliasInput): Promise<AliasOutput> {
    return { Alias: presentAlias(await this.aliases.add(call, AliasName, KeyArn ?? null)) };
  }
}
