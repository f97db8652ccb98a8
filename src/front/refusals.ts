import type { Logger } from 'pino';
import { BusyError, CryptoError } from '../crypto/errors.js';
import { ServiceException } from '../errors/exceptions.js';
import type { Api } from '../http/api.js';
import { InvalidInput } from '../http/invalid-input.js';
import { PolicyError } from '../policy/policy-error.js';

/**
 * Codes of a database that can't be reached or written: errors of Node, and SQLSTATE class 08 (connection), 25P03 (idle
 * for too long in a transaction), 57P (server going down), 53 (no disk space, memory or connections left), 58030 (input
 * or output fails), 25006 (read-only).
 */
const UNAVAILABLE =
  /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENOENT|08|25P03|57P|53|58030|25006)/;
/**
 * Messages of node-postgres and TypeORM, whose errors have no code; the last two are about a connection that ended
 * before the query.
 */
const NO_CONNECTION =
  /connection timeout|Query read timeout|timeout exceeded when trying to connect|Connection terminated|not queryable|query runner was already released/;

/**
 * Returns the exception with which an API answers a failure. An unexpected failure goes to the log and is answered
 * without details.
 */
export function exceptionOf(thrown: unknown, { exceptions }: Api, requestId: string, logger: Logger): ServiceException {
  if (thrown instanceof ServiceException) return exceptions.inPlaceOf?.(thrown) ?? thrown;
  if (thrown instanceof InvalidInput) return exceptions.invalidInput(thrown.violations, thrown.count);
  if (thrown instanceof CryptoError || thrown instanceof PolicyError) return exceptions.refusedBy(thrown);
  if (thrown instanceof BusyError) return exceptions.throttled();

  // Log nothing else of the error: a database error contains the parameters of its query.
  const { name, message, stack, code } = thrown as Error & { code?: string };
  logger.error({ requestId, error: { name, message, stack, code } }, 'internal error');
  const isUnavailable = UNAVAILABLE.test(code ?? '') || NO_CONNECTION.test(message);
  return isUnavailable ? exceptions.unavailable() : exceptions.internal();
}
