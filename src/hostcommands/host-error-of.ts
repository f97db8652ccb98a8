import type { Logger } from 'pino';
import { BusyError, CryptoError, type CryptoErrorCode } from '../crypto/errors.js';
import {
  AccessDeniedException,
  ResourceNotFoundException,
  ThrottlingException,
  ValidationException,
  VerificationFailedException,
} from '../errors/exceptions.js';
import { exceptionOf } from '../front/refusals.js';
import { HOST_COMMANDS } from './api.js';
import { HostError, type HostErrorCode } from './host-error.js';

/** Error codes for the errors of crypto/. A command for which an error has another meaning throws its own HostError. */
const CODES: Partial<Record<CryptoErrorCode, HostErrorCode>> = {
  PIN_BLOCK: '20',
  PAN: '20',
  PIN: '24',
  KEY_LENGTH: '27',
  KEY_TYPE: '28',
  KEY_BLOCK: 'A4',
  DECRYPTION_FAILED: 'A4',
  DATA_LENGTH: '80',
};

/**
 * Returns the error for the reply to a host command. An unexpected failure goes to the log, and is answered without
 * details.
 */
export function hostErrorOf(thrown: unknown, requestId: string, logger: Logger): HostError {
  if (thrown instanceof HostError) return thrown;
  if (thrown instanceof CryptoError) return new HostError(CODES[thrown.code] ?? '15', thrown.message);
  if (thrown instanceof AccessDeniedException) return new HostError('29', thrown.message);
  if (thrown instanceof ResourceNotFoundException) return new HostError('10', thrown.message);
  if (thrown instanceof VerificationFailedException) return new HostError('01', thrown.message);
  if (thrown instanceof ValidationException) return new HostError('15', thrown.message);
  if (thrown instanceof ThrottlingException || thrown instanceof BusyError) return new HostError('41', thrown.message);
  return new HostError('41', exceptionOf(thrown, HOST_COMMANDS, requestId, logger).message);
}
