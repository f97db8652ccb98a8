import {
  constants,
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type JsonWebKey,
  privateDecrypt,
  publicEncrypt,
} from 'node:crypto';
import fc from 'fast-check';
import { hex, vectors } from '../../test/support/vectors.js';
import oaepVectors from '../../test/vectors/rsa-oaep.json' with { type: 'json' };
import rsaVectors from '../../test/vectors/rsa.json' with { type: 'json' };
import { toHex, xor } from './bytes.js';
import { publicKeyOf, rsaDecrypt, rsaEncrypt, type RsaPadding } from './rsa.js';

interface RsaVector {
  operation: string;
  inputs: { wrappingKey: keyof typeof rsaVectors.pki; wrappingSpec?: string } & Record<string, string>;
  build: {
    oaepHash: string;
    mgf1Hash: string;
    label: string;
    oaepSeed: string;
    clearKey: string;
    paddingString: string;
  };
  expected: { accept: boolean; clearKey?: string; plainText?: string; reason?: string };
}

const WRAPPING_SPECS: Record<string, RsaPadding> = {
  RSA_OAEP_SHA_256: 'OAEP_SHA256',
  RSA_OAEP_SHA_512: 'OAEP_SHA512',
};

const pkcs8 = (name: keyof typeof rsaVectors.pki) =>
  createPrivateKey(rsaVectors.pki[name].privateKeyPem).export({ format: 'der', type: 'pkcs8' });

const KEY = pkcs8('RSA_2048');
const PUBLIC_KEY = publicKeyOf(KEY);
const OAEP = { OAEP_SHA1: 'sha1', OAEP_SHA256: 'sha256', OAEP_SHA512: 'sha512' } as const;
const MAXIMUM = { PKCS1: 245, OAEP_SHA1: 214, OAEP_SHA256: 190, OAEP_SHA512: 126 } as const;
const PADDINGS = Object.keys(MAXIMUM) as (keyof typeof MAXIMUM)[];

const code = (expected: string) => expect.objectContaining({ name: 'CryptoError', code: expected }) as Error;

describe('vectors of rsa.json', () => {
  const all = vectors<RsaVector>('rsa').filter(({ id }) => id.startsWith('rsa-'));
  const ciphertextOf = ({ inputs }: RsaVector) => hex(inputs.wrappedKeyCryptogram ?? inputs.cipherText!);
  const paddingOf = ({ operation, inputs }: RsaVector) =>
    operation.startsWith('DecryptData.')
      ? (operation.slice('DecryptData.'.length) as RsaPadding)
      : WRAPPING_SPECS[inputs.wrappingSpec!]!;
  const decrypted = (vector: RsaVector) =>
    rsaDecrypt(pkcs8(vector.inputs.wrappingKey), paddingOf(vector), ciphertextOf(vector));

  test.each(all.filter(({ expected }) => expected.accept))('decrypts $id', (vector) => {
    expect(toHex(decrypted(vector))).toBe(vector.expected.clearKey ?? vector.expected.plainText);
  });

  test.each(all.filter(({ expected }) => expected.reason === 'DECRYPT'))('refuses $id', (vector) => {
    expect(() => decrypted(vector)).toThrow(code('DECRYPTION_FAILED'));
  });

  // RSA itself decrypts these; the import refuses the length or strength of the key inside.
  test.each(all.filter(({ expected }) => /^KEY_(LENGTH|STRENGTH)$/.test(expected.reason ?? '')))(
    'decrypts $id, which the import refuses',
    (vector) => {
      expect(toHex(decrypted(vector))).toBe(vector.build.clearKey);
    },
  );

  test('every vector is tested', () => {
    const tables = ['accepted', 'DECRYPT', 'KEY_LENGTH', 'KEY_STRENGTH'];
    expect(tables).toEqual(expect.arrayContaining(all.map(({ expected: { reason } }) => reason ?? 'accepted')));
  });

  const SAME_LENGTH = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

  test.each(all)('$id is not decrypted when modified, truncated, or under another key or padding', (vector) => {
    const key = pkcs8(vector.inputs.wrappingKey);
    const ciphertext = ciphertextOf(vector);
    const padding = paddingOf(vector);
    const { label, oaepHash, mgf1Hash } = vector.build;
    for (const [other, hash] of Object.entries(OAEP) as [keyof typeof OAEP, string][]) {
      if (label === '' && [oaepHash, mgf1Hash].every((name) => name.replace('-', '').toLowerCase() === hash)) continue;
      expect(() => rsaDecrypt(key, other, ciphertext)).toThrow(code('DECRYPTION_FAILED'));
    }
    for (const cut of [
      ciphertext.subarray(1),
      ciphertext.subarray(0, -1),
      Buffer.concat([Buffer.alloc(1), ciphertext]),
    ])
      expect(() => rsaDecrypt(key, padding, cut)).toThrow(code('DATA_LENGTH'));
    const oaep = padding === 'PKCS1' ? 'OAEP_SHA256' : padding;
    for (const offset of [0, 100, ciphertext.length - 1]) {
      const changed = Buffer.from(ciphertext);
      changed[offset]! ^= 1;
      expect(() => rsaDecrypt(key, oaep, changed)).toThrow(code('DECRYPTION_FAILED'));
    }
    const otherKey = SAME_LENGTH.export({ format: 'der', type: 'pkcs8' });
    const expected = ciphertext.length === 256 ? 'DECRYPTION_FAILED' : 'DATA_LENGTH';
    expect(() => rsaDecrypt(otherKey, oaep, ciphertext)).toThrow(code(expected));
  });

  test.each(all)('$id is RSAEP of its encoded message, byte for byte', (vector) => {
    const key = pkcs8(vector.inputs.wrappingKey);
    const { build } = vector;
    const ciphertext = ciphertextOf(vector);
    const encoded = build.paddingString
      ? Buffer.concat([hex('0002'), hex(build.paddingString), hex('00'), hex(vector.expected.plainText!)])
      : emeOaep(build, ciphertext.length);
    expect(toHex(rsaEncrypt(key, 'NONE', encoded))).toBe(toHex(ciphertext));
    expect(toHex(rsaDecrypt(key, 'NONE', ciphertext))).toBe(toHex(encoded));
  });
});

