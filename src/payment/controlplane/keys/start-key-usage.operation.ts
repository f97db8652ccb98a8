import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { Clock } from '../../../clock.js';
import { startUsage } from '../../keys/key-life-cycle.js';
import { KeyRepository } from '../../keys/key.repository.js';
import { ReplicationWork } from '../../keys/replication-work.js';
import { presentKey } from './key.presenter.js';
import type { KeyOutput, NamedKeyInput } from './keys.schema.js';

@Injectable()
export class StartKeyUsageOperation {
  constructor(
    private readonly keys: KeyRepository,
    private readonly replications: ReplicationWork,
    private readonly clock: Clock,
  ) {}

  async execute(call: Call, { KeyIdentifier }: NamedKeyInput): Promise<KeyOutput> {
    const now = this.clock.now();
    const key = await this.keys.change(call, KeyIdentifier, (key) => startUsage(key, now));
    return { Key: presentKey(key, await this.replications.of(key)) };
  }
}
