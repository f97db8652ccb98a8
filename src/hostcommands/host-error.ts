/**
 * Error codes of replies, two characters. `01` also means that an imported key had wrong parity, and `02` that a key
 * has an inappropriate length: both may accompany a complete reply.
 */
export type HostErrorCode =
  | '01' // verification failed
  | '02' // key of inappropriate length
  | '03' // meaning depends on the command, up to 09
  | '04'
  | '05'
  | '06'
  | '07'
  | '08'
  | '09'
  | '10' // first key
  | '11' // second key, or a key of zeros
  | '12' // user storage
  | '13' // LMK identifier
  | '14' // PIN under the LMK
  | '15' // input data
  | '17' // activity not authorised
  | '20' // PIN block
  | '21' // index
  | '22' // account number
  | '23' // PIN block format
  | '24' // PIN length
  | '25' // decimalisation table
  | '26' // key scheme
  | '27' // key length
  | '28' // key type
  | '29' // function not permitted
  | '35'
  | '41' // internal error
  | '44'
  | '45'
  | '47' // algorithm
  | '52'
  | '68' // command disabled
  | '75' // single-length key in disguise
  | '80' // data length
  | '81'
  | '82'
  | '83'
  | 'A1' // LMK schemes differ
  | 'A3' // LMK identifier of a key block
  | 'A4' // authentication of a key block
  | 'A5' // length of a key block
  | 'A6' // usage of a key block
  | 'A7' // algorithm of a key block
  | 'A8' // mode of use of a key block
  | 'A9' // key version of a key block
  | 'AA' // exportability of a key block
  | 'AB' // number of optional blocks
  | 'BB'; // wrapping key

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
