import type { Principal } from '../call.js';
import type { HeaderValues } from './header-values.js';

/** A request whose body has arrived, and whose caller isn't known yet. */
export interface UnsignedRequest {
  /** The operation that the request is for. */
  readonly operation: string;
  readonly headers: HeaderValues;
  readonly body: Buffer;
  readonly now: Date;
  /** Records the user name that the request claims, for the audit event of a refusal. */
  readonly claims: (userName: string) => void;
}

/** Finds the callers of an API whose requests aren't signed. */
export interface Authenticator {
  /** @throws the API's exception for a request without a valid caller */
  authenticate(request: UnsignedRequest): Promise<{ principal: Principal; region: string }>;
}
