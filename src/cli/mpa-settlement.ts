import type { MpaOperation } from '../payment/keys/mpa-team-association.entity.js';
import { type Decision, MpaTeamAssociationRepository } from '../payment/keys/mpa-team-association.repository.js';
import { withOperator } from './operator.js';

/** Settles the pending change of an approval team, and reports the team in force. */
export function settle(action: MpaOperation, decision: Decision, report: (line: string) => void): Promise<void> {
  return withOperator('keyblock mpa', async (operator) => {
    const { changes, deployment } = operator;
    const associations = new MpaTeamAssociationRepository(deployment.database, changes);
    const association = await operator.audited(() => {
      const call = operator.call('SettleMpaTeam', { Action: action, Decision: decision });
      return associations.settle(call, action, decision);
    });
    report(association ? `${action} needs the approval of ${association.teamArn}` : `${action} needs no approval`);
  });
}
