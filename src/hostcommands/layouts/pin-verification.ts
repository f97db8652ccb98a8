import { type Ibm3624Fields, pinBlock, type PinFormat, pinFormat, requireFormatOf } from './pin-fields.js';
import { type PinKey, typedPinKey } from './pin-keys.js';
import type { KeyField, RequestFields } from './request-fields.js';

/** An encrypted PIN block of a request. */
export interface PinBlockFields {
  readonly key: PinKey;
  readonly block: Buffer;
  readonly format: PinFormat;
  readonly pan: string;
}

/** The reference value against which a PIN is verified: a Visa PVV or an IBM 3624 offset. */
export type Reference = {
  readonly pvk: KeyField;
  /** Number of digits of a new reference value. */
  readonly digits: number;
} & (VisaReference | Ibm3624Reference);

interface VisaReference {
  readonly method: 'visa';
  readonly pan: string;
  readonly pvki: number;
}

interface Ibm3624Reference {
  readonly method: 'ibm3624';
  readonly natural: Ibm3624Fields;
}

/** A PIN block and a reference value that is computed from its PIN. */
export interface ReferencedPin extends PinBlockFields {
  readonly reference: Reference;
}

/** A PIN block and the reference value of its PIN. */
export interface Verification extends ReferencedPin {
  readonly claimed: string;
  readonly maximum: number;
}

export function visaPvv(pvk: KeyField, pan: string, pvki: number): Reference {
  return { method: 'visa', pvk, pan, pvki, digits: 4 };
}

/** @param checkLength number of digits of a new offset */
export function ibm3624Offset(pvk: KeyField, natural: Ibm3624Fields, checkLength: number): Reference {
  return { method: 'ibm3624', pvk, natural, digits: checkLength };
}

/** A PIN block, the reference value of its PIN, and a PIN block with a new PIN. */
export interface PinChange extends Verification {
  readonly newBlock: Buffer;
}

/**
 * Reads a PIN block under a key whose type is in the request, with the PIN verification key between them.
 *
 * @param kind length of a PIN verification key without a scheme
 */
export function typedPinBlock(
  fields: RequestFields,
  kind: { isDouble: boolean },
): Omit<PinBlockFields, 'pan'> & { pvk: KeyField } {
  const key = typedPinKey(fields);
  const pvk = fields.key('PVK', kind);
  const block = pinBlock(fields, key.field);
  const format = pinFormat(fields);
  requireFormatOf(key.field, format);
  return { key, pvk, block, format };
}
