import type { MpaTeamAssociation } from '../../keys/mpa-team-association.repository.js';
import type { MpaTeamAssociationOutput } from './mpa.schema.js';
import { presentMpaStatus } from './mpa-status.presenter.js';

/** Converts an association for a response: the team in force, and the latest request to change that. */
export function presentAssociation({ action, teamArn, state, session }: MpaTeamAssociation): MpaTeamAssociationOutput {
  const MpaStatus = session && presentMpaStatus(session);
  return { MpaTeamAssociation: { Action: action, MpaTeamArn: teamArn, AssociationState: state, MpaStatus } };
}
