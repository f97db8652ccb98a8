import {
  constants,
  createHash,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  privateEncrypt,
  sign,
  verify,
} from 'node:crypto';
import { bitFlips, hex, vectors } from '../../../test/support/vectors.js';
import { integer, octetString, oid, sequence, unsignedInteger } from '../asn1.js';
import { encodeSeed } from '../post-quantum/parameter-sets.js';
import { postQuantumPublicKey } from '../post-quantum/post-quantum.js';
import {
  type MessageType,
  requireMessage,
  SIGNING_SCHEMES,
  type SigningScheme,
  signMessage,
  verifyMessage,
} from './signing-schemes.js';

const code = (expected: string) => expect.objectContaining({ name: 'CryptoError', code: expected }) as Error;
const MESSAGE = Buffer.from('a message to sign');
const raw = { bytes: MESSAGE, type: 'RAW' } as const;
const digestOf = (hash: string, message: Buffer = MESSAGE) =>
  ({ bytes: createHash(hash).update(message).digest(), type: 'DIGEST' }) as const;

const rsaPair = generateKeyPairSync('rsa', { modulusLength: 2048 });

describe.each(['256', '384', '512'] as const)('RSA with SHA-%s', (bits) => {
  const hash = `sha${bits}`;
  const paddings = {
    [`RSASSA_PKCS1_V1_5_SHA_${bits}`]: { padding: constants.RSA_PKCS1_PADDING },
    [`RSASSA_PSS_SHA_${bits}`]: {
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
    },
  } as Record<SigningScheme, { padding: number; saltLength?: number }>;

  describe.each(Object.entries(paddings) as [SigningScheme, object][])('%s', (scheme, padding) => {
    test.each([raw, digestOf(hash)])('Node verifies what we sign over $type', (message) => {
      const signature = signMessage(scheme, rsaPair.privateKey, message);
      expect(verify(hash, MESSAGE, { key: rsaPair.publicKey, ...padding }, signature)).toBe(true);
    });

    test.each([raw, digestOf(hash)])('we verify what Node signs over $type', (message) => {
      const signature = sign(hash, MESSAGE, { key: rsaPair.privateKey, ...padding });
      expect(verifyMessage(scheme, rsaPair.publicKey, message, signature)).toBe(true);
      expect(verifyMessage(scheme, rsaPair.publicKey, { ...raw, bytes: Buffer.from('another') }, signature)).toBe(
        false,
      );
    });

    test('a signature with any bit changed is refused', () => {
      const signature = signMessage(scheme, rsaPair.privateKey, raw);
      for (const changed of bitFlips(signature).filter((_, bit) => bit % 37 === 0))
        expect(verifyMessage(scheme, rsaPair.publicKey, raw, changed)).toBe(false);
    });

    test('a value that is not a number below the modulus is refused', () => {
      const signature = signMessage(scheme, rsaPair.privateKey, raw);
      const others = [signature.subarray(1), Buffer.concat([Buffer.alloc(1), signature]), Buffer.alloc(256, 0xff)];
      for (const other of others) expect(verifyMessage(scheme, rsaPair.publicKey, raw, other)).toBe(false);
    });

    test('a signature with another hash or scheme is refused', () => {
      for (const other of Object.keys(SIGNING_SCHEMES).filter((name) => name.startsWith('RSA') && name !== scheme)) {
        const signature = signMessage(other as SigningScheme, rsaPair.privateKey, raw);
        expect(verifyMessage(scheme, rsaPair.publicKey, raw, signature)).toBe(false);
      }
    });
  });
});

test.each([0, 20, 31, 33, 222])('PSS with a salt of %d bytes is refused', (saltLength) => {
  const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
  const signature = sign('sha256', MESSAGE, { key: rsaPair.privateKey, ...padding });
  expect(verifyMessage('RSASSA_PSS_SHA_256', rsaPair.publicKey, raw, signature)).toBe(false);
});

