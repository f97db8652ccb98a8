const DEPENDS = 'meaning depends on the command';

/**
 * Error codes of replies, two characters, and their meanings. `01` and `02` may come with a complete reply: with a warning about
 * parity or length of a key.
 */
export const HOST_ERRORS = {
  '01': 'verification failed, or an imported key had wrong parity',
  '02': 'key of inappropriate length',
  '03': DEPENDS,
  '04': DEPENDS,
  '05': DEPENDS,
  '06': DEPENDS,
  '07': DEPENDS,
  '08': DEPENDS,
  '09': DEPENDS,
  '10': 'first key cannot be used',
  '11': 'second key cannot be used, or a key of zeros',
  '12': 'no key in user storage',
  '13': 'unknown LMK identifier',
  '14': 'PIN is not under the LMK',
  '15': 'malformed input data',
  '17': 'activity is not authorised',
  '20': 'malformed PIN block',
  '21': 'malformed index',
  '22': 'malformed account number',
  '23': 'PIN block format is not served',
  '24': 'PIN length',
  '25': 'unsafe or malformed decimalisation table',
  '26': 'key scheme',
  '27': 'key length',
  '28': 'key type',
  '29': 'function not permitted',
  '35': DEPENDS,
  '41': 'internal error',
  '44': DEPENDS,
  '45': DEPENDS,
  '47': 'algorithm',
  '52': DEPENDS,
  '68': 'command disabled',
  '75': 'single-length key in disguise',
  '80': 'data length',
  '81': DEPENDS,
  '82': DEPENDS,
  '83': DEPENDS,
  A1: 'LMK schemes differ',
  A3: 'LMK identifier of a key block',
  A4: 'authentication of a key block',
  A5: 'length of a key block',
  A6: 'usage of a key block',
  A7: 'algorithm of a key block',
  A8: 'mode of use of a key block',
  A9: 'key version of a key block',
  AA: 'exportability of a key block',
  AB: 'number of optional blocks',
  BB: 'wrapping key',
} as const;

export type HostErrorCode = keyof typeof HOST_ERRORS;

/**
 * The error that refuses a host command. The message is for the operator, in the log and in `keyblock payshield try`:
 * it names fields, but never values that may be secret.
 */
export class HostError extends Error {
  override readonly name = 'HostError';

  constructor(
    readonly code: HostErrorCode,
    message: string,
  ) {
    super(message);
  }
}
