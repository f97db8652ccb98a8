import type { ListAuditEventsOutput } from '../src/admin/audit.schema.js';
import { admin, type Query } from './api.js';
import { principalWords } from './words.js';

/** Members of an audit event that the console shows; the service returns the event as it was written. */
export interface AuditEvent {
  eventID: string;
  eventTime: string;
  eventName: string;
  /** e.g. `payment-cryptography.amazonaws.com` */
  eventSource: string;
  awsRegion: string;
  sourceIPAddress: string;
  userAgent?: string;
  userIdentity: { arn?: string; accessKeyId?: string; userName?: string; invokedBy?: string };
  errorCode?: string;
  errorMessage?: string;
  requestID?: string;
  requestParameters: Readonly<Record<string, unknown>> | null;
  resources?: readonly { ARN: string }[];
  readOnly: boolean;
  node: number;
  sequence: number;
  previous: string;
}

export type Events = Omit<ListAuditEventsOutput, 'Events'> & { Events: AuditEvent[] };

/** Loads a page of audit events, the newest first. @throws ApiError */
export function loadEvents(query: Query): Promise<Events> {
  return admin<Events>('ListAuditEvents', ['GET', 'audit/events'], { query });
}

/** Short name of an event's caller. */
export function callerWords({ userIdentity }: AuditEvent): string {
  const { arn, userName, invokedBy } = userIdentity;
  return arn === undefined ? (userName ?? invokedBy ?? 'Unknown') : principalWords(arn);
}

/** ARNs of the keys that the call used. */
export function keyArnsOf({ resources = [] }: AuditEvent): string[] {
  return resources.map(({ ARN }) => ARN).filter((arn) => arn.includes(':key/'));
}
