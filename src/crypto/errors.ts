/** Error codes of the constructions. Callers may branch on them, so the meaning of a code must not change. */
export type CryptoErrorCode =
  | 'KEY_LENGTH' // length of a key or of the key to derive is wrong, or a required key is missing
  | 'KEY_COMPONENTS' // components do not form a key
  | 'KEY_TYPE' // asymmetric key cannot be read, or has the wrong algorithm or curve
  | 'DATA_LENGTH'
  | 'DATA_FORMAT'
  | 'IV_LENGTH'
  | 'MAC_LENGTH'
  | 'MODE' // arguments contradict each other, such as the format and the algorithm of the key
  | 'PAN'
  | 'PIN'
  | 'PIN_BLOCK' // PIN block does not decode: wrong key, PAN or format
  | 'DIGITS'
  | 'KSN'
  | 'KEY_BLOCK' // header or optional blocks malformed or not allowed by X9.143
  | 'CERTIFICATE'
  | 'CMS'
  | 'DECRYPTION_FAILED'; // decryption or authentication failed, as with a wrong key

/**
 * The error that crypto/ throws for its arguments. The message says what to change and never contains key material, a PIN or a PAN.
 * Every failure caused by a wrong key has the code DECRYPTION_FAILED and, within one construction, the same message, so
 * that callers cannot tell the causes apart.
 */
export class CryptoError extends Error {
  override readonly name = 'CryptoError';

  constructor(
    readonly code: CryptoErrorCode,
    message: string,
    /** Position of the error in the input, if known: in characters of a key block or bytes of DER, from 0. */
    readonly offset?: number,
  ) {
    super(message);
  }
}

/** Thrown if this process has too many pending computations to accept another. */
export class BusyError extends Error {
  override readonly name = 'BusyError';
}
