import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { restore } from '../../keys/key-life-cycle.js';
import { KeyRepository } from '../../keys/key.repository.js';
import { MpaTeamAssociationRepository } from '../../keys/mpa-team-association.repository.js';
import { ReplicationWork } from '../../keys/replication-work.js';
import { presentKey } from './key.presenter.js';
import type { KeyOutput, NamedKeyInput } from './keys.schema.js';

@Injectable()
export class RestoreKeyOperation {
  constructor(
    private readonly keys: KeyRepository,
    private readonly replications: ReplicationWork,
    private readonly teams: MpaTeamAssociationRepository,
  ) {}

  async execute(call: Call, { KeyIdentifier }: NamedKeyInput): Promise<KeyOutput> {
    // The session can't change any more: only a key that isn't deleted is approved.
    const session = await this.teams.sessionOf(await this.keys.get(call, KeyIdentifier));
    const isApproved = session === undefined || session.state === 'EXECUTED';
    const key = await this.keys.change(call, KeyIdentifier, (key) => restore(key, isApproved));
    return { Key: presentKey(key, await this.replications.of(key), session) };
  }
}
