import type { FastifyRequest } from 'fastify';
import { callEvent, unauthenticatedEvent } from '../audit/audit-event.js';
import type { AuditLog } from '../audit/audit-log.js';
import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import { RequestOrigin } from './request-origin.js';

const CLAIMED_ACCESS_KEY_ID = /[ ,]Credential=(\w{16,128})\//;

/**
 * Rejects requests while the audit queue is full, because every call must be audited. Also rejects a request whose peer address
 * is already gone: its event could not name a source, and the client would not receive the response. A socket keeps the address
 * once it has been read.
 */
export function refusedFor(request: FastifyRequest, audit: AuditLog): Error | undefined {
  const isReset = request.socket.remoteAddress === undefined;
  return (audit.isFull || isReset) && !request.route.public ? request.api.exceptions.unavailable() : undefined;
}

/** Queues the audit event of a request when its response is ready, whatever the outcome, unless a transaction has written it. */
export function recordCall(
  request: FastifyRequest,
  audit: AuditLog,
  { accountId, region }: Config,
  clock: Clock,
): void {
  const { call, exception } = request;
  if (call) {
    if (!call.record.isWritten) audit.record(callEvent(call, exception));
    call.record.written();
  } else if (exception && !request.route.public && !audit.isFull) {
    const unauthenticated = {
      requestId: request.id,
      api: request.api,
      operation: request.route.operation ?? 'Unknown',
      accountId,
      region,
      origin: new RequestOrigin(request, clock.now()),
      claimedAccessKeyId: CLAIMED_ACCESS_KEY_ID.exec(request.headers.authorization ?? '')?.[1],
    };
    audit.record(unauthenticatedEvent(unauthenticated, exception));
  }
}
