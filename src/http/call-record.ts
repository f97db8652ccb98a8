import type { FastifyRequest } from 'fastify';
import { callEvent, unauthenticatedEvent } from '../audit/audit-event.js';
import type { AuditLog } from '../audit/audit-log.js';
import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import { InternalServerException, ServiceUnavailableException } from '../errors/exceptions.js';
import { planeOf } from './request.js';
import { RequestOrigin } from './request-origin.js';

const CLAIMED_ACCESS_KEY_ID = /[ ,]Credential=(\w{16,128})\//;

/**
 * While too many events wait to be written nothing is called: there is no call without a record. Nor is there one from nowhere:
 * who reset the connection gets no answer anyway. A socket that was asked for its other end remembers it from then on.
 */
export function refusedFor(request: FastifyRequest, audit: AuditLog): Error | undefined {
  const isNowhere = request.socket.remoteAddress === undefined;
  return (audit.isFull || isNowhere) && !request.route.public ? unavailable(request) : undefined;
}

function unavailable(request: FastifyRequest): Error {
  return planeOf(request) === 'control'
    ? new ServiceUnavailableException('The service is unavailable. Try again.')
    : new InternalServerException();
}

/** One event of the audit log for every call of an operation, whatever became of it, when its answer is made. */
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
      plane: planeOf(request),
      operation: request.route.operation ?? 'Unknown',
      accountId,
      region,
      origin: new RequestOrigin(request, clock.now()),
      claimedAccessKeyId: CLAIMED_ACCESS_KEY_ID.exec(request.headers.authorization ?? '')?.[1],
    };
    audit.record(unauthenticatedEvent(unauthenticated, exception));
  }
}