test('PKCS #1 v1.5 with anything but the one encoding of the digest is refused', () => {
  const digest = digestOf('sha256').bytes;
  const info = (parameters: Buffer[], value = digest) =>
    sequence(sequence(oid('2.16.840.1.101.3.4.2.1'), ...parameters), octetString(value));
  const NULL = Buffer.from([5, 0]);
  const signed = (encoding: Buffer) => privateEncrypt(rsaPair.privateKey, encoding);
  expect(verifyMessage('RSASSA_PKCS1_V1_5_SHA_256', rsaPair.publicKey, raw, signed(info([NULL])))).toBe(true);
  for (const encoding of [
    info([]),
    digest,
    Buffer.concat([info([NULL]), Buffer.alloc(8)]),
    info([NULL], digest.subarray(1)),
  ])
    expect(verifyMessage('RSASSA_PKCS1_V1_5_SHA_256', rsaPair.publicKey, raw, signed(encoding))).toBe(false);
});

test.each([3072, 4096])('a modulus of %d bits signs and verifies as Node does', (modulusLength) => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength });
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 };
  const signature = signMessage('RSASSA_PSS_SHA_512', privateKey, raw);
  expect(verify('sha512', MESSAGE, { key: publicKey, ...pss }, signature)).toBe(true);
  const nodes = sign('sha512', MESSAGE, { key: privateKey, ...pss });
  expect(verifyMessage('RSASSA_PSS_SHA_512', publicKey, digestOf('sha512'), nodes)).toBe(true);
});

const ECDSA = [
  ['prime256v1', 'ECDSA_SHA_256', 'sha256'],
  ['secp256k1', 'ECDSA_SHA_256', 'sha256'],
  ['secp384r1', 'ECDSA_SHA_384', 'sha384'],
  ['secp521r1', 'ECDSA_SHA_512', 'sha512'],
] as const;

describe.each(ECDSA)('%s with %s', (namedCurve, scheme, hash) => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
  const digest = digestOf(hash);

  test('Node verifies what we sign', () => {
    for (const message of [raw, digest])
      expect(verify(hash, MESSAGE, publicKey, signMessage(scheme, privateKey, message))).toBe(true);
  });

  test('we verify what Node signs, with a low s and with a high one', () => {
    for (let i = 0; i < 12; i++) {
      const signature = sign(hash, MESSAGE, privateKey);
      expect(verifyMessage(scheme, publicKey, digest, signature)).toBe(true);
      expect(verifyMessage(scheme, publicKey, raw, signature)).toBe(true);
    }
  });

  test('a signature with a bit changed, or that is not DER, is refused', () => {
    const signature = signMessage(scheme, privateKey, digest);
    const others: Buffer[] = [
      ...bitFlips(signature).filter((_, bit) => bit % 61 === 0),
      Buffer.alloc(0),
      Buffer.concat([signature, Buffer.alloc(1)]),
      sign(hash, MESSAGE, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
      sequence(integer(0), integer(0)),
    ];
    for (const other of others)
      for (const message of [raw, digest]) expect(verifyMessage(scheme, publicKey, message, other)).toBe(false);
  });

  test('a signature of another key is refused', () => {
    const other = generateKeyPairSync('ec', { namedCurve });
    expect(verifyMessage(scheme, other.publicKey, digest, signMessage(scheme, privateKey, digest))).toBe(false);
  });
});

interface EcdsaVector {
  algorithm: SigningScheme;
  curve: 'P-256' | 'P-384' | 'P-521';
  key: string;
  message: string;
  expected: { r: string; s: string };
}

test.each(vectors<EcdsaVector>('signatures', 'ECDSA_SHA_256', 'ECDSA_SHA_384', 'ECDSA_SHA_512'))(
  '$source: $id',
  ({ algorithm, curve, key, message, expected: { r, s } }) => {
    const oids = { 'P-256': '1.2.840.10045.3.1.7', 'P-384': '1.3.132.0.34', 'P-521': '1.3.132.0.35' };
    const ecPrivateKey = sequence(integer(1), octetString(hex(key)));
    const pkcs8 = sequence(integer(0), sequence(oid('1.2.840.10045.2.1'), oid(oids[curve])), octetString(ecPrivateKey));
    const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
    const digest = digestOf(`sha${algorithm.slice(-3)}`, hex(message));
    const signature = sequence(unsignedInteger(hex(r)), unsignedInteger(hex(s)));
    expect(signMessage(algorithm, privateKey, digest)).toEqual(signature);
    expect(verifyMessage(algorithm, createPublicKey(privateKey), digest, signature)).toBe(true);
  },
);

test('ECDSA on another curve is refused', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'brainpoolP256r1' });
  const digest = digestOf('sha256');
  expect(() => signMessage('ECDSA_SHA_256', privateKey, digest)).toThrow(code('KEY_TYPE'));
  expect(() => verifyMessage('ECDSA_SHA_256', publicKey, digest, Buffer.alloc(70))).toThrow(code('KEY_TYPE'));
});

