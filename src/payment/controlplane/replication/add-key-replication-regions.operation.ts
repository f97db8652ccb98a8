import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { ReplicationRepository } from '../../keys/replication.repository.js';
import { ReplicationWork } from '../../keys/replication-work.js';
import { presentKey } from '../keys/key.presenter.js';
import type { KeyOutput } from '../keys/keys.schema.js';
import type { KeyReplicationRegionsInput } from './replication.schema.js';

@Injectable()
export class AddKeyReplicationRegionsOperation {
  constructor(
    private readonly keys: ReplicationRepository,
    private readonly replications: ReplicationWork,
  ) {}

  async execute(call: Call, { KeyIdentifier, ReplicationRegions }: KeyReplicationRegionsInput): Promise<KeyOutput> {
    const key = await this.keys.add(call, KeyIdentifier, ReplicationRegions);
    return { Key: presentKey(key, await this.replications.of(key)) };
  }
}