describe('vectors of rsa-oaep.json', () => {
  interface OaepVector {
    ciphertext: string;
    expected: { message: string };
  }
  const members = Object.entries(oaepVectors.keys.RSA_2048).map(([name, value]) => [
    name,
    hex(value).toString('base64url'),
  ]);
  const jwk: JsonWebKey = { kty: 'RSA', ...Object.fromEntries(members) };
  const key = createPrivateKey({ key: jwk, format: 'jwk' }).export({ format: 'der', type: 'pkcs8' });

  test.each(vectors<OaepVector>('rsa-oaep'))('$id, $source', ({ ciphertext, expected }) => {
    expect(toHex(rsaDecrypt(key, 'OAEP_SHA1', hex(ciphertext)))).toBe(expected.message);
    expect(() => rsaDecrypt(key, 'OAEP_SHA256', hex(ciphertext))).toThrow(code('DECRYPTION_FAILED'));
    const changed = hex(ciphertext);
    changed[changed.length - 1]! ^= 1;
    expect(() => rsaDecrypt(key, 'OAEP_SHA1', changed)).toThrow(code('DECRYPTION_FAILED'));
  });
});

/** EME-OAEP encoding, RFC 8017 section 7.1.1 step 2; `spoil` may modify the data block before it is masked. */
function emeOaep(
  { oaepHash, mgf1Hash, label, oaepSeed, clearKey }: Omit<RsaVector['build'], 'paddingString'>,
  modulusBytes: number,
  spoil: (db: Buffer) => void = () => undefined,
): Buffer {
  const labelHash = createHash(oaepHash).update(hex(label)).digest();
  const message = hex(clearKey);
  const db = Buffer.alloc(modulusBytes - labelHash.length - 1);
  labelHash.copy(db);
  db[db.length - message.length - 1] = 1;
  message.copy(db, db.length - message.length);
  spoil(db);
  const maskedDb = xor(db, mgf1(mgf1Hash, hex(oaepSeed), db.length));
  const maskedSeed = xor(hex(oaepSeed), mgf1(mgf1Hash, maskedDb, labelHash.length));
  return Buffer.concat([Buffer.alloc(1), maskedSeed, maskedDb]);
}

/** MGF1, RFC 8017 appendix B.2.1. */
function mgf1(hash: string, seed: Buffer, length: number): Buffer {
  let mask = Buffer.alloc(0);
  for (let counter = 0; mask.length < length; counter++) {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    mask = Buffer.concat([mask, createHash(hash).update(seed).update(count).digest()]);
  }
  return mask.subarray(0, length);
}

describe.each(PADDINGS)('%s', (padding) => {
  const anyMessage = fc.uint8Array({ maxLength: MAXIMUM[padding] }).map((bytes) => Buffer.from(bytes));

  test('decryption inverts encryption under the key pair and under the public key', () => {
    fc.assert(
      fc.property(anyMessage, fc.constantFrom(KEY, PUBLIC_KEY), (message, key) => {
        const ciphertext = rsaEncrypt(key, padding, message);
        expect(ciphertext).toHaveLength(256);
        expect(toHex(rsaDecrypt(KEY, padding, ciphertext))).toBe(toHex(message));
      }),
      { numRuns: 25 },
    );
  });

  test.each([0, MAXIMUM[padding]])('a message of %i bytes fits', (length) => {
    const message = Buffer.alloc(length, 7);
    expect(toHex(rsaDecrypt(KEY, padding, rsaEncrypt(PUBLIC_KEY, padding, message)))).toBe(toHex(message));
  });

  test('a longer message does not', () => {
    expect(() => rsaEncrypt(PUBLIC_KEY, padding, Buffer.alloc(MAXIMUM[padding] + 1))).toThrow(code('DATA_LENGTH'));
  });
});

