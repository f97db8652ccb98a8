import { createHash, randomBytes } from 'node:crypto';
import { hex, vectors } from '../../../test/support/vectors.js';
import type { PostQuantum } from './implementation.js';
import { NOBLE } from './noble.js';
import { OPENSSL } from './openssl.js';
import {
  decodePublicKey,
  encodePublicKey,
  encodeSeed,
  type MlDsaSet,
  type MlKemSet,
  type ParameterSet,
  PARAMETERS,
} from './parameter-sets.js';
import {
  mlDsaSign,
  mlDsaSignMu,
  mlDsaVerify,
  mlDsaVerifyMu,
  mlKemDecapsulate,
  mlKemEncapsulate,
  postQuantumPublicKey,
} from './post-quantum.js';

interface MlDsaVector {
  set: MlDsaSet;
  seed: string;
  publicKey: string;
  message: string;
  mu: string;
  expected: { signature: string };
}
interface MlKemVector {
  set: MlKemSet;
  seed: string;
  publicKey: string;
  ciphertext: string;
  expected: { secret: string; secretOfAltered: string };
}

const ML_DSA = vectors<MlDsaVector>('post-quantum', 'ML-DSA');
const ML_KEM = vectors<MlKemVector>('post-quantum', 'ML-KEM');
const SETS = Object.keys(PARAMETERS) as ParameterSet[];
const code = (expected: string) => expect.objectContaining({ name: 'CryptoError', code: expected }) as Error;

function altered(bytes: Buffer, index = 0): Buffer {
  const copy = Buffer.from(bytes);
  copy[index] = (copy[index] ?? 0) ^ 1;
  return copy;
}

describe.each(ML_DSA)('$set', ({ set, seed: seedHex, publicKey, message: messageHex, mu: muHex, expected }) => {
  const [seed, spki, message, mu] = [seedHex, publicKey, messageHex, muHex].map(hex) as [
    Buffer,
    Buffer,
    Buffer,
    Buffer,
  ];
  const signature = hex(expected.signature);

  test('the public key of the seed is that of OpenSSL', () => {
    expect(postQuantumPublicKey(set, seed)).toEqual(spki);
  });

  test('a signature of OpenSSL is valid for the message and for its mu, and for nothing else', () => {
    expect(mlDsaVerify(set, spki, message, signature)).toBe(true);
    expect(mlDsaVerifyMu(set, spki, mu, signature)).toBe(true);
    expect(mlDsaVerify(set, spki, altered(message), signature)).toBe(false);
    expect(mlDsaVerifyMu(set, spki, altered(mu), signature)).toBe(false);
    expect(mlDsaVerify(set, spki, mu, signature)).toBe(false);
  });

  test.each([0, 100, -1])('a signature with byte %d changed is refused', (index) => {
    const at = index < 0 ? signature.length + index : index;
    expect(mlDsaVerify(set, spki, message, altered(signature, at))).toBe(false);
  });

  test('a signature of another length is refused', () => {
    for (const other of [signature.subarray(1), Buffer.concat([signature, Buffer.alloc(1)]), Buffer.alloc(0)]) {
      expect(mlDsaVerify(set, spki, message, other)).toBe(false);
      expect(mlDsaVerifyMu(set, spki, mu, other)).toBe(false);
    }
  });

  test('signatures over the message and over its mu are each valid for both, and differ each time', () => {
    const signatures = [mlDsaSign(set, seed, message), mlDsaSign(set, seed, message), mlDsaSignMu(set, seed, mu)];
    for (const each of signatures) {
      expect(mlDsaVerify(set, spki, message, each)).toBe(true);
      expect(mlDsaVerifyMu(set, spki, mu, each)).toBe(true);
    }
    expect(new Set(signatures.map((each) => each.toString('hex'))).size).toBe(3);
  });

  test('a mu that is not 64 bytes is refused', () => {
    for (const other of [mu.subarray(1), Buffer.concat([mu, mu]), Buffer.alloc(0)]) {
      expect(() => mlDsaSignMu(set, seed, other)).toThrow(code('DATA_LENGTH'));
      expect(() => mlDsaVerifyMu(set, spki, other, signature)).toThrow(code('DATA_LENGTH'));
    }
  });

  test('mu is the digest of FIPS 204 algorithm 7', () => {
    const shake = (bytes: Buffer) => createHash('shake256', { outputLength: 64 }).update(bytes).digest();
    const bare = decodePublicKey(set, spki);
    expect(shake(Buffer.concat([shake(bare), Buffer.from([0, 0]), message]))).toEqual(mu);
  });
});

