import { ConflictException } from '../errors/exceptions.js';
import { ApprovalSession, type SessionState } from './approval-session.entity.js';
import type { Rules } from './rules.js';

export const DENIED = 'Approval session expired or was denied';
export const OUTDATED = 'The team or the guard was changed after the request.';

const IS_OVER = `(session.state = 'PENDING' AND session.expiresAt <= :now OR session.state = 'APPROVED' AND session.approvedUntil <= :now)`;
/** Conditions for the sessions in a state at a time. */
export const IN_STATE: Record<SessionState, string> = {
  PENDING: `session.state = :state AND NOT ${IS_OVER}`,
  APPROVED: `session.state = :state AND NOT ${IS_OVER}`,
  FAILED: `session.state = :state OR ${IS_OVER}`,
  CANCELLED: 'session.state = :state',
  EXECUTED: 'session.state = :state',
};

/** Sessions that have expired, that another version of their team or guard has outdated, or that wait for their execution. */
export const DUE = `
  SELECT session.id, session.team_arn FROM approval_sessions AS session
    LEFT JOIN approval_teams AS team ON team.arn = session.team_arn
    LEFT JOIN approval_guards AS guard ON guard.account_id = session.account_id
      AND guard.region = session.region AND guard.operation = session.guard
   WHERE session.state IN ('PENDING', 'APPROVED')
     AND (CASE session.state WHEN 'PENDING' THEN session.expires_at ELSE session.approved_until END <= $1
       OR session.state = 'APPROVED' AND session.subject IS NOT NULL
       OR team.version IS DISTINCT FROM session.team_version
       OR session.guard IS NOT NULL
         AND (guard.version, guard.team_arn) IS DISTINCT FROM (session.guard_version, session.team_arn))
   ORDER BY session.created_at`;

/**
 * Returns the state of a session at a time: a live one has failed if its time is over, or if its team or guard has changed.
 */
export function stateAt(session: ApprovalSession, now: Date, rules: Rules): SessionState {
  const { state, expiresAt, approvedUntil } = session;
  if (!isLive(state)) return state;
  const end = state === 'APPROVED' ? (approvedUntil ?? expiresAt) : expiresAt;
  return end <= now || !rules.isCurrent(session) ? 'FAILED' : state;
}

/** Returns a copy of a session in its state at a time. */
export function presentState(session: ApprovalSession, now: Date, rules: Rules): ApprovalSession {
  const state = stateAt(session, now, rules);
  if (state === session.state) return session;
  const statusMessage = rules.isCurrent(session) ? DENIED : OUTDATED;
  return Object.assign(new ApprovalSession(), session, { state, statusMessage });
}

export function isLive(state: SessionState): boolean {
  return state === 'PENDING' || state === 'APPROVED';
}

export function ended({ state, statusMessage }: ApprovalSession): ConflictException {
  return new ConflictException(`The session is ${state}${statusMessage === null ? '' : `: ${statusMessage}`}.`);
}
