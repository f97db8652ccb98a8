import { keySerialNumber, parseWithKsn } from './pin-fields.js';
import type { KeyField, RequestFields } from './request-fields.js';

/**
 * Reads the descriptor of a key serial number (KSN), the KSN and all fields after it. Whether the KSN has FFFF on its
 * left that the descriptor doesn't count, only the fields after it tell.
 *
 * @param rest receives the KSN, 20 (TDES) or 24 (AES) digits; called again where the KSN is read in the other way
 */
export function readKsn<T>(fields: RequestFields, bdk: KeyField, rest: (ksn: string) => T): T {
  return parseWithKsn(fields, (padding) => rest(keySerialNumber(fields, bdk, padding)));
}
