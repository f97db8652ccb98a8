import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';
import { ml_kem1024, ml_kem512, ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import type { PostQuantum } from './implementation.js';
import type { MlDsaSet } from './parameter-sets.js';

const ML_DSA = { ML_DSA_44: ml_dsa44, ML_DSA_65: ml_dsa65, ML_DSA_87: ml_dsa87 };
const ML_KEM = { ML_KEM_512: ml_kem512, ML_KEM_768: ml_kem768, ML_KEM_1024: ml_kem1024 };
const ALL = { ...ML_DSA, ...ML_KEM };

/** The implementation of @noble/post-quantum, in JavaScript. The duration of signing depends on the key. */
export const NOBLE: PostQuantum = {
  publicKey(set, seed) {
    const { publicKey, secretKey } = ALL[set].keygen(seed);
    secretKey.fill(0);
    return Buffer.from(publicKey);
  },

  sign: (set, seed, message) =>
    withSecretKey(ML_DSA[set], seed, (secretKey) => Buffer.from(ML_DSA[set].sign(message, secretKey))),

  verify: (set, publicKey, message, signature) => ML_DSA[set].verify(signature, message, publicKey),

  encapsulate(set, publicKey) {
    const { sharedSecret, cipherText } = ML_KEM[set].encapsulate(publicKey);
    return { sharedSecret: bufferOf(sharedSecret), ciphertext: bufferOf(cipherText) };
  },

  decapsulate: (set, seed, ciphertext) =>
    withSecretKey(ML_KEM[set], seed, (secretKey) => bufferOf(ML_KEM[set].decapsulate(ciphertext, secretKey))),
};

/**
 * Signs and verifies over mu, the digest of the public key and the message in FIPS 204, with an empty context:
 * algorithms 7 and 8 from line 7 on. Node has neither.
 */
export function signMu(set: MlDsaSet, seed: Buffer, mu: Buffer): Buffer {
  return withSecretKey(ML_DSA[set], seed, (secretKey) =>
    Buffer.from(ML_DSA[set].internal.sign(mu, secretKey, { externalMu: true })),
  );
}

export function verifyMu(set: MlDsaSet, publicKey: Buffer, mu: Buffer, signature: Buffer): boolean {
  return ML_DSA[set].internal.verify(signature, mu, publicKey, { externalMu: true });
}

interface Generator {
  keygen(seed: Buffer): { secretKey: Uint8Array };
}

function withSecretKey(scheme: Generator, seed: Buffer, compute: (secretKey: Uint8Array) => Buffer): Buffer {
  const { secretKey } = scheme.keygen(seed);
  try {
    return compute(secretKey);
  } finally {
    secretKey.fill(0);
  }
}

/** It isn't copied, so that zeroizing it leaves no copy. */
function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
