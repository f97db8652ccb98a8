import type { BlockCipher } from '../../crypto/block-cipher.js';
import { equal } from '../../crypto/bytes.js';
import type { SymmetricKey } from '../../crypto/held-key.js';
import { pinOffset } from '../../crypto/ibm3624.js';
import { decryptPinBlock } from '../../crypto/pin-block.js';
import { pvv } from '../../crypto/pvv.js';
import { VerificationFailedException } from '../../errors/exceptions.js';
import { underPinKey } from '../../payment/dataplane/pin/pin-blocks.js';
import type { Synchronous } from '../../provider/crypto-provider.js';
import { whenReady } from '../../when-ready.js';
import type { HostCall, HostKey, KeyNeeds, Reply, ReplyField } from '../command.js';
import { HostError } from '../host-error.js';
import type { KeyField, RequestFields } from '../request-fields.js';
import {
  type Ibm3624Fields,
  ibm3624Arguments,
  offsetField,
  pinBlock,
  pinFormat,
  type PinFormat,
  requireAtMost,
  requireFormatOf,
} from './pin-fields.js';
import {
  findPinKey,
  PIN_KEY_RULES,
  type PinKey,
  type PinMethod,
  pvkNeeds,
  type PvkPurpose,
  typedPinKey,
} from './pin-keys.js';

/** An encrypted PIN block of a request. */
export interface PinBlockFields {
  readonly key: PinKey;
  readonly block: Buffer;
  readonly format: PinFormat;
  readonly pan: string;
}

/** The reference value against which a PIN is verified: a Visa PVV or an IBM 3624 offset. */
export interface Reference {
  readonly method: PinMethod;
  readonly pvk: KeyField;
  /** Number of digits of a new reference value. */
  readonly digits: number;
  /** Returns the function that computes it. @throws HostError 25 for a decimalisation table that reveals PINs */
  readonly of: (host: HostCall) => ReferenceOf;
  /** Account of a PVV. */
  readonly pan?: string;
  /** Data of the account from which an IBM 3624 PIN is computed. */
  readonly validationData?: string;
}

/** Computes the reference value of the first digits of a PIN; a PVV has 4 of them. */
type ReferenceOf = (pvk: SymmetricKey, pin: string, digits: number) => string;

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
  return { method: 'visa', pvk, pan, digits: 4, of: () => (key, pin) => pvv(key, { pan, pvki, pin }) };
}

/** @param checkLength number of digits of a new offset */
export function ibm3624Offset(pvk: KeyField, fields: Ibm3624Fields, checkLength: number): Reference {
  return {
    method: 'ibm3624',
    pvk,
    validationData: fields.validationData,
    digits: checkLength,
    of: (host) => {
      const from = ibm3624Arguments(fields, host);
      return (key, pin, digits) => pinOffset(key, from, pin.slice(0, digits));
    },
  };
}

/**
 * Verifies the PIN of a PIN block. An offset is compared with the offset of as many PIN digits as it has itself, which
 * are at least 4 because of the check length; a shorter PIN fails.
 *
 * @throws VerificationFailedException; HostError 24 for a PIN that is longer than the maximum; CryptoError PIN_BLOCK
 */
export function verify(host: HostCall, request: Verification): Reply | Promise<Reply> {
  const referenceOf = request.reference.of(host);
  return withPin(host, request, 'verifies', (pin, pvk) => {
    requireAtMost(request.maximum, pin.length);
    requireClaimed(referenceOf, pvk, pin, request.claimed);
    return [];
  });
}

/**
 * Computes the reference value of the PIN of a PIN block.
 *
 * @throws HostError 24 for a PIN that is shorter than the offset; CryptoError PIN_BLOCK
 */
export function generateReference(host: HostCall, request: ReferencedPin): Reply | Promise<Reply> {
  const { reference } = request;
  const referenceOf = reference.of(host);
  return withPin(host, request, 'generates', (pin, pvk) => [newReference(reference, referenceOf, pvk, pin)]);
}

