import { randomBytes } from 'node:crypto';
import { aes } from './aes.js';
import { equal, toHex, xor } from './bytes.js';
import { CryptoError } from './errors.js';
import { kcvCmac } from './kcv.js';

const KEY_BYTES = 32;

/** A component of an AES-256 key: 32 random bytes, the caller's to zeroize. */
export function generateComponent(): Buffer {
  return randomBytes(KEY_BYTES);
}

/**
 * An AES-256 key from the components that different people hold: their XOR, so that none of them tells anything about it
 * (split knowledge, ANSI X9.24-1:2017 section 7.5).
 *
 * @param components two or three, 32 bytes each; stay the caller's to zeroize
 * @returns 32 bytes, the caller's to zeroize
 * @throws CryptoError KEY_COMPONENTS
 */
export function combineComponents(components: readonly Buffer[]): Buffer {
  if (components.length < 2 || components.length > 3) throw refused('A key has two or three components');
  for (const [i, component] of components.entries()) {
    checkComponent(component);
    if (components.slice(0, i).some((other) => equal(other, component)))
      throw refused('Two components are the same and cancel each other out: each has its own holder and its own value');
  }
  const key = Buffer.alloc(KEY_BYTES);
  for (const component of components) {
    const sum = xor(key, component);
    sum.copy(key);
    sum.fill(0);
  }
  if (isZero(key)) throw refused('The components cancel each other out: together they make a key of zeros');
  return key;
}

/** @throws CryptoError KEY_COMPONENTS for what is no component: another length, or only zeros */
export function checkComponent(component: Buffer): void {
  if (component.length !== KEY_BYTES) throw refused('A component has 32 bytes, 64 hexadecimal digits');
  if (isZero(component)) throw refused('A component of zeros leaves the key to the other holders: use a random one');
}

/** Key check value of a component or of the whole key: by CMAC (ANSI X9.24-1:2017 Annex A), 6 upper-case hexadecimal digits. */
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
