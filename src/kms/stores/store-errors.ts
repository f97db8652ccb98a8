import { TokenError } from '../../hsm/token-error.js';
import { KmsException } from '../exceptions.js';

/** ConnectionErrorCode by the token's error; INTERNAL_ERROR for anything else. */
const CONNECTION_ERRORS: Readonly<Record<string, string>> = {
  CKR_PIN_INCORRECT: 'INVALID_CREDENTIALS',
  CKR_PIN_INVALID: 'INVALID_CREDENTIALS',
  CKR_PIN_LEN_RANGE: 'INVALID_CREDENTIALS',
  CKR_PIN_EXPIRED: 'INVALID_CREDENTIALS',
  CKR_USER_PIN_NOT_INITIALIZED: 'USER_NOT_FOUND',
  CKR_PIN_LOCKED: 'USER_LOCKED_OUT',
  CKR_USER_ALREADY_LOGGED_IN: 'USER_LOGGED_IN',
  CKR_USER_ANOTHER_ALREADY_LOGGED_IN: 'USER_LOGGED_IN',
  CKR_USER_TOO_MANY_TYPES: 'USER_LOGGED_IN',
  TOKEN_NOT_FOUND: 'CLUSTER_NOT_FOUND',
  CKR_TOKEN_NOT_RECOGNIZED: 'CLUSTER_NOT_FOUND',
  TOKEN_NOT_PRESENT: 'INSUFFICIENT_CLOUDHSM_HSMS',
  CKR_TOKEN_NOT_PRESENT: 'INSUFFICIENT_CLOUDHSM_HSMS',
  MODULE_NOT_LOADED: 'NETWORK_ERRORS',
  NOT_INITIALIZED: 'NETWORK_ERRORS',
  TIMED_OUT: 'NETWORK_ERRORS',
  CKR_DEVICE_ERROR: 'NETWORK_ERRORS',
  CKR_DEVICE_REMOVED: 'NETWORK_ERRORS',
  CKR_FUNCTION_FAILED: 'NETWORK_ERRORS',
};

/** Faults of the token that AWS KMS reports as internal errors. */
const INTERNAL = new Set([
  'BUSY',
  'CKR_OPERATION_ACTIVE',
  'CKR_BUFFER_TOO_SMALL',
  'CKR_ARGUMENTS_BAD',
  'CKR_SESSION_COUNT',
  'CKR_HOST_MEMORY',
  'CKR_DEVICE_MEMORY',
]);

/** Errors of a key, a mechanism or a module's response, which say nothing about a ciphertext. */
const NOT_OF_CIPHERTEXT = /^(?:MODULE_FAILED|CKR_OBJECT_HANDLE_INVALID|CKR_(?:KEY|MECHANISM)_\w+)$/;

/** Returns the ConnectionErrorCode for a connection that failed. */
export function connectionErrorCode({ code }: TokenError): string {
  return CONNECTION_ERRORS[code] ?? 'INTERNAL_ERROR';
}

/** A call of a token, by which its errors are reported. */
export interface TokenUse {
  /** The key; undefined for CreateKey and GenerateRandom, whose models don't have KMSInvalidStateException. */
  keyArn?: string;
  /** True if an error may mean that the ciphertext is invalid. */
  isDecryption?: boolean;
}

/** Returns the exception for a call that a token failed. */
export function useError(error: unknown, { keyArn, isDecryption = false }: TokenUse): unknown {
  if (!(error instanceof TokenError)) return error;
  if (error.code === 'KEY_NOT_FOUND')
    return new KmsException(
      'KMSInvalidStateException',
      `The key material of ${keyArn} is not in its CloudHSM cluster.`,
    );
  if (INTERNAL.has(error.code))
    return new KmsException('KMSInternalException', 'The CloudHSM cluster could not serve the request.');
  if (error.isOfToken || !isDecryption || NOT_OF_CIPHERTEXT.test(error.code))
    return new KmsException(
      keyArn === undefined ? 'CustomKeyStoreInvalidStateException' : 'KMSInvalidStateException',
      'AWS KMS cannot communicate with the CloudHSM cluster.',
    );
  return new KmsException('InvalidCiphertextException');
}
