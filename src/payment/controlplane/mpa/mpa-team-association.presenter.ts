import type { MpaTeamAssociation } from '../../keys/mpa-team-association.entity.js';
import type { MpaTeamAssociationOutput } from './mpa.schema.js';

/** A stored association as answers show it: the team in force, and what waits for its approval. */
export function presentAssociation({ action, teamArn, state }: MpaTeamAssociation): MpaTeamAssociationOutput {
  return { MpaTeamAssociation: { Action: action, MpaTeamArn: teamArn, AssociationState: state } };
}
