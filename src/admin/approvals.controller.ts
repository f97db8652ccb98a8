import { ApprovalSessions } from '../approvals/approval-sessions.js';
import { teamArn } from '../approvals/approval-teams.js';
import type { VoteDecision } from '../approvals/approval-vote.entity.js';
import { type Call, scopeOf } from '../call.js';
import { Body, Param, Query } from '../http/input.js';
import { OperationsController } from '../http/operation.js';
import { PageTokens } from '../http/page-tokens.js';
import { AdminOperation } from './admin-operation.js';
import { presentApproval, presentSummary } from './approvals.presenter.js';
import {
  ApprovalOutput,
  ApprovalPath,
  ListApprovalsOutput,
  ListApprovalsQuery,
  VoteInput,
} from './approvals.schema.js';

/**
 * ARN of the session's team, which is part of the session's id, so that policies are evaluated before the session is
 * looked up.
 */
const ofSession = (call: Call, { id }: ApprovalPath) => namedBy(call, id).teamArn;

@OperationsController('approvals')
export class ApprovalsController {
  constructor(
    private readonly sessions: ApprovalSessions,
    private readonly tokens: PageTokens,
  ) {}

  @AdminOperation({
    name: 'ListApprovals',
    route: ['GET', 'approvals'],
    resource: 'nothing',
    summary: 'Lists approval sessions',
    description:
      'Lists the sessions of the Region for which the request is signed, the newest first. `MayVote` is true for each session in which the caller can vote.',
    example: '"http://127.0.0.1:8080/admin/approvals?State=PENDING"',
    output: ListApprovalsOutput,
  })
  async list(call: Call, @Query(ListApprovalsQuery) query: ListApprovalsQuery): Promise<ListApprovalsOutput> {
    const { State: state } = query;
    const { items, NextToken } = await this.tokens.page(
      call,
      ['ListApprovals', state],
      query,
      (from) => this.sessions.list(call, { state, ...from }),
      ({ session }) => `${session.createdAt.toISOString()}|${session.id}`,
    );
    return { Approvals: items.map(presentSummary), NextToken };
  }

  @AdminOperation({
    name: 'GetApproval',
    route: ['GET', 'approvals/:id'],
    resource: 'team',
    about: ofSession,
    summary: 'Gets a request for approval',
    description: 'Returns a description of the change, the documents before and after it, and the votes so far.',
    example: 'http://127.0.0.1:8080/admin/approvals/custodians:ABCDEFGHIJKLMNOPQRSTUVWXYZ',
    output: ApprovalOutput,
  })
  async get(call: Call, @Param(ApprovalPath) { id }: ApprovalPath): Promise<ApprovalOutput> {
    return { Approval: presentApproval(await this.sessions.view(call, namedBy(call, id))) };
  }

  @AdminOperation({
    name: 'Approve',
    route: ['POST', 'approvals/:id/approve'],
    resource: 'team',
    about: ofSession,
    summary: 'Approves a request',
    description:
      'Each user of the team has one vote, except the requester, and an approver whom the requester has created or whose access the ' +
      'requester has changed in the last 7 days. Until the session is approved, a vote can be changed by another one.',
    example:
      '-d \'{"RequestHash":"3f9a…"}\' http://127.0.0.1:8080/admin/approvals/custodians:ABCDEFGHIJKLMNOPQRSTUVWXYZ/approve',
    output: ApprovalOutput,
  })
  approve(
    call: Call,
    @Param(ApprovalPath) path: ApprovalPath,
    @Body(VoteInput) input: VoteInput,
  ): Promise<ApprovalOutput> {
    return this.#vote(call, path, 'APPROVE', input);
  }

  @AdminOperation({
    name: 'Deny',
    route: ['POST', 'approvals/:id/deny'],
    resource: 'team',
    about: ofSession,
    summary: 'Denies a request',
    description: 'The session ends when the remaining approvers can’t reach the required number of approvals.',
    example:
      '-d \'{"RequestHash":"3f9a…"}\' http://127.0.0.1:8080/admin/approvals/custodians:ABCDEFGHIJKLMNOPQRSTUVWXYZ/deny',
    output: ApprovalOutput,
  })
  deny(
    call: Call,
    @Param(ApprovalPath) path: ApprovalPath,
    @Body(VoteInput) input: VoteInput,
  ): Promise<ApprovalOutput> {
    return this.#vote(call, path, 'DENY', input);
  }

  @AdminOperation({
    name: 'CancelApproval',
    route: ['POST', 'approvals/:id/cancel'],
    resource: 'team',
    about: ofSession,
    summary: 'Cancels a request',
    description: 'Only the requester can cancel, until the call has taken effect.',
    example: '-X POST http://127.0.0.1:8080/admin/approvals/custodians:ABCDEFGHIJKLMNOPQRSTUVWXYZ/cancel',
    output: ApprovalOutput,
  })
  async cancel(call: Call, @Param(ApprovalPath) { id }: ApprovalPath): Promise<ApprovalOutput> {
    return { Approval: presentApproval(await this.sessions.cancel(call, namedBy(call, id))) };
  }

  async #vote(call: Call, { id }: ApprovalPath, decision: VoteDecision, input: VoteInput): Promise<ApprovalOutput> {
    const vote = { decision, requestHash: input.RequestHash, comment: input.Comment };
    return { Approval: presentApproval(await this.sessions.vote(call, namedBy(call, id), vote)) };
  }
}

/** Reads an id `TEAM:ID`, in the account and Region of the call. */
export function namedBy(call: Call, id: string): { teamArn: string; id: string } {
  const [team = '', own = ''] = id.split(':');
  return { teamArn: teamArn(scopeOf(call), team), id: own };
}
