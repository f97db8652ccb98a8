/**
 * This service's error codes for a token's failure, in addition to PKCS#11 return values, whose names begin with CKR_.
 */
export type TokenFault =
  /** The optional package pkcs11js is not installed. */
  | 'PACKAGE_MISSING'
  | 'MODULE_NOT_LOADED'
  /** C_Initialize failed. */
  | 'NOT_INITIALIZED'
  | 'TOKEN_NOT_FOUND'
  /** A token that was available no longer responds. */
  | 'TOKEN_LOST'
  /** All slots of the module are empty. */
  | 'TOKEN_NOT_PRESENT'
  /** Several tokens have the label, and no serial number is given. */
  | 'TOKEN_AMBIGUOUS'
  | 'KEY_NOT_FOUND'
  /** A key of that label or CKA_ID exists already, or several do. */
  | 'KEY_AMBIGUOUS'
  /** A generated key lacks a requested attribute. */
  | 'KEY_UNSUITABLE'
  | 'MECHANISM_MISSING'
  | 'TIMED_OUT'
  /** No session became free within the time limit of a call. */
  | 'BUSY'
  /** The process that serves the token ended during the call, or can't be started. */
  | 'PROCESS_ENDED'
  /** A return value without a name, or an error of the addon. */
  | 'MODULE_FAILED';

/** Thrown if a token refuses or fails a call. The message contains neither the PIN nor key material. */
export class TokenError extends Error {
  override readonly name = 'TokenError';

  constructor(
    /** A fault, or the name of a return value of PKCS#11. */
    readonly code: TokenFault | `CKR_${string}`,
    message: string,
  ) {
    super(message);
  }

  /** True if the token refused the PIN, or would refuse any: trying again could lock it. */
  get isOfPin(): boolean {
    return PIN_REFUSED.has(this.code);
  }

  /** True if the token currently can't serve any call. */
  get isOfToken(): boolean {
    return UNREACHABLE.has(this.code) || this.code.startsWith('CKR_DEVICE_') || this.isOfPin;
  }

  /** True if only another process may be able to use the token again, even if the token still answers probes. */
  get needsNewProcess(): boolean {
    return PROCESS_UNUSABLE.has(this.code);
  }
}

const PIN_REFUSED = new Set<string>([
  'CKR_PIN_INCORRECT',
  'CKR_PIN_INVALID',
  'CKR_PIN_LEN_RANGE',
  'CKR_PIN_EXPIRED',
  'CKR_PIN_LOCKED',
  'CKR_USER_PIN_NOT_INITIALIZED',
]);

const UNREACHABLE = new Set<string>([
  'PACKAGE_MISSING',
  'MODULE_NOT_LOADED',
  'NOT_INITIALIZED',
  'TOKEN_NOT_FOUND',
  'TOKEN_LOST',
  'TOKEN_NOT_PRESENT',
  'TOKEN_AMBIGUOUS',
  'TIMED_OUT',
  'BUSY',
  'PROCESS_ENDED',
  'CKR_TOKEN_NOT_PRESENT',
  'CKR_TOKEN_NOT_RECOGNIZED',
  'CKR_CRYPTOKI_NOT_INITIALIZED',
  'CKR_SESSION_HANDLE_INVALID',
  'CKR_USER_NOT_LOGGED_IN',
  'CKR_FUNCTION_FAILED',
]);

/** None of these depends on the arguments of a call. The module has tried those of sessions and logins once more. */
const PROCESS_UNUSABLE = new Set<string>([
  'TIMED_OUT',
  'CKR_CRYPTOKI_NOT_INITIALIZED',
  'CKR_DEVICE_REMOVED',
  'CKR_SESSION_CLOSED',
  'CKR_SESSION_HANDLE_INVALID',
  'CKR_TOKEN_NOT_PRESENT',
  'CKR_TOKEN_NOT_RECOGNIZED',
  'CKR_USER_NOT_LOGGED_IN',
]);
