import { VerificationFailedException } from '../errors/exceptions.js';
import type { Attempt } from '../payment/dataplane/verification/verification-limit.js';
import type { HostCall } from './command.js';

/**
 * Runs a computation that reveals if a guess was right, for a command whose reply to a wrong guess isn't just error 01.
 * See Verifications.
 *
 * @param failed returns the reply to a wrong guess, or throws its error
 */
export function attemptOr<T>(
  host: HostCall,
  attempt: Attempt,
  compute: () => T,
  failed: (failure: VerificationFailedException) => T,
): T | Promise<T> {
  const orFailed = (error: unknown): T => {
    if (error instanceof VerificationFailedException) return failed(error);
    throw error;
  };
  try {
    const result = host.services.verifications.attempt(host.call, attempt, compute);
    return result instanceof Promise ? result.catch(orFailed) : result;
  } catch (error) {
    return orFailed(error);
  }
}
