import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { DatabaseTime } from '../../../changes/database-time.js';
import { scheduleDeletion } from '../../keys/key-life-cycle.js';
import { KeyRepository } from '../../keys/key.repository.js';
import { ReplicationWork } from '../../keys/replication-work.js';
import { presentKey } from './key.presenter.js';
import type { DeleteKeyInput, KeyOutput } from './keys.schema.js';

const DEFAULT_DAYS = 7;

@Injectable()
export class DeleteKeyOperation {
  constructor(
    private readonly keys: KeyRepository,
    private readonly replications: ReplicationWork,
    private readonly time: DatabaseTime,
  ) {}

  async execute(call: Call, { KeyIdentifier, DeleteKeyInDays = DEFAULT_DAYS }: DeleteKeyInput): Promise<KeyOutput> {
    const now = await this.time.read();
    const key = await this.keys.change(call, KeyIdentifier, (key) => scheduleDeletion(key, DeleteKeyInDays, now));
    return { Key: presentKey(key, await this.replications.of(key)) };
  }
}
