import { signal } from '@preact/signals';
import type { Approval, ApprovalOutput, ApprovalSummary, ListApprovalsOutput } from '../src/admin/approvals.schema.js';
import { admin, type Query, unlessRefused } from './api.js';
import { DEPLOYMENT } from './deployment.js';
import { useLoad, usePolling } from './load.js';
import { region } from './session.js';

export type State = ApprovalSummary['State'];

/** Time between counts of the requests that wait for the user. Each is a call in the audit log. */
const COUNT_MS = 60_000;

/** The states of requests, as filters name them. */
export const STATES: Readonly<Record<State, string>> = {
  PENDING: 'Pending',
  APPROVED: 'Approved',
  EXECUTED: 'Executed',
  FAILED: 'Failed',
  CANCELLED: 'Cancelled',
};

/** Counts the user's votes in this tab, after each of which fewer requests wait. */
export const votes = signal(0);

/** The operation without its API. */
export function operationName({ Operation }: Pick<ApprovalSummary, 'Operation'>): string {
  return Operation.replace(/^.*:/, '');
}

/** The last part of a team's ARN. */
export function teamName(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}

/** True if the request waits for the user, who has not voted yet. */
export function waitsForUser({ MayVote, OwnVote }: Pick<ApprovalSummary, 'MayVote' | 'OwnVote'>): boolean {
  return MayVote && OwnVote === undefined;
}

/** Loads a page of the requests of the page's Region, the newest first. @throws ApiError */
export function loadApprovals(query: Query): Promise<ListApprovalsOutput> {
  return admin('ListApprovals', ['GET', 'approvals'], { query });
}

/** Calls an operation on one request. @param id TEAM:ID, in the page's Region @throws ApiError */
export async function callApproval(
  operation: 'GetApproval' | 'Approve' | 'Deny' | 'CancelApproval',
  id: string,
  body?: object,
): Promise<Approval> {
  const verb = { GetApproval: '', Approve: '/approve', Deny: '/deny', CancelApproval: '/cancel' }[operation];
  const [team = ''] = id.split(':');
  const { Approval } = await admin<ApprovalOutput>(
    operation,
    [verb === '' ? 'GET' : 'POST', `approvals/${encodeURIComponent(id)}${verb}`],
    { body, resource: `arn:aws:mpa:${region.value}:${DEPLOYMENT.accountId}:approval-team/${team}` },
  );
  return Approval;
}

/** Returns the number of requests that wait for the user, e.g. `3` or `100+`; undefined for none or if it can't be known. */
export function useWaiting(): string | undefined {
  const loaded = useLoad(
    () => loadApprovals({ State: 'PENDING', MaxResults: 100 }).catch(unlessRefused(undefined)),
    [region.value, votes.value],
  );
  const isRefused = loaded.state === 'ready' && loaded.value === undefined;
  usePolling(() => loaded.state !== 'loading' && loaded.reload(), isRefused ? undefined : COUNT_MS);
  if (loaded.state !== 'ready' || !loaded.value) return undefined;
  const { Approvals, NextToken } = loaded.value;
  const waiting = Approvals.filter(waitsForUser).length;
  return waiting === 0 ? undefined : `${waiting}${NextToken === undefined ? '' : '+'}`;
}
