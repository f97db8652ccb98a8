import type { Transaction } from '../../crypto/emv/session-key.js';
import { HostError, type HostErrorCode } from '../host-error.js';
import type { RequestFields } from './request-fields.js';

/**
 * Reads the PAN and its sequence number in BCD.
 *
 * @param length in bytes; with 8, the PAN may be shortened on its left
 */
export function readPan(fields: RequestFields, length: number): { pan: string; psn: string } {
  const digits = fields.raw('PAN and sequence number', length).toString('hex');
  if (!/^[0-9]*$/.test(digits)) throw new HostError('15', 'PAN and sequence number must be decimal digits in BCD');
  return { pan: digits.slice(0, -2), psn: digits.slice(-2) };
}

/**
 * Reads the transaction data: length, two hexadecimal digits, data, semicolon.
 *
 * @param empty error for no data
 */
export function readTransactionData(fields: RequestFields, empty: HostErrorCode): Buffer {
  const length = parseInt(fields.hex('transaction data length', 2), 16);
  if (length === 0) throw new HostError(empty, 'transaction data must not be empty');
  const data = fields.raw('transaction data', length);
  fields.expect(';');
  return data;
}

/** An ARQC to verify, or from which only an ARPC is computed. */
export interface Cryptogram {
  readonly transaction: Transaction;
  readonly arqc: Buffer;
  /** Transaction data, padded; undefined if the ARQC isn't verified. */
  readonly data?: Buffer;
}
