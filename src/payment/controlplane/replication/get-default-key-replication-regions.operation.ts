import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { ReplicationRepository } from '../../keys/replication.repository.js';
import type { DefaultKeyReplicationRegionsOutput } from './replication.schema.js';

@Injectable()
export class GetDefaultKeyReplicationRegionsOperation {
  constructor(private readonly replications: ReplicationRepository) {}

  async execute(call: Call): Promise<DefaultKeyReplicationRegionsOutput> {
    return { EnabledReplicationRegions: await this.replications.defaults(call) };
  }
}