/** A PIN block, the reference value of its PIN, and a PIN block with a new PIN. */
export interface PinChange extends Verification {
  readonly newBlock: Buffer;
}

/**
 * Verifies the PIN of a PIN block and computes the reference value of a new one.
 *
 * @throws as `verify`
 */
export function changePin(host: HostCall, request: PinChange): Reply | Promise<Reply> {
  const { reference, format, pan, newBlock } = request;
  const referenceOf = reference.of(host);
  return withPin(host, request, 'changes', (pin, pvk, cipher) => {
    requireClaimed(referenceOf, pvk, pin, request.claimed);
    const newPin = decryptPinBlock(cipher, format, { block: newBlock, pan });
    return [newReference(reference, referenceOf, pvk, newPin)];
  });
}

/** @throws VerificationFailedException */
function requireClaimed(referenceOf: ReferenceOf, pvk: SymmetricKey, pin: string, claimed: string): void {
  if (!equal(Buffer.from(referenceOf(pvk, pin, claimed.length)), Buffer.from(claimed))) throw wrongPin();
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

/** Returns the failure that is counted and has the reply 01. */
export function wrongPin(): VerificationFailedException {
  return new VerificationFailedException('Pin block verification failed.', 'INVALID_PIN');
}

/** Returns the reference value of a new PIN for a reply. @throws HostError 24 for a PIN that is shorter than it */
export function newReference(
  { method, digits }: Reference,
  referenceOf: ReferenceOf,
  pvk: SymmetricKey,
  pin: string,
): ReplyField {
  if (pin.length < digits) throw new HostError('24', 'The PIN is shorter than the check length');
  const value = referenceOf(pvk, pin, digits);
  return method === 'visa' ? ['PVV', value] : ['offset', offsetField(value)];
}

/** Returns a reply, with a warning if the PIN verification key isn't a legacy single-length key. */
export function ibm3624Reply({ bytes }: HostKey, fields: readonly ReplyField[]): Reply {
  return bytes === 8 ? { fields } : { code: '02', fields };
}

/** Finds a PIN verification key, which both operations must be allowed to use. */
function findPvk(host: HostCall, verifying: HostCall, field: KeyField, needs: KeyNeeds): HostKey | Promise<HostKey> {
  if (verifying === host) return host.key(field, needs);
  return whenReady(verifying.key(field, needs), () => host.key(field, needs));
}

/** Finds both keys, and lends them with the PIN of the block to a computation that may fail for a wrong PIN. */
function withPin(
  host: HostCall,
  { key, block, format, pan, reference }: ReferencedPin,
  purpose: PvkPurpose,
  compute: (pin: string, pvk: SymmetricKey, cipher: BlockCipher) => Synchronous<readonly ReplyField[]>,
): Reply | Promise<Reply> {
  const { method, pan: referencePan, validationData } = reference;
  const needs = pvkNeeds(method, purpose, '11');
  // A PIN change reveals if the current PIN is right, so the caller also needs the permission to verify it.
  const verifying = purpose === 'changes' ? host.as('VerifyPinData') : host;
  return whenReady(findPinKey(verifying, key, PIN_KEY_RULES.verifies, format), (pek) =>
    whenReady(findPvk(host, verifying, reference.pvk, needs), (pvk) => {
      const attempt = { keyArns: [pvk.arn, pek.arn], pan, referencePan, ...(validationData && { validationData }) };
      const fields = host.services.verifications.attempt(host.call, attempt, () =>
        underPinKey(pek, (cipher) =>
          pvk.use((clear) => compute(decryptPinBlock(cipher, format, { block, pan }), clear, cipher)),
        ),
      );
      return whenReady(fields, (fields) => (method === 'ibm3624' ? ibm3624Reply(pvk, fields) : { fields }));
    }),
  );
}