// PKCS #1 v1.5 has no integrity check except its format, which a random block meets about once in 2^17; its refusals
// are listed below.
test.each(Object.keys(OAEP) as (keyof typeof OAEP)[])('%s refuses a ciphertext modified anywhere', (padding) => {
  const ciphertext = rsaEncrypt(PUBLIC_KEY, padding, Buffer.alloc(16, 1));
  fc.assert(
    fc.property(fc.nat({ max: 255 }), fc.integer({ min: 1, max: 255 }), (index, change) => {
      const changed = Buffer.from(ciphertext);
      changed[index]! ^= change;
      expect(() => rsaDecrypt(KEY, padding, changed)).toThrow(code('DECRYPTION_FAILED'));
    }),
    { numRuns: 25 },
  );
});

// RFC 8017 section 7.1.2 step 3g: every possible defect of the encoded message gives the same error.
describe.each(Object.entries(OAEP) as [keyof typeof OAEP, string][])('decoding %s padding', (padding, hash) => {
  const seed = createHash(hash).update('seed').digest('hex');
  const build = {
    oaepHash: hash,
    mgf1Hash: hash,
    label: '',
    oaepSeed: seed,
    clearKey: '00112233445566778899AABBCCDDEEFF',
  };
  const hashBytes = seed.length / 2;
  const decode = (encoded: Buffer) => rsaDecrypt(KEY, padding, rsaEncrypt(PUBLIC_KEY, 'NONE', encoded));

  test('accepts a valid encoded message', () => {
    expect(toHex(decode(emeOaep(build, 256)))).toBe(build.clearKey);
  });

  test.each<[string, () => Buffer]>([
    ['whose first byte is not 00', () => emeOaep(build, 256).fill(1, 0, 1)],
    ['with another label', () => emeOaep({ ...build, label: '00' }, 256)],
    ['with a flipped bit in the label hash', () => emeOaep(build, 256, (db) => (db[hashBytes - 1]! ^= 1))],
    ['with padding other than 00', () => emeOaep(build, 256, (db) => (db[hashBytes] = 2))],
    ['without the byte that ends the padding', () => emeOaep(build, 256, (db) => db.fill(0, hashBytes))],
    ['with the wrong byte at the end of the padding', () => emeOaep(build, 256, (db) => (db[db.length - 17] = 3))],
    ['of zeros', () => Buffer.alloc(256)],
  ])('refuses an encoded message %s', (_what, encoded) => {
    expect(() => decode(encoded())).toThrow(
      expect.objectContaining({
        code: 'DECRYPTION_FAILED',
        message: 'The ciphertext could not be decrypted with this key and padding',
      }),
    );
  });
});

describe('interoperability with node:crypto', () => {
  const keyObject = createPrivateKey(rsaVectors.pki.RSA_2048.privateKeyPem);
  const message = Buffer.from('a message');

  test.each(Object.entries(OAEP) as [keyof typeof OAEP, string][])('%s', (padding, oaepHash) => {
    const how = { key: keyObject, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash };
    expect(toHex(rsaDecrypt(KEY, padding, publicEncrypt(how, message)))).toBe(toHex(message));
    expect(toHex(privateDecrypt(how, rsaEncrypt(PUBLIC_KEY, padding, message)))).toBe(toHex(message));
  });

  test('PKCS1', () => {
    const ciphertext = publicEncrypt({ key: keyObject, padding: constants.RSA_PKCS1_PADDING }, message);
    expect(toHex(rsaDecrypt(KEY, 'PKCS1', ciphertext))).toBe(toHex(message));
  });
});

describe('decoding PKCS1 padding', () => {
  const encodedAs = (...parts: [length: number, fill: number][]) =>
    Buffer.concat(parts.map(([length, fill]) => Buffer.alloc(length, fill)));
  const decode = (encoded: Buffer) => rsaDecrypt(KEY, 'PKCS1', rsaEncrypt(PUBLIC_KEY, 'NONE', encoded));

  test('accepts the shortest padding string and the empty message', () => {
    expect(decode(encodedAs([1, 0], [1, 2], [8, 9], [1, 0], [245, 5]))).toHaveLength(245);
    expect(decode(encodedAs([1, 0], [1, 2], [253, 9], [1, 0]))).toHaveLength(0);
  });

  test.each<[string, Buffer]>([
    ['of the signature block type', encodedAs([1, 0], [1, 1], [8, 0xff], [1, 0], [245, 5])],
    ['that starts with 01', encodedAs([1, 1], [1, 2], [8, 9], [1, 0], [245, 5])],
    ['with 7 bytes of padding', encodedAs([1, 0], [1, 2], [7, 9], [1, 0], [246, 5])],
    ['without padding', encodedAs([1, 0], [1, 2], [1, 0], [253, 5])],
    ['without the byte that ends the padding', encodedAs([1, 0], [1, 2], [254, 9])],
    ['of zeros', encodedAs([256, 0])],
  ])('refuses an encoded message %s', (_what, encoded) => {
    expect(() => decode(encoded)).toThrow(code('DECRYPTION_FAILED'));
  });
});

