import { randomBytes } from 'node:crypto';
import { aes } from './aes.js';
import { equal, toHex, xor } from './bytes.js';
import { CryptoError } from './errors.js';
import { kcvCmac } from './kcv.js';

const KEY_BYTES = 32;

/** Generates a component of an AES-256 key: 32 random bytes, which the caller must zeroize. */
export function generateComponent(): Buffer {
  return randomBytes(KEY_BYTES);
}

/**
 * Combines the components held by different people into a key by XOR, so that no component reveals anything about the
 * key (split knowledge, ANSI X9.24-1:2017 section 7.5).
 *
 * @param components two or three of `keyBytes` each; the caller zeroizes them
 * @param keyBytes   length of the key; that of an AES-256 key by default
 * @returns the key; the caller must zeroize it
 * @throws CryptoError KEY_COMPONENTS
 */
export function combineComponents(components: readonly Buffer[], keyBytes = KEY_BYTES): Buffer {
  if (components.length < 2 || components.length > 3) throw refused('A key has two or three components');
  return xorComponents(components, keyBytes);
}

/**
 * Combines any number of components by XOR, as combineComponents does.
 *
 * @param components at least two of `keyBytes` each; the caller zeroizes them
 * @returns the key; the caller must zeroize it
 * @throws CryptoError KEY_COMPONENTS for equal components, and for components that cancel each other out
 */
export function xorComponents(components: readonly Buffer[], keyBytes: number): Buffer {
  for (const [i, component] of components.entries()) {
    checkComponent(component, keyBytes);
    if (components.slice(0, i).some((other) => equal(other, component)))
      throw refused('Two components are the same and cancel each other out: each has its own holder and its own value');
  }
  const key = Buffer.alloc(keyBytes);
  for (const component of components) {
    const sum = xor(key, component);
    sum.copy(key);
    sum.fill(0);
  }
  if (isZero(key)) throw refused('The components cancel each other out: together they make a key of zeros');
  return key;
}

/** Checks one component. @throws CryptoError KEY_COMPONENTS when it is not `keyBytes` long or is all zeros */
export function checkComponent(component: Buffer, keyBytes = KEY_BYTES): void {
  if (component.length !== keyBytes)
    throw refused(`A component has ${keyBytes} bytes, ${2 * keyBytes} hexadecimal digits`);
  if (isZero(component)) throw refused('A component of zeros leaves the key to the other holders: use a random one');
}

/**
 * Computes the CMAC key check value of a component or the whole key (ANSI X9.24-1:2017 Annex A) as 6 upper-case
 * hexadecimal digits.
 */
export function componentCheckValue(key: Buffer): string {
  using cipher = aes(key);
  return toHex(kcvCmac(cipher));
}

function isZero(bytes: Buffer): boolean {
  return equal(bytes, Buffer.alloc(bytes.length));
}

function refused(message: string): CryptoError {
  return new CryptoError('KEY_COMPONENTS', message);
}
