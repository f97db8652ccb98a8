import type { ApprovalGuard } from '../approvals/approval-guard.entity.js';
import { sessionArn, sessionId } from '../approvals/approval-session.entity.js';
import type { SessionDetails, SessionView } from '../approvals/approval-sessions.js';
import type { NamedTeam } from '../approvals/approval-teams.js';
import type { GuardCondition } from '../approvals/rules.js';
import { epochSeconds } from '../http/fields.js';
import type { Approval, ApprovalSummary, Guard, Team } from './approvals.schema.js';

export function presentTeam({ team, approvers }: NamedTeam): Team {
  return {
    TeamArn: team.arn,
    Name: team.name,
    Approvers: approvers.map(({ uniqueId, name }) => ({ UniqueId: uniqueId, Name: name })),
    MinApprovals: team.minApprovals,
    SessionSeconds: team.sessionSeconds,
    CreateTimestamp: epochSeconds(team.createdAt),
  };
}

export function presentGuard({ operation, teamArn, condition }: ApprovalGuard): Guard {
  return {
    Operation: operation,
    TeamArn: teamArn,
    Condition: condition === null ? undefined : (JSON.parse(condition) as Guard['Condition'] & GuardCondition),
  };
}

export function presentSummary({ session, votes, minApprovals, barrier, ownVote }: SessionView): ApprovalSummary {
  return {
    Id: sessionId(session),
    SessionArn: sessionArn(session),
    TeamArn: session.teamArn,
    Operation: `${session.api}:${session.operation}`,
    Requester: session.requesterArn,
    RequestHash: session.requestHash,
    State: session.state,
    StatusMessage: session.statusMessage ?? undefined,
    Approvals: votes.filter(({ decision }) => decision === 'APPROVE').length,
    MinApprovals: minApprovals,
    CreateTimestamp: epochSeconds(session.createdAt),
    ExpirationTimestamp: epochSeconds(session.expiresAt),
    ApprovedUntil: session.approvedUntil ? epochSeconds(session.approvedUntil) : undefined,
    MayVote: barrier === undefined,
    OwnVote: ownVote,
  };
}

export function presentApproval(view: SessionView): Approval {
  const { session, votes, barrier } = view;
  const { facts, parameters, resources, before, after } = JSON.parse(session.details) as SessionDetails;
  return {
    ...presentSummary(view),
    Barrier: barrier,
    Comment: session.comment ?? undefined,
    Facts: facts.map(({ name, value }) => ({ Name: name, Value: value })),
    Resources: [...resources],
    Parameters: (parameters ?? {}) as Record<string, unknown>,
    Before: before,
    After: after,
    Executes: session.subject !== null,
    BreakGlassReason: session.breakGlassReason ?? undefined,
    Votes: votes.map(({ voterArn, decision, comment, votedAt }) => ({
      Voter: voterArn,
      Decision: decision,
      Comment: comment ?? undefined,
      Timestamp: epochSeconds(votedAt),
    })),
  };
}
