import type { KeyObject } from 'node:crypto';
import { lendSecret } from '../crypto/held-key.js';
import type { Encapsulation } from '../crypto/post-quantum/implementation.js';
import type { MlKemSet, ParameterSet } from '../crypto/post-quantum/parameter-sets.js';
import { mlKemDecapsulate, mlKemEncapsulate, postQuantumPublicKey } from '../crypto/post-quantum/post-quantum.js';
import { rsaDecrypt } from '../crypto/rsa.js';
import { belongTogether } from '../crypto/signature/pair-check.js';
import { signMessage, verifyMessage } from '../crypto/signature/signing-schemes.js';

/**
 * Computations that take milliseconds, which CryptoThread runs. Arguments and results are passed between threads, so they must be
 * values, buffers or OpenSSL's objects.
 */
export const COMPUTATIONS = {
  signMessage,
  verifyMessage,
  rsaDecrypt,
  belongTogether,
  mlKemEncapsulate,
  mlKemDecapsulate: (set: MlKemSet, seed: KeyObject, ciphertext: Buffer): Buffer =>
    lendSecret(seed, (clear) => mlKemDecapsulate(set, clear, ciphertext)),
  postQuantumPublicKey: (set: ParameterSet, seed: KeyObject): Buffer =>
    lendSecret(seed, (clear) => postQuantumPublicKey(set, clear)),
} satisfies Record<string, (...args: never[]) => Buffer | boolean | Encapsulation>;

export type Computations = typeof COMPUTATIONS;
export type Computation = keyof Computations;
