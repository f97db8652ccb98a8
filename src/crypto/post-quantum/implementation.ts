import type { MlDsaSet, MlKemSet, ParameterSet } from './parameter-sets.js';

/** A shared secret with the ciphertext that carries it to the owner of the key. */
export interface Encapsulation {
  /** 32 bytes; the caller must zeroize them. */
  sharedSecret: Buffer;
  ciphertext: Buffer;
}

/**
 * An implementation of ML-DSA and ML-KEM on bare keys: private keys are seeds, which the caller zeroizes, and public keys, signatures
 * and ciphertexts have the lengths of their parameter sets.
 */
export interface PostQuantum {
  publicKey: (set: ParameterSet, seed: Buffer) => Buffer;
  sign: (set: MlDsaSet, seed: Buffer, message: Buffer) => Buffer;
  verify: (set: MlDsaSet, publicKey: Buffer, message: Buffer, signature: Buffer) => boolean;
  encapsulate: (set: MlKemSet, publicKey: Buffer) => Encapsulation;
  decapsulate: (set: MlKemSet, seed: Buffer, ciphertext: Buffer) => Buffer;
}
