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
import type { PinChange, Reference, ReferencedPin, Verification } from '../layouts/pin-verification.js';
import type { KeyField } from '../layouts/request-fields.js';
import { ibm3624Arguments, offsetField, requireAtMost } from './pin-fields.js';
import { findPinKey, PIN_KEY_RULES, pvkNeeds, type PvkPurpose } from './pin-keys.js';

/** Computes the reference value of the first digits of a PIN; a PVV has 4 of them. */
type ReferenceOf = (pvk: SymmetricKey, pin: string, digits: number) => string;

/**
 * Returns the function that computes a reference value.
 *
 * @throws HostError 25 for a decimalisation table that reveals PINs
 */
export function referenceOf(host: HostCall, reference: Reference): ReferenceOf {
  if (reference.method === 'visa') {
    const { pan, pvki } = reference;
    return (key, pin) => pvv(key, { pan, pvki, pin });
  }
  const from = ibm3624Arguments(reference.natural, host);
  return (key, pin, digits) => pinOffset(key, from, pin.slice(0, digits));
}

/**
 * Verifies the PIN of a PIN block. An offset is compared with the offset of as many PIN digits as it has itself, which
 * are at least 4 because of the check length; a shorter PIN fails.
 *
 * @throws VerificationFailedException; HostError 24 for a PIN that is longer than the maximum; CryptoError PIN_BLOCK
 */
export function verify(host: HostCall, request: Verification): Reply | Promise<Reply> {
  const compute = referenceOf(host, request.reference);
  return withPin(host, request, 'verifies', (pin, pvk) => {
    requireAtMost(request.maximum, pin.length);
    requireClaimed(compute, pvk, pin, request.claimed);
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
  const compute = referenceOf(host, reference);
  return withPin(host, request, 'generates', (pin, pvk) => [newReference(reference, compute, pvk, pin)]);
}

/**
 * Verifies the PIN of a PIN block and computes the reference value of a new one.
 *
 * @throws as `verify`
 */
export function changePin(host: HostCall, request: PinChange): Reply | Promise<Reply> {
  const { reference, format, pan, newBlock } = request;
  const compute = referenceOf(host, reference);
  return withPin(host, request, 'changes', (pin, pvk, cipher) => {
    requireClaimed(compute, pvk, pin, request.claimed);
    const newPin = decryptPinBlock(cipher, format, { block: newBlock, pan });
    return [newReference(reference, compute, pvk, newPin)];
  });
}

/** @throws VerificationFailedException */
function requireClaimed(compute: ReferenceOf, pvk: SymmetricKey, pin: string, claimed: string): void {
  if (!equal(Buffer.from(compute(pvk, pin, claimed.length)), Buffer.from(claimed))) throw wrongPin();
}

/** Returns the failure that is counted and has the reply 01. */
export function wrongPin(): VerificationFailedException {
  return new VerificationFailedException('Pin block verification failed.', 'INVALID_PIN');
}

/** Returns the reference value of a new PIN for a reply. @throws HostError 24 for a PIN that is shorter than it */
export function newReference(
  { method, digits }: Reference,
  compute: ReferenceOf,
  pvk: SymmetricKey,
  pin: string,
): ReplyField {
  if (pin.length < digits) throw new HostError('24', 'The PIN is shorter than the check length');
  const value = compute(pvk, pin, digits);
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
  const { method } = reference;
  const account =
    method === 'visa' ? { referencePan: reference.pan } : { validationData: reference.natural.validationData };
  const needs = pvkNeeds(method, purpose, '11');
  // A PIN change reveals if the current PIN is right, so the caller also needs the permission to verify it.
  const verifying = purpose === 'changes' ? host.as('VerifyPinData') : host;
  return whenReady(findPinKey(verifying, key, PIN_KEY_RULES.verifies, format), (pek) =>
    whenReady(findPvk(host, verifying, reference.pvk, needs), (pvk) => {
      const attempt = { keyArns: [pvk.arn, pek.arn], pan, ...account };
      const fields = host.services.verifications.attempt(host.call, attempt, () =>
        underPinKey(pek, (cipher) =>
          pvk.use((clear) => compute(decryptPinBlock(cipher, format, { block, pan }), clear, cipher)),
        ),
      );
      return whenReady(fields, (fields) => (method === 'ibm3624' ? ibm3624Reply(pvk, fields) : { fields }));
    }),
  );
}
