import { type ApprovalSession, sessionArn, type SessionState } from '../../../approvals/approval-session.entity.js';
import { epochSeconds } from '../../../http/fields.js';
import type { MpaStatus } from '../../fields.js';

/** The statuses of the model. A call that the team approved is executed at once, so the model has no status for that. */
const STATUSES: Record<SessionState, MpaStatus['Status']> = {
  PENDING: 'PENDING',
  APPROVED: 'APPROVED',
  EXECUTED: 'APPROVED',
  FAILED: 'FAILED',
  CANCELLED: 'CANCELLED',
};

export function presentMpaStatus(session: ApprovalSession): MpaStatus {
  return {
    MpaSessionArn: sessionArn(session),
    Status: STATUSES[session.state],
    InitiationDate: epochSeconds(session.createdAt),
    StatusMessage: session.statusMessage ?? undefined,
  };
}
