import { createHash } from 'node:crypto';
import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';
import { ml_kem1024, ml_kem512, ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { hex, vectors } from '../../../test/support/vectors.js';
import { toHex } from '../bytes.js';
import { NOBLE } from './noble.js';
import { OPENSSL } from './openssl.js';
import { encodePublicKey, type MlDsaSet, type MlKemSet, type ParameterSet } from './parameter-sets.js';
import { mlDsaVerify, mlDsaVerifyMu, mlKemDecapsulate, postQuantumPublicKey } from './post-quantum.js';

interface KeyGeneration {
  set: ParameterSet;
  seed: string;
  publicKey: string;
}
interface Verification {
  set: MlDsaSet;
  publicKey: string;
  message: string;
  context: string;
  signature: string;
  expected: { valid: boolean };
}
interface MuVerification extends Pick<Verification, 'set' | 'publicKey' | 'signature' | 'expected'> {
  mu: string;
}
interface Signing {
  set: MlDsaSet;
  expected: { digest: string };
}
interface EncapsulationVector {
  set: MlKemSet;
  publicKey: string;
  m: string;
  expected: { ciphertext: string; secret: string };
}
interface Decapsulation {
  set: MlKemSet;
  seed: string;
  ciphertext: string;
  expected: { secret: string };
}

const known = <T extends object>(algorithm: string) => vectors<T>('post-quantum-known-answers', algorithm);
const VERIFICATIONS = known<Verification>('ML-DSA sigVer');

/** Node has its own implementation from 24.7 on. */
const IMPLEMENTATIONS = [{ name: '@noble/post-quantum', ...NOBLE }, ...(OPENSSL ? [{ name: 'Node', ...OPENSSL }] : [])];

/** The deterministic functions of @noble/post-quantum that NOBLE calls with fresh randomness. */
const ML_DSA = { ML_DSA_44: ml_dsa44, ML_DSA_65: ml_dsa65, ML_DSA_87: ml_dsa87 };
const ML_KEM = { ML_KEM_512: ml_kem512, ML_KEM_768: ml_kem768, ML_KEM_1024: ml_kem1024 };

const shake256 = (...parts: Buffer[]) =>
  createHash('shake256', { outputLength: 64 }).update(Buffer.concat(parts)).digest();

/** Computes mu of FIPS 204 algorithm 7, line 6, from a message and its context, which algorithm 2 joins. */
function muOf({ publicKey, message, context }: Verification): Buffer {
  const bytes = hex(context);
  return shake256(shake256(hex(publicKey)), Buffer.from([0, bytes.length]), bytes, hex(message));
}

describe.each(IMPLEMENTATIONS)('$name', (implementation) => {
  test.each([...known<KeyGeneration>('ML-DSA keyGen'), ...known<KeyGeneration>('ML-KEM keyGen')])(
    'generates the public key of $id, $source',
    ({ set, seed, publicKey }) => {
      expect(toHex(implementation.publicKey(set, hex(seed)))).toBe(publicKey);
    },
  );

  test.each(VERIFICATIONS.filter(({ context }) => context === ''))(
    'finds the signature valid: $expected.valid, $id',
    ({ set, publicKey, message, signature, expected }) => {
      expect(implementation.verify(set, hex(publicKey), hex(message), hex(signature))).toBe(expected.valid);
    },
  );

  test.each(known<Decapsulation>('ML-KEM decapsulation'))(
    'decapsulates $id, $source',
    ({ set, seed, ciphertext, expected }) => {
      expect(toHex(implementation.decapsulate(set, hex(seed), hex(ciphertext)))).toBe(expected.secret);
    },
  );

  test.each(known<Signing>('ML-DSA sigGen'))(
    'agrees with the deterministic signatures of $id, $source',
    ({ set, expected }) => {
      const seeds = createHash('shake128', { outputLength: 3200 }).digest();
      const digest = createHash('shake128', { outputLength: 32 });
      for (let i = 0; i < seeds.length; i += 32) {
        const seed = seeds.subarray(i, i + 32);
        const publicKey = implementation.publicKey(set, seed);
        const { secretKey } = ML_DSA[set].keygen(seed);
        const signature = ML_DSA[set].sign(Buffer.alloc(0), secretKey, { extraEntropy: false });
        expect(implementation.verify(set, publicKey, Buffer.alloc(0), Buffer.from(signature))).toBe(true);
        digest.update(publicKey).update(signature);
      }
      expect(toHex(digest.digest())).toBe(expected.digest);
    },
    120_000,
  );
});

test.each(known<EncapsulationVector>('ML-KEM encapsulation'))(
  '@noble/post-quantum encapsulates $id with the randomness of the vector, $source',
  ({ set, publicKey, m, expected }) => {
    const { cipherText, sharedSecret } = ML_KEM[set].encapsulate(hex(publicKey), hex(m));
    expect(toHex(Buffer.from(cipherText))).toBe(expected.ciphertext);
    expect(toHex(Buffer.from(sharedSecret))).toBe(expected.secret);
  },
);

describe('the functions of this service', () => {
  test.each(known<KeyGeneration>('ML-KEM keyGen'))('encode the public key of $id', ({ set, seed, publicKey }) => {
    expect(postQuantumPublicKey(set, hex(seed))).toEqual(encodePublicKey(set, hex(publicKey)));
  });

  test.each(known<MuVerification>('ML-DSA sigVer of mu'))(
    'find the signature over the given mu valid: $expected.valid, $id, $source',
    ({ set, publicKey, mu, signature, expected }) => {
      expect(mlDsaVerifyMu(set, encodePublicKey(set, hex(publicKey)), hex(mu), hex(signature))).toBe(expected.valid);
    },
  );

  test.each(VERIFICATIONS)('find the signature over mu valid: $expected.valid, $id', (vector) => {
    const { set, publicKey, signature, expected } = vector;
    const spki = encodePublicKey(set, hex(publicKey));
    expect(mlDsaVerifyMu(set, spki, muOf(vector), hex(signature))).toBe(expected.valid);
  });

  test.each(VERIFICATIONS.filter(({ expected }) => expected.valid))(
    'find a signature valid for a message with an empty context only: $id',
    ({ set, publicKey, message, context, signature }) => {
      const spki = encodePublicKey(set, hex(publicKey));
      expect(mlDsaVerify(set, spki, hex(message), hex(signature))).toBe(context === '');
    },
  );

  test.each(known<Decapsulation>('ML-KEM decapsulation'))('decapsulate $id', ({ set, seed, ciphertext, expected }) => {
    expect(toHex(mlKemDecapsulate(set, hex(seed), hex(ciphertext)))).toBe(expected.secret);
  });
});
