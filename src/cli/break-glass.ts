import { ApprovalNotices } from '../approvals/approval-notices.js';
import { sessionArn } from '../approvals/approval-session.entity.js';
import { ApprovalSessions } from '../approvals/approval-sessions.js';
import { type NoticeOutcome, Webhook } from '../approvals/webhook.js';
import { namedBy } from '../admin/approvals.controller.js';
import { DatabaseTime } from '../changes/database-time.js';
import { epochSeconds } from '../http/fields.js';
import { pino } from 'pino';
import { EXIT, Failure } from './failure.js';
import { withOperator } from './operator.js';

const MAX_REASON = 200;

/** A request that an operator has approved. */
export interface BrokenGlass {
  Session: string;
  Operation: string;
  Requester: string;
  RequestHash: string;
  ApprovedUntil: number;
  /** True if the webhook got the notice; absent without a webhook. */
  Notified?: boolean;
}

/** Approves a request in place of its team, in the Region of the environment. @param id TEAM:ID */
export async function breakGlass(id: string, reason: string): Promise<BrokenGlass> {
  if (reason.trim() === '' || reason.length > MAX_REASON)
    throw new Failure(EXIT.usage, `The reason has 1 to ${MAX_REASON} characters.`);
  let approved: BrokenGlass | undefined;
  await withOperator('keyblock approvals', async (operator) => {
    const { database, config, clock } = operator.deployment;
    const logger = pino({ level: 'silent' });
    const outcomes: NoticeOutcome[] = [];
    const count = (outcome: NoticeOutcome) => void outcomes.push(outcome);
    const webhook = config.approvalsWebhook && new Webhook({ ...config.approvalsWebhook, clock, logger, count });
    database.subscribers.push(new ApprovalNotices(logger, webhook));
    const sessions = new ApprovalSessions(database, operator.changes, new DatabaseTime(database), logger);
    const call = operator.call('BreakGlass', { Session: id, Reason: reason });
    const session = await operator.audited(() => sessions.breakGlass(call, namedBy(call, id), reason));
    await webhook?.close();
    approved = {
      Session: sessionArn(session),
      Operation: `${session.api}:${session.operation}`,
      Requester: session.requesterArn,
      RequestHash: session.requestHash,
      ApprovedUntil: epochSeconds(session.approvedUntil ?? session.expiresAt),
      ...(webhook && { Notified: outcomes.includes('delivered') }),
    };
  });
  if (!approved) throw new Error('The operator did no work');
  return approved;
}
