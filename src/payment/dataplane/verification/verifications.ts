import type { Call } from '../../../call.js';
import { CryptoError } from '../../../crypto/errors.js';
import { VerificationFailedException } from '../../../errors/exceptions.js';
import type { Metrics } from '../../../http/metrics.js';
import type { Attempt, VerificationLimit } from './verification-limit.js';

/** Reasons to report for errors of crypto/ that reveal something about a PIN, by error code. */
const REASONS: Partial<Record<CryptoError['code'], string>> = { PIN_BLOCK: 'INVALID_PIN_BLOCK', PAN: 'DIFFERENT_PAN' };

/**
 * Runs the computations that reveal if a guess was right: verifications, and the decryption of PIN
 * blocks. Counts the failures and, if a limit is set, refuses further computations beyond it.
 */
export class Verifications {
  constructor(
    private readonly metrics: Metrics,
    private readonly limit: VerificationLimit | undefined,
  ) {}

  /**
   * @param compute throws VerificationFailedException or CryptoError PIN_BLOCK or PAN for a failure that counts
   * @returns the result of `compute`; a promise only if it failed, while the failure is counted
   * @throws ThrottlingException beyond the limit, whether the guess was right or not
   */
  attempt<T>(call: Call, attempt: Attempt, compute: () => T): T | Promise<never> {
    this.limit?.requireWithin(attempt);
    try {
      return compute();
    } catch (error) {
      const reason = reasonOf(error);
      if (reason === undefined) throw error;
      this.metrics.countFailedVerification(call.operation, reason);
      if (!this.limit) throw error;
      return this.limit.count(attempt).then(() => {
        throw error;
      });
    }
  }
}

function reasonOf(error: unknown): string | undefined {
  if (error instanceof VerificationFailedException) return error.reason;
  return error instanceof CryptoError ? REASONS[error.code] : undefined;
}
