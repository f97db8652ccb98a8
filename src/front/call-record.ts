import { callEvent, unauthenticatedEvent } from '../audit/audit-event.js';
import type { AuditLog } from '../audit/audit-log.js';
import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import type { Exchange } from './exchange.js';
import { RequestOrigin } from './request-origin.js';

const CLAIMED_ACCESS_KEY_ID = /[ ,]Credential=(\w{16,128})\//;

/**
 * Queues the audit event of a request when its answer is ready, whatever the outcome, unless a transaction has written
 * it.
 */
export function recordCall(
  { id, request, headers, found, call, exception, trace, claimedUserName }: Exchange,
  audit: AuditLog,
  { accountId, region }: Pick<Config, 'accountId' | 'region'>,
  clock: Clock,
): void {
  if (call) {
    if (!call.record.isWritten) audit.record(callEvent(call, exception));
    call.record.written();
  } else if (exception && !audit.isFull) {
    const unauthenticated = {
      requestId: id,
      traceId: trace?.traceId,
      api: found.api,
      operation: found.operation?.name ?? 'Unknown',
      accountId,
      region,
      origin: new RequestOrigin(request.socket, headers, clock.now()),
      claimedUserName,
      claimedAccessKeyId: CLAIMED_ACCESS_KEY_ID.exec(headers.get('authorization') ?? '')?.[1],
    };
    audit.record(unauthenticatedEvent(unauthenticated, exception));
  }
}
