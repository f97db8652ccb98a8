import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { restore } from '../../keys/key-life-cycle.js';
import { KeyRepository } from '../../keys/key.repository.js';
import { ReplicationWork } from '../../keys/replication-work.js';
import { presentKey } from './key.presenter.js';
import type { KeyOutput, NamedKeyInput } from './keys.schema.js';

@Injectable()
export class RestoreKeyOperation {
  constructor(
    private readonly keys: KeyRepository,
    private readonly replications: ReplicationWork,
  ) {}

  async execute(call: Call, { KeyIdentifier }: NamedKeyInput): Promise<KeyOutput> {
    const key = await this.keys.change(call, KeyIdentifier, restore);
    return { Key: presentKey(key, await this.replications.of(key)) };
  }
}
