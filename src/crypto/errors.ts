/** What can be wrong with the arguments of a construction; callers may branch on it, so a code keeps its meaning. */
export type CryptoErrorCode =
  | 'KEY_LENGTH'
  | 'KEY_TYPE'
  | 'DATA_LENGTH'
  | 'DATA_FORMAT'
  | 'IV_LENGTH'
  | 'MAC_LENGTH'
  | 'MODE'
  | 'PAN'
  | 'PIN'
  | 'PIN_BLOCK'
  | 'DIGITS'
  | 'KSN'
  | 'KEY_BLOCK'
  | 'CERTIFICATE'
  | 'CMS'
  | 'DECRYPTION_FAILED';

/**
 * The only error crypto/ throws. The message says what to change and never contains key material, a PIN or a PAN;
 * everything that fails for want of the right key has code DECRYPTION_FAILED and looks alike.
 */
export class CryptoError extends Error {
  override readonly name = 'CryptoError';

  constructor(
    readonly code: CryptoErrorCode,
    message: string,
  ) {
    super(message);
  }
}