describe.each(ML_KEM)('$set', ({ set, seed: seedHex, publicKey, ciphertext: ciphertextHex, expected }) => {
  const [seed, spki, ciphertext] = [seedHex, publicKey, ciphertextHex].map(hex) as [Buffer, Buffer, Buffer];

  test('the public key of the seed is that of OpenSSL', () => {
    expect(postQuantumPublicKey(set, seed)).toEqual(spki);
  });

  test('a secret that OpenSSL encapsulated is recovered', () => {
    expect(mlKemDecapsulate(set, seed, ciphertext)).toEqual(hex(expected.secret));
  });

  test('an altered ciphertext gives the secret of the implicit rejection, the same each time', () => {
    for (let i = 0; i < 2; i++)
      expect(mlKemDecapsulate(set, seed, altered(ciphertext))).toEqual(hex(expected.secretOfAltered));
  });

  test('an encapsulated secret is recovered, and differs each time', () => {
    const first = mlKemEncapsulate(set, spki);
    const second = mlKemEncapsulate(set, spki);
    expect(mlKemDecapsulate(set, seed, first.ciphertext)).toEqual(first.sharedSecret);
    expect(first.sharedSecret).toHaveLength(32);
    expect(second.sharedSecret).not.toEqual(first.sharedSecret);
  });

  test('a ciphertext of another length is refused', () => {
    for (const other of [ciphertext.subarray(1), Buffer.concat([ciphertext, Buffer.alloc(1)]), Buffer.alloc(0)])
      expect(() => mlKemDecapsulate(set, seed, other)).toThrow(code('DATA_LENGTH'));
  });

  test('a public key with a coefficient that is not below the modulus is refused', () => {
    const bare = Buffer.from(decodePublicKey(set, spki)).fill(0xff, 0, 3);
    expect(() => mlKemEncapsulate(set, encodePublicKey(set, bare))).toThrow(code('KEY_TYPE'));
  });
});

describe.each(SETS)('keys of %s', (set) => {
  const { seedBytes, publicKeyBytes } = PARAMETERS[set];
  const isKem = set.startsWith('ML_KEM');

  test('have DER of the lengths of RFC 9881 and RFC 9935', () => {
    const seed = randomBytes(seedBytes);
    const pkcs8 = encodeSeed(set, seed);
    expect(pkcs8).toHaveLength(isKem ? 86 : 54);
    expect(pkcs8.subarray(-seedBytes)).toEqual(seed);
    expect(encodePublicKey(set, Buffer.alloc(publicKeyBytes))).toHaveLength(publicKeyBytes + 22);
  });

  test('with a seed of another length are refused', () => {
    for (const length of [0, seedBytes - 1, seedBytes + 1]) {
      expect(() => encodeSeed(set, Buffer.alloc(length))).toThrow(code('KEY_LENGTH'));
      expect(() => postQuantumPublicKey(set, Buffer.alloc(length))).toThrow(code('KEY_LENGTH'));
    }
  });

  test('that are not public keys of the set are refused', () => {
    const spki = encodePublicKey(set, Buffer.alloc(publicKeyBytes));
    const other = encodePublicKey(set === 'ML_KEM_512' ? 'ML_KEM_768' : 'ML_KEM_512', Buffer.alloc(publicKeyBytes));
    const short = encodePublicKey(set, Buffer.alloc(publicKeyBytes - 1));
    for (const each of [other, short, spki.subarray(1), Buffer.concat([spki, Buffer.alloc(1)]), Buffer.alloc(0)])
      expect(() => decodePublicKey(set, each)).toThrow(code('KEY_TYPE'));
  });
});

test('Node has its own implementation from 24.7 on', () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  expect(OPENSSL !== undefined).toBe(major > 24 || (major === 24 && minor >= 7));
});

if (OPENSSL) bothAgree(OPENSSL);

function bothAgree(openssl: PostQuantum): void {
  const message = Buffer.from('a message');

  test.each(SETS)('both implementations agree on the public key of a seed of %s', (set) => {
    const seed = randomBytes(PARAMETERS[set].seedBytes);
    expect(NOBLE.publicKey(set, seed)).toEqual(openssl.publicKey(set, seed));
  });

  test.each(ML_DSA)('both implementations agree on signatures of $set', ({ set }) => {
    const seed = randomBytes(32);
    const publicKey = NOBLE.publicKey(set, seed);
    expect(openssl.verify(set, publicKey, message, NOBLE.sign(set, seed, message))).toBe(true);
    expect(NOBLE.verify(set, publicKey, message, openssl.sign(set, seed, message))).toBe(true);
  });

  test.each(ML_KEM)('both implementations agree on secrets of $set, and on those of altered ciphertexts', ({ set }) => {
    const seed = randomBytes(64);
    const publicKey = openssl.publicKey(set, seed);
    for (const [maker, opener] of [[NOBLE, openssl] as const, [openssl, NOBLE] as const]) {
      const { sharedSecret, ciphertext } = maker.encapsulate(set, publicKey);
      expect(opener.decapsulate(set, seed, ciphertext)).toEqual(sharedSecret);
      expect(opener.decapsulate(set, seed, altered(ciphertext))).toEqual(
        maker.decapsulate(set, seed, altered(ciphertext)),
      );
    }
  });
}
