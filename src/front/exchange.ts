import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Call } from '../call.js';
import type { ServiceException } from '../errors/exceptions.js';
import type { TracedRequest } from '../tracing/tracing.js';
import { HeaderValues } from '../http/header-values.js';
import type { Found } from './routes.js';

/** One request and its outcome. */
export class Exchange {
  /** Identifies the request in its response, the log and the audit log. */
  readonly id = randomUUID();
  readonly receivedAtMs = performance.now();
  /** Absent unless traces are recorded. */
  trace?: TracedRequest;
  /** Set once the signature is verified. */
  call?: Call;
  /** The user whom a request that isn't signed claims to be from. */
  claimedUserName?: string;
  /** True if the rest of the body isn't read: it must not be parsed as the next request. */
  isCutOff = false;
  /** The exception that the response reports. */
  exception?: ServiceException;
  /** ARNs of the sessions for the approvals that the call needs. */
  approvals?: readonly string[];

  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
    readonly headers: HeaderValues,
    public found: Found,
  ) {}
}
