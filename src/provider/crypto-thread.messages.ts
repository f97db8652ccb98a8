import type { CryptoErrorCode } from '../crypto/errors.js';
import type { Computation } from './computations.js';

/** Messages between CryptoThread and its thread. Buffers arrive as Uint8Array: see `buffersOf`. */
export interface Request {
  id: number;
  name: Computation;
  args: readonly unknown[];
}

export type Response = { id: number } & (
  { result: unknown } | { refusal: { code: CryptoErrorCode; message: string } } | { failure: string }
);

/**
 * Copies the buffers in a message, so that they can be transferred: a buffer may be part of Node's pool, which would be
 * copied to the other thread as a whole.
 */
export function transferable<T>(message: T): { message: T; transfer: ArrayBuffer[] } {
  const transfer: ArrayBuffer[] = [];
  const copy = mapBytes(message, (bytes) => {
    const own = Uint8Array.from(bytes);
    transfer.push(own.buffer);
    return own;
  });
  return { message: copy, transfer };
}

/** Wraps the bytes of a received message in Buffers without copying them. */
export function buffersOf<T>(message: T): T {
  return mapBytes(message, ({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength));
}

/** Zeroizes the bytes of a copied message. */
export function zeroize(message: unknown): void {
  mapBytes(message, (bytes) => bytes.fill(0));
}

function mapBytes<T>(value: T, map: (bytes: Uint8Array) => Uint8Array): T {
  const mapped = (each: unknown): unknown => {
    if (each instanceof Uint8Array) return map(each);
    if (Array.isArray(each)) return each.map(mapped);
    // Other objects, such as keys, are passed unchanged.
    if (typeof each !== 'object' || each === null || Object.getPrototypeOf(each) !== Object.prototype) return each;
    return Object.fromEntries(Object.entries(each).map(([name, member]) => [name, mapped(member)]));
  };
  return mapped(value) as T;
}
