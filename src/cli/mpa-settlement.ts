import type { MpaOperation } from '../payment/keys/mpa-team-association.entity.js';
import { type Decision, MpaTeamAssociationRepository } from '../payment/keys/mpa-team-association.repository.js';
import { withOperator } from './operator.js';

/** Settles the pending change of an approval team. @returns the ARN of the team in force; undefined if there is none */
export async function settle(action: MpaOperation, decision: Decision): Promise<string | undefined> {
  let team: string | undefined;
  await withOperator('keyblock mpa', async (operator) => {
    const { changes, deployment } = operator;
    const associations = new MpaTeamAssociationRepository(deployment.database, changes);
    const association = await operator.audited(() => {
      const call = operator.call('SettleMpaTeam', { Action: action, Decision: decision });
      return associations.settle(call, action, decision);
    });
    team = association?.teamArn;
  });
  return team;
}
