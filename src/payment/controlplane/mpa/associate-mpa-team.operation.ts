import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { MpaTeamAssociationRepository } from '../../keys/mpa-team-association.repository.js';
import { presentAssociation } from './mpa-team-association.presenter.js';
import type { AssociateMpaTeamInput, MpaTeamAssociationOutput } from './mpa.schema.js';

@Injectable()
export class AssociateMpaTeamOperation {
  constructor(private readonly associations: MpaTeamAssociationRepository) {}

  async execute(call: Call, input: AssociateMpaTeamInput): Promise<MpaTeamAssociationOutput> {
    const { Action, MpaTeamArn, RequesterComment } = input;
    return presentAssociation(await this.associations.associate(call, Action, MpaTeamArn, RequesterComment));
  }
}
