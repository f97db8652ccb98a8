import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { Clock } from '../../clock.js';
import { startUsage } from '../../keys/key-life-cycle.js';
import { KeyRepository } from '../../keys/key.repository.js';
import { presentKey } from './key.presenter.js';
import type { KeyOutput, NamedKeyInput } from './keys.schema.js';

@Injectable()
export class StartKeyUsageOperation {
  constructor(
    private readonly keys: KeyRepository,
    private readonly clock: Clock,
  ) {}

  async execute(call: Call, { KeyIdentifier }: NamedKeyInput): Promise<KeyOutput> {
    const now = this.clock.now();
    return { Key: presentKey(await this.keys.change(call, KeyIdentifier, (key) => startUsage(key, now))) };
  }
}
