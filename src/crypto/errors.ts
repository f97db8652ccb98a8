/** What can be wrong with the arguments of a construction; callers may branch on it, so a code keeps its meaning. */
export type CryptoErrorCode =
  | 'KEY_LENGTH' // of a key that goes in or is asked for, and where one is missing
  | 'KEY_COMPONENTS' // that don't make a key together
  | 'KEY_TYPE' // an asymmetric key that can't be read, or of another algorithm or curve
  | 'DATA_LENGTH'
  | 'DATA_FORMAT'
  | 'IV_LENGTH'
  | 'MAC_LENGTH'
  | 'MODE' // what is asked for doesn't go together, such as a format and the algorithm of the key
  | 'PAN'
  | 'PIN'
  | 'PIN_BLOCK' // fails for want of the right key, PAN or format
  | 'DIGITS'
  | 'KSN'
  | 'KEY_BLOCK' // header or optional blocks malformed, or against X9.143
  | 'CERTIFICATE'
  | 'CMS'
  | 'DECRYPTION_FAILED'; // fails for want of the right key

/**
 * The only error crypto/ throws. The message says what to change and never contains key material, a PIN or a PAN;
 * everything that fails for want of the right key has code DECRYPTION_FAILED and looks alike.
 */
export class CryptoError extends Error {
  override readonly name = 'CryptoError';

  constructor(
    readonly code: CryptoErrorCode,
    message: string,
    /** Where in the input, where that is known: characters of a key block, bytes of DER, from 0. */
    readonly offset?: number,
  ) {
    super(message);
  }
}
