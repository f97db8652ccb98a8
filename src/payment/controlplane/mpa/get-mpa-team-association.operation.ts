import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { MpaTeamAssociationRepository } from '../../keys/mpa-team-association.repository.js';
import { presentAssociation } from './mpa-team-association.presenter.js';
import type { GetMpaTeamAssociationInput, MpaTeamAssociationOutput } from './mpa.schema.js';

@Injectable()
export class GetMpaTeamAssociationOperation {
  constructor(private readonly associations: MpaTeamAssociationRepository) {}

  async execute(call: Call, { Action }: GetMpaTeamAssociationInput): Promise<MpaTeamAssociationOutput> {
    return presentAssociation(await this.associations.get(call, Action));
  }
}
