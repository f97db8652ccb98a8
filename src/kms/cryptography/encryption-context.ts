import { ValidationException } from '../../errors/exceptions.js';
import type { EncryptionContext } from '../fields.js';
import { isSymmetric } from '../keys/key-specs.js';
import type { NewKmsKey } from '../keys/kms-key.entity.js';

/**
 * Returns the canonical form of an encryption context: its pairs sorted by name, each string preceded by its length in
 * bytes, so that different contexts have different forms. A missing and an empty context are equivalent.
 */
export function canonicalContext(context: EncryptionContext = {}): Buffer {
  const names = Object.keys(context);
  if (names.length === 0) return NONE;
  if (names.length > 1) names.sort((a, b) => Buffer.from(a).compare(Buffer.from(b)));
  let bytes = 0;
  for (const name of names)
    bytes += 2 * LENGTH_BYTES + Buffer.byteLength(name) + Buffer.byteLength(context[name] ?? '');
  const canonical = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const name of names) at = append(canonical, append(canonical, at, name), context[name] ?? '');
  return canonical;
}

/** Appends a string after its length. @returns the position after it */
function append(target: Buffer, at: number, text: string): number {
  const length = target.write(text, at + LENGTH_BYTES);
  target.writeUInt32BE(length, at);
  return at + LENGTH_BYTES + length;
}

const NONE = Buffer.alloc(0);
const LENGTH_BYTES = 4;

/** @throws ValidationException for an encryption context with a key that doesn't support it */
export function refuseContext(key: NewKmsKey, context: EncryptionContext | undefined): void {
  if (context && !isSymmetric(key))
    throw new ValidationException('EncryptionContext is for symmetric encryption keys only.');
}
