import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { ReplicationRepository } from '../../keys/replication.repository.js';
import type { DefaultKeyReplicationRegionsInput, DefaultKeyReplicationRegionsOutput } from './replication.schema.js';

@Injectable()
export class DisableDefaultKeyReplicationRegionsOperation {
  constructor(private readonly replications: ReplicationRepository) {}

  async execute(
    call: Call,
    { ReplicationRegions }: DefaultKeyReplicationRegionsInput,
  ): Promise<DefaultKeyReplicationRegionsOutput> {
    return { EnabledReplicationRegions: await this.replications.disableDefaults(call, ReplicationRegions) };
  }
}
