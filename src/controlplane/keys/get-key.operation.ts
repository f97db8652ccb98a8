import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { KeyRepository } from '../../keys/key.repository.js';
import { presentKey } from './key.presenter.js';
import type { KeyOutput, NamedKeyInput } from './keys.schema.js';

@Injectable()
export class GetKeyOperation {
  constructor(private readonly keys: KeyRepository) {}

  async execute(call: Call, { KeyIdentifier }: NamedKeyInput): Promise<KeyOutput> {
    return { Key: presentKey(await this.keys.get(call, KeyIdentifier)) };
  }
}
