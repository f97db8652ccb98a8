import { type EntityManager, In, MoreThan } from 'typeorm';
import { AccessChange, CHANGE_COUNTS_MS } from '../access/access-change.entity.js';
import { PrincipalRow } from '../access/principal.entity.js';
import { personOf, type Principal, uniqueIdOf } from '../call.js';
import type { ApprovalSession } from './approval-session.entity.js';
import type { ApprovalTeam } from './approval-team.entity.js';
import { ApprovalVote } from './approval-vote.entity.js';

const MADE_BY_REQUESTER =
  'The requester has created this approver, or changed its access, in the last 7 days, itself or through others: its vote would not count.';
const MADE_REQUESTER =
  'This approver has created the requester, or changed its access, in the last 7 days, itself or through others: its vote would not count.';

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
 * lately, and those who created or changed the requester, and so may act as it. Whoever changed someone who changed
 * another may act as that other, too.
 */
async function disqualified(
  manager: EntityManager,
  { requesterId }: ApprovalSession,
  { approvers }: ApprovalTeam,
  now: Date,
): Promise<Map<string, string>> {
  const changers = await changersOf(manager, [requesterId, ...approvers], new Date(now.getTime() - CHANGE_COUNTS_MS));
  const madeRequester = upwards(changers, requesterId);
  return new Map([
    ...approvers
      .filter((id) => upwards(changers, id).has(requesterId))
      .map((id): [string, string] => [id, MADE_BY_REQUESTER]),
    ...approvers.filter((id) => madeRequester.has(id)).map((id): [string, string] => [id, MADE_REQUESTER]),
    [requesterId, 'The requester of a session has no vote in it.'],
  ]);
}

/** Finds who changed users and roles since a time, who changed those, and so on. @returns unique ids by the changed one's */
async function changersOf(
  manager: EntityManager,
  ids: readonly string[],
  since: Date,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>();
  for (let next = ids; next.length > 0;) {
    for (const id of next) found.set(id, []);
    const changes = await manager.findBy(AccessChange, { principalId: In([...next]), changedAt: MoreThan(since) });
    for (const { principalId, changedBy } of changes) found.get(principalId)?.push(changedBy);
    next = [...new Set(changes.map(({ changedBy }) => changedBy))].filter((id) => !found.has(id));
  }
  return found;
}

/** Returns everyone from whom changes lead to an id. */
function upwards(changers: ReadonlyMap<string, readonly string[]>, id: string): ReadonlySet<string> {
  const reached = new Set(changers.get(id));
  for (const each of reached) for (const above of changers.get(each) ?? []) reached.add(above);
  return reached;
}
