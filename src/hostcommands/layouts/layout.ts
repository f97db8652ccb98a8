import type { RequestFields } from './request-fields.js';

/** Key types of a payShield: a pair of the LMK and a variant, e.g. `001` for a ZPK. */
export type KeyType = string;

/** Layout of the requests of a command, which its fields decide. */
export interface RequestLayout<R = unknown> {
  /** Two characters, e.g. `CA`. */
  readonly code: string;
  /** A sentence without a period that begins with a verb, e.g. `Translate a PIN block from a TPK to a ZPK or a BDK`. */
  readonly title: string;
  /** Reads the fields of a request, up to the LMK identifier. */
  parse(fields: RequestFields): R;
}

/** Returns the code of the reply to a command: its second character plus one. */
export function replyCode(code: string): string {
  return code.charAt(0) + String.fromCharCode((code.charCodeAt(1) + 1) & 0xff);
}