describe('NONE', () => {
  test('pads a shorter message with leading zeros, and returns these zeros', () => {
    const short = rsaEncrypt(PUBLIC_KEY, 'NONE', hex('C0FFEE'));
    expect(toHex(short)).toBe(toHex(rsaEncrypt(PUBLIC_KEY, 'NONE', Buffer.concat([Buffer.alloc(253), hex('C0FFEE')]))));
    expect(toHex(rsaDecrypt(KEY, 'NONE', short))).toBe('00'.repeat(253) + 'C0FFEE');
  });

  test('encrypts 1 to itself, because RSAEP is exponentiation', () => {
    expect(toHex(rsaEncrypt(PUBLIC_KEY, 'NONE', hex('01')))).toBe('00'.repeat(255) + '01');
  });

  test('refuses a message not smaller than the modulus', () => {
    expect(() => rsaEncrypt(PUBLIC_KEY, 'NONE', Buffer.alloc(256, 0xff))).toThrow(code('DATA_LENGTH'));
    expect(() => rsaEncrypt(PUBLIC_KEY, 'NONE', Buffer.alloc(257))).toThrow(code('DATA_LENGTH'));
  });
});

describe('every padding refuses', () => {
  const every = [...PADDINGS, 'NONE'] as RsaPadding[];

  test.each(every)('a ciphertext of the wrong length or not smaller than the modulus: %s', (padding) => {
    for (const length of [0, 255, 257]) {
      expect(() => rsaDecrypt(KEY, padding, Buffer.alloc(length, 1))).toThrow(code('DATA_LENGTH'));
    }
    expect(() => rsaDecrypt(KEY, padding, Buffer.alloc(256, 0xff))).toThrow(code('DECRYPTION_FAILED'));
  });

  test.each(every)('a key that is not RSA, not private, or not DER: %s', (padding) => {
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const ecPrivate = ec.privateKey.export({ format: 'der', type: 'pkcs8' });
    const ecPublic = ec.publicKey.export({ format: 'der', type: 'spki' });
    for (const key of [ecPrivate, ecPublic, Buffer.alloc(0), Buffer.from('not DER'), KEY.subarray(0, 100)]) {
      expect(() => rsaEncrypt(key, padding, Buffer.alloc(1))).toThrow(code('KEY_TYPE'));
    }
    for (const key of [ecPrivate, PUBLIC_KEY, Buffer.alloc(0), Buffer.from('not DER'), KEY.subarray(0, 100)]) {
      expect(() => rsaDecrypt(key, padding, Buffer.alloc(256))).toThrow(code('KEY_TYPE'));
    }
  });

  test('with one message for every decryption failure', () => {
    const messages = every.map((padding) => {
      try {
        return rsaDecrypt(KEY, padding, Buffer.alloc(256, padding === 'NONE' ? 0xff : 1)).length;
      } catch (error) {
        return (error as Error).message;
      }
    });
    expect(new Set(messages).size).toBe(1);
  });
});

test('the length of a modulus is rounded up to whole bytes', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1027 });
  const key = privateKey.export({ format: 'der', type: 'pkcs8' });
  const ciphertext = rsaEncrypt(key, 'PKCS1', Buffer.alloc(118, 3));
  expect(ciphertext).toHaveLength(129);
  expect(rsaDecrypt(key, 'PKCS1', ciphertext)).toEqual(Buffer.alloc(118, 3));
});

describe('publicKeyOf', () => {
  test.each([
    ['RSA', () => generateKeyPairSync('rsa', { modulusLength: 1024 })],
    ['elliptic curve', () => generateKeyPairSync('ec', { namedCurve: 'P-521' })],
  ])('returns the SubjectPublicKeyInfo of a key pair: %s', (_type, generate) => {
    const { privateKey, publicKey } = generate();
    const spki = publicKey.export({ format: 'der', type: 'spki' });
    expect(publicKeyOf(privateKey.export({ format: 'der', type: 'pkcs8' }))).toEqual(spki);
    expect(() => publicKeyOf(spki)).toThrow(code('KEY_TYPE'));
  });
});
