import { toHex } from '../../crypto/bytes.js';
import { CryptoError } from '../../crypto/errors.js';
import { EXIT, Failure } from '../failure.js';

/** Runs a computation, and reports an invalid argument as a usage error. */
export function calculated<T>(compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    if (error instanceof CryptoError) throw new Failure(EXIT.usage, `${error.message}.`);
    throw error;
  }
}

/** Formats bytes in groups of four digits, as people read them. */
export function grouped(bytes: Buffer): string {
  return toHex(bytes).replace(/(.{4})(?=.)/g, '$1 ');
}
