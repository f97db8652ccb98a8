import { keySerialNumber, parseWithKsn } from './pin-fields.js';
import type { KeyField, RequestFields } from './request-fields.js';

/**
 * Reads the descriptor of a key serial number (KSN), the KSN and all fields after it. Only the following fields
 * determine if the KSN has leading FFFF that the descriptor doesn't count.
 *
 * @param rest receives the KSN, 20 (TDES) or 24 (AES) digits; called again if the KSN is parsed in the other way
 */
export function readKsn<T>(fields: RequestFields, bdk: KeyField, rest: (ksn: string) => T): T {
  return parseWithKsn(fields, (padding) => rest(keySerialNumber(fields, bdk, padding)));
}
