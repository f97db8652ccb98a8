import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { MpaTeamAssociationRepository } from '../../keys/mpa-team-association.repository.js';
import { presentAssociation } from './mpa-team-association.presenter.js';
import type { DisassociateMpaTeamInput, MpaTeamAssociationOutput } from './mpa.schema.js';

@Injectable()
export class DisassociateMpaTeamOperation {
  constructor(private readonly associations: MpaTeamAssociationRepository) {}

  async execute(call: Call, input: DisassociateMpaTeamInput): Promise<MpaTeamAssociationOutput> {
    return presentAssociation(await this.associations.disassociate(call, input.Action, input.RequesterComment));
  }
}