describe('Ed25519', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');

  test('Node verifies what we sign over a message', () => {
    expect(verify(null, MESSAGE, publicKey, signMessage('ED25519_SHA_512', privateKey, raw))).toBe(true);
  });

  test.each(
    vectors<{ key: string; message: string; expected: { signature: string } }>('signatures', 'ED25519_PH_SHA_512'),
  )('$source: $id', ({ key, message, expected }) => {
    // RFC 8032 hashes the message, as KMS hashes the digest: so a message of 3 bytes is not a digest for KMS.
    const pkcs8 = Buffer.concat([hex('302E020100300506032B657004220420'), hex(key)]);
    const seed = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
    const { sign: signPh, verify: verifyPh } = SIGNING_SCHEMES.ED25519_PH_SHA_512;
    const signature = signPh(seed, hex(message), 'DIGEST');
    expect(signature).toEqual(hex(expected.signature));
    expect(verifyPh(createPublicKey(seed), hex(message), signature, 'DIGEST')).toBe(true);
  });

  test('Ed25519ph refuses a signature with a bit changed, one of another length, and an Ed25519 signature', () => {
    const digest = digestOf('sha512');
    const signature = signMessage('ED25519_PH_SHA_512', privateKey, digest);
    expect(verifyMessage('ED25519_PH_SHA_512', publicKey, digest, signature)).toBe(true);
    const others = [
      ...bitFlips(signature).filter((_, bit) => bit % 29 === 0),
      signature.subarray(1),
      Buffer.alloc(0),
      sign(null, digest.bytes, privateKey),
    ];
    for (const other of others) expect(verifyMessage('ED25519_PH_SHA_512', publicKey, digest, other)).toBe(false);
  });
});

test('ML-DSA signs with the seed, and verifies with the SubjectPublicKeyInfo', () => {
  const seed = Buffer.alloc(32, 7);
  const privateKey = createSecretKey(seed);
  const publicKey = createSecretKey(postQuantumPublicKey('ML_DSA_44', seed));
  const signature = signMessage('ML_DSA_44', privateKey, raw);
  expect(verifyMessage('ML_DSA_44', publicKey, raw, signature)).toBe(true);
  const mu = { bytes: Buffer.alloc(64, 1), type: 'EXTERNAL_MU' } as const;
  expect(verifyMessage('ML_DSA_44', publicKey, mu, signMessage('ML_DSA_44', privateKey, mu))).toBe(true);
  expect(verifyMessage('ML_DSA_44', publicKey, mu, signature)).toBe(false);
  expect(encodeSeed('ML_DSA_44', seed)).toHaveLength(54);
});

/** Message types of each scheme, with the number of bytes in addition to the message. */
const TYPES = Object.entries(SIGNING_SCHEMES).map(([scheme, { messages }]) => ({
  scheme: scheme as SigningScheme,
  lengths: messages,
}));

describe.each(TYPES)('$scheme', ({ scheme, lengths }) => {
  test.each<MessageType>(['RAW', 'DIGEST', 'EXTERNAL_MU'])(
    'takes messages of type %s of the right length only',
    (type) => {
      const check = (length: number) => () => requireMessage(scheme, Buffer.alloc(length), type);
      if (!(type in lengths)) expect(check(64)).toThrow(code('MODE'));
      else if (type === 'RAW') for (const length of [1, 31, 4096]) expect(check(length)).not.toThrow();
      else {
        const right = lengths[type] as number;
        for (const length of [1, 20, 28, 32, 48, 64, 65].filter((each) => each !== right))
          expect(check(length)).toThrow(code('DATA_LENGTH'));
        expect(check(right)).not.toThrow();
      }
    },
  );

  test('signs and verifies nothing of another message type', () => {
    const key = undefined as unknown as KeyObject;
    for (const type of (['RAW', 'DIGEST', 'EXTERNAL_MU'] as const).filter((each) => !(each in lengths))) {
      const message = { bytes: Buffer.alloc(64), type };
      expect(() => signMessage(scheme, key, message)).toThrow(code('MODE'));
      expect(() => verifyMessage(scheme, key, message, Buffer.alloc(1))).toThrow(code('MODE'));
    }
  });
});
