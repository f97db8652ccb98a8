import { type EntityManager, In, MoreThan } from 'typeorm';
import { AccessChange } from '../access/access-change.entity.js';
import { PrincipalRow } from '../access/principal.entity.js';
import { personOf, type Principal, uniqueIdOf } from '../call.js';
import type { ApprovalSession } from './approval-session.entity.js';
import type { ApprovalTeam } from './approval-team.entity.js';
import { ApprovalVote } from './approval-vote.entity.js';

/** Time in which a change of an approver's access by the requester, or the other way round, disqualifies the approver. */
const CHANGED_MS = 7 * 86_400_000;
const MADE_BY_REQUESTER =
  'The requester has created this approver, or changed its access, in the last 7 days: its vote would not count.';
const MADE_REQUESTER =
  'This approver has created the requester, or changed its access, in the last 7 days: its vote would not count.';

/**
 * Counts the votes of a session that count: of the team's users who still exist and aren't disqualified, for the hash of the
 * session.
 */
export async function countVotes(manager: EntityManager, session: ApprovalSession, team: ApprovalTeam, now: Date) {
  const votes = await manager.findBy(ApprovalVote, { sessionId: session.id });
  const excluded = await disqualified(manager, session, team, now);
  const users = await manager.findBy(PrincipalRow, { uniqueId: In([...team.approvers]), kind: 'user' });
  const eligible = new Set(users.map(({ uniqueId }) => uniqueId).filter((id) => !excluded.has(id)));
  const counting = votes.filter(
    ({ voterId, requestHash }) => eligible.has(voterId) && requestHash === session.requestHash,
  );
  return {
    approvers: counting.filter(({ decision }) => decision === 'APPROVE').map(({ voterArn }) => voterArn),
    denials: counting.filter(({ decision }) => decision === 'DENY').length,
    eligible: eligible.size,
  };
}

/** Returns why a principal may not vote in a session; undefined if it may. */
export async function barrierOf(
  manager: EntityManager,
  session: ApprovalSession,
  team: ApprovalTeam,
  principal: Principal,
  now: Date,
): Promise<string | undefined> {
  const id = uniqueIdOf(principal);
  if (principal.identity?.type !== 'User' || !team.approvers.includes(id))
    return `${principal.arn} isn't an approver of team ${team.name}.`;
  if (personOf(principal) !== id)
    return `Another caller has started this session of ${principal.arn}: a session has a vote only for the person who has started it.`;
  return (await disqualified(manager, session, team, now)).get(id);
}

/**
 * Finds the approvers whose votes don't count, with the reason: the requester, those whom the requester created or changed
 * lately, and those who created or changed the requester, and so may act as it.
 */
async function disqualified(
  manager: EntityManager,
  { requesterId }: ApprovalSession,
  { approvers }: ApprovalTeam,
  now: Date,
): Promise<Map<string, string>> {
  const changedAt = MoreThan(new Date(now.getTime() - CHANGED_MS));
  const changes = await manager.findBy(AccessChange, [
    { changedBy: requesterId, principalId: In([...approvers]), changedAt },
    { changedBy: In([...approvers]), principalId: requesterId, changedAt },
  ]);
  return new Map([
    ...changes.map(({ principalId, changedBy }): [string, string] =>
      changedBy === requesterId ? [principalId, MADE_BY_REQUESTER] : [changedBy, MADE_REQUESTER],
    ),
    [requesterId, 'The requester of a session has no vote in it.'],
  ]);
}
