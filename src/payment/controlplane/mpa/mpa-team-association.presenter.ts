import type { MpaTeamAssociation } from '../../keys/mpa-team-association.entity.js';
import type { MpaTeamAssociationOutput } from './mpa.schema.js';

/** Converts a stored association for a response: the team in force and the state of a pending change. */
export function presentAssociation({ action, teamArn, state }: MpaTeamAssociation): MpaTeamAssociationOutput {
  return { MpaTeamAssociation: { Action: action, MpaTeamArn: teamArn, AssociationState: state } };
}
