import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { KeyRepository } from '../../keys/key.repository.js';
import { MpaTeamAssociationRepository } from '../../keys/mpa-team-association.repository.js';
import { ReplicationWork } from '../../keys/replication-work.js';
import { presentKey } from './key.presenter.js';
import type { KeyOutput, NamedKeyInput } from './keys.schema.js';

@Injectable()
export class GetKeyOperation {
  constructor(
    private readonly keys: KeyRepository,
    private readonly replications: ReplicationWork,
    private readonly teams: MpaTeamAssociationRepository,
  ) {}

  async execute(call: Call, { KeyIdentifier }: NamedKeyInput): Promise<KeyOutput> {
    const key = await this.keys.get(call, KeyIdentifier);
    return { Key: presentKey(key, await this.replications.of(key), await this.teams.sessionOf(key)) };
  }
}
