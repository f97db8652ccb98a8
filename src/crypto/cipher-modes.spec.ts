import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { hex, vectors } from '../../test/support/vectors.js';
import { aes } from './aes.js';
import { toHex, xor } from './bytes.js';
import { type CipherArguments, type CipherMode, decrypt, encrypt } from './cipher-modes.js';
import { tdes } from './des.js';

interface SymmetricVector {
  mode: CipherMode;
  key: string;
  iv?: string;
  plaintext: string;
  expected: { ciphertext: string };
}

const MODES: CipherMode[] = ['ECB', 'CBC', 'CFB', 'CFB1', 'CFB8', 'CFB64', 'CFB128', 'OFB'];
const refusal = (code: string) => expect.objectContaining({ name: 'CryptoError', code }) as Error;
const BLOCK_BYTES = { TDES: 8, AES: 16 } as const;

describe.each(['TDES', 'AES'] as const)('%s in the modes of NIST SP 800-38A', (cipher) => {
  const cases = vectors<SymmetricVector>('encrypt').filter(({ algorithm }) =>
    algorithm.startsWith(`Symmetric ${cipher}`),
  );

  test.each(cases)('matches $id, $mode: $source', ({ mode, key, iv, plaintext, expected: { ciphertext } }) => {
    const how: CipherArguments = { cipher, mode, key: hex(key), iv: iv === undefined ? undefined : hex(iv) };
    expect(toHex(encrypt(how, hex(plaintext)))).toBe(ciphertext);
    expect(toHex(decrypt(how, hex(ciphertext)))).toBe(plaintext);
  });

  test.each(cases)('refuses $id, $mode, with a truncated key, IV or data', ({ mode, key, plaintext, expected }) => {
    const how: CipherArguments = { cipher, mode, key: hex(key) };
    for (const [run, data] of [
      [encrypt, hex(plaintext)],
      [decrypt, hex(expected.ciphertext)],
    ] as const) {
      expect(() => run({ ...how, key: hex(key).subarray(1) }, data)).toThrow(refusal('KEY_LENGTH'));
      expect(() => run(how, data.subarray(data.length))).toThrow(refusal('DATA_LENGTH'));
      if (mode === 'ECB' || mode === 'CBC') expect(() => run(how, data.subarray(1))).toThrow(refusal('DATA_LENGTH'));
      if (mode === 'ECB') continue;
      for (const ivBytes of [0, BLOCK_BYTES[cipher] - 1, BLOCK_BYTES[cipher] + 1])
        expect(() => run({ ...how, iv: Buffer.alloc(ivBytes) }, data)).toThrow(refusal('IV_LENGTH'));
    }
  });
});

interface ReEncryptionVector {
  incomingKey: string;
  incomingKeyAlgorithm: string;
  incomingMode: CipherMode;
  incomingIv?: string;
  incomingCiphertext: string;
  outgoingKey: string;
  outgoingKeyAlgorithm: string;
  outgoingMode: CipherMode;
  outgoingIv?: string;
  expected: { plaintext: string; outgoingCiphertext: string };
}

test.each(vectors<ReEncryptionVector>('encrypt', 'Re-encryption'))(
  'matches $id when it re-encrypts from one key to another',
  (vector) => {
    const { expected } = vector;
    const cipherOf = (algorithm: string) => (algorithm.startsWith('TDES') ? 'TDES' : 'AES');
    const incoming: CipherArguments = {
      cipher: cipherOf(vector.incomingKeyAlgorithm),
      mode: vector.incomingMode,
      key: hex(vector.incomingKey),
      iv: vector.incomingIv === undefined ? undefined : hex(vector.incomingIv),
    };
    const outgoing: CipherArguments = {
      cipher: cipherOf(vector.outgoingKeyAlgorithm),
      mode: vector.outgoingMode,
      key: hex(vector.outgoingKey),
      iv: vector.outgoingIv === undefined ? undefined : hex(vector.outgoingIv),
    };
    const plaintext = decrypt(incoming, hex(vector.incomingCiphertext));
    expect(toHex(plaintext)).toBe(expected.plaintext);
    expect(toHex(encrypt(outgoing, plaintext))).toBe(expected.outgoingCiphertext);
  },
);

/** Examples of the standard that encrypt.json does not include. */
describe('NIST SP 800-38A appendix F', () => {
  const KEYS = {
    128: '2B7E151628AED2A6ABF7158809CF4F3C',
    192: '8E73B0F7DA0E6452C810F32B809079E562F8EAD2522C6B7B',
    256: '603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4',
  };
  const PLAINTEXT =
    '6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E51' +
    '30C81C46A35CE411E5FBC1191A0A52EFF69F2445DF4F9B17AD2B417BE66C3710';

  test.each<[string, CipherMode, keyof typeof KEYS, string]>([
    [
      'F.1.3',
      'ECB',
      192,
      'BD334F1D6E45F25FF712A214571FA5CC974104846D0AD3AD7734ECB3ECEE4EEF' +
        'EF7AFD2270E2E60ADCE0BA2FACE6444E9A4B41BA738D6C72FB16691603C18E0E',
    ],
    [
      'F.2.1',
      'CBC',
      128,
      '7649ABAC8119B246CEE98E9B12E9197D5086CB9B507219EE95DB113A917678B2' +
        '73BED6B8E3C1743B7116E69E222295163FF1CAA1681FAC09120ECA307586E1A7',
    ],
    ['F.3.1', 'CFB1', 128, '68B3'],
    [
      'F.3.13',
      'CFB128',
      128,
      '3B3FD92EB72DAD20333449F8E83CFB4AC8A64537A0B3A93FCDE3CDAD9F1CE58B' +
        '26751F67A3CBB140B1808CF187A4F4DFC04B05357C5D1C0EEAC4C66F9FF7F2E6',
    ],
    [
      'F.4.1',
      'OFB',
      128,
      '3B3FD92EB72DAD20333449F8E83CFB4A7789508D16918F03F53C52DAC54ED825' +
        '9740051E9C5FECF64344F7A82260EDCC304C6528F659C77866A510D9C1D6AE5E',
    ],
  ])('matches %s: %s-AES%i', (_clause, mode, keyBits, ciphertext) => {
    const how: CipherArguments = {
      cipher: 'AES',
      mode,
      key: hex(KEYS[keyBits]),
      iv: hex('000102030405060708090A0B0C0D0E0F'),
    };
    const plaintext = PLAINTEXT.slice(0, ciphertext.length);
    expect(toHex(encrypt(how, hex(plaintext)))).toBe(ciphertext);
    expect(toHex(decrypt(how, hex(ciphertext)))).toBe(plaintext);
  });
});

/**
 * Computes CFB as section 6.3 defines it for any segment length: s bits of keystream at a time from the bare block
 * cipher.
 */
function cfbByDefinition({ cipher, key, iv }: CipherArguments, segmentBits: number, plaintext: Buffer): Buffer {
  using block = cipher === 'TDES' ? tdes(key) : aes(key);
  const blockBits = BigInt(8 * block.blockBytes);
  const toNumber = (bytes: Buffer) => BigInt(`0x0${bytes.toString('hex')}`);
  const s = BigInt(segmentBits);
  let register = toNumber(iv!);
  let ciphertext = 0n;
  for (let left = BigInt(8 * plaintext.length) - s; left >= 0n; left -= s) {
    const output = toNumber(block.encrypt(hex(register.toString(16).padStart(2 * block.blockBytes, '0'))));
    const segment = ((toNumber(plaintext) >> left) & ((1n << s) - 1n)) ^ (output >> (blockBits - s));
    ciphertext = (ciphertext << s) | segment;
    register = BigInt.asUintN(Number(blockBits), (register << s) | segment);
  }
  return hex(ciphertext.toString(16).padStart(2 * plaintext.length, '0'));
}

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map((b) => Buffer.from(b));

const anyArguments = fc
  .constantFrom(
    ...MODES.flatMap((mode) => [16, 24].map((keyBytes) => ({ cipher: 'TDES' as const, mode, keyBytes }))),
    ...MODES.flatMap((mode) => [16, 24, 32].map((keyBytes) => ({ cipher: 'AES' as const, mode, keyBytes }))),
  )
  .filter(({ cipher, mode }) => cipher === 'AES' || mode !== 'CFB128')
  .chain(({ cipher, mode, keyBytes }) =>
    fc.record({
      how: fc.record({
        cipher: fc.constant(cipher),
        mode: fc.constant(mode),
        key: bytes(keyBytes),
        iv: bytes(BLOCK_BYTES[cipher]),
      }),
      data: ['ECB', 'CBC'].includes(mode)
        ? fc.integer({ min: 1, max: 5 }).chain((blocks) => bytes(blocks * BLOCK_BYTES[cipher]))
        : fc.integer({ min: 1, max: 50 }).chain(bytes),
    }),
  );

describe('properties', () => {
  test('decryption inverts encryption and preserves the length in every mode without modifying the arguments', () => {
    fc.assert(
      fc.property(anyArguments, ({ how, data }) => {
        const before = [how.key, how.iv, data].map(toHex);
        const ciphertext = encrypt(how, data);
        expect(ciphertext).toHaveLength(data.length);
        expect(toHex(decrypt(how, ciphertext))).toBe(toHex(data));
        expect([how.key, how.iv, data].map(toHex)).toEqual(before);
      }),
      { numRuns: 300 },
    );
  });

  test.each<[CipherArguments['cipher'], CipherMode, number]>([
    ['TDES', 'CFB1', 1],
    ['TDES', 'CFB8', 8],
    ['TDES', 'CFB64', 64],
    ['TDES', 'CFB', 64],
    ['AES', 'CFB1', 1],
    ['AES', 'CFB8', 8],
    ['AES', 'CFB64', 64],
    ['AES', 'CFB128', 128],
    ['AES', 'CFB', 128],
  ])('%s %s follows section 6.3 with segments of %i bits', (cipher, mode, segmentBits) => {
    fc.assert(
      fc.property(
        fc.constantFrom(16, 24, ...(cipher === 'AES' ? [32] : [])).chain(bytes),
        bytes(BLOCK_BYTES[cipher]),
        fc.integer({ min: 1, max: 3 }).chain((blocks) => bytes(16 * blocks)),
        (key, iv, data) => {
          const how: CipherArguments = { cipher, mode, key, iv };
          expect(toHex(encrypt(how, data))).toBe(toHex(cfbByDefinition(how, segmentBits, data)));
        },
      ),
      { numRuns: 10 },
    );
  });

  test.each(['des-ede-cfb', 'des-ede-ofb'])("two-key TDES matches OpenSSL's %s", (name) => {
    fc.assert(
      fc.property(bytes(16), bytes(8), bytes(24), (key, iv, data) => {
        const mode = name === 'des-ede-cfb' ? 'CFB64' : 'OFB';
        const expected = createCipheriv(name, key, iv).update(data);
        expect(toHex(encrypt({ cipher: 'TDES', mode, key, iv }, data))).toBe(toHex(expected));
      }),
      { numRuns: 20 },
    );
  });

  test('a short last CFB64 segment is the beginning of the full segment', () => {
    const how: CipherArguments = { cipher: 'AES', mode: 'CFB64', key: Buffer.alloc(16, 1), iv: Buffer.alloc(16, 2) };
    const whole = encrypt(how, Buffer.alloc(24, 3));
    expect(toHex(encrypt(how, Buffer.alloc(19, 3)))).toBe(toHex(whole.subarray(0, 19)));
    expect(toHex(decrypt(how, whole.subarray(0, 19)))).toBe('03'.repeat(19));
  });

  test('the initialization vector defaults to zeros and is ignored in ECB', () => {
    const key = Buffer.alloc(16, 1);
    const data = Buffer.alloc(16, 2);
    for (const mode of MODES.filter((m) => m !== 'ECB')) {
      const iv = Buffer.alloc(16);
      expect(toHex(encrypt({ cipher: 'AES', mode, key }, data))).toBe(
        toHex(encrypt({ cipher: 'AES', mode, key, iv }, data)),
      );
    }
    const ecb: CipherArguments = { cipher: 'AES', mode: 'ECB', key };
    expect(toHex(encrypt({ ...ecb, iv: Buffer.alloc(3) }, data))).toBe(toHex(encrypt(ecb, data)));
  });

  test('OFB encrypts and decrypts with the same keystream', () => {
    const how: CipherArguments = { cipher: 'TDES', mode: 'OFB', key: Buffer.alloc(24, 5), iv: Buffer.alloc(8, 6) };
    const keystream = encrypt(how, Buffer.alloc(13));
    const data = Buffer.from('thirteen byte');
    expect(toHex(decrypt(how, data))).toBe(toHex(xor(keystream, data)));
  });
});

describe.each([
  ['encrypt', encrypt],
  ['decrypt', decrypt],
] as const)('%s refuses', (_name, run) => {
  const refused = (how: CipherArguments, data: Buffer, code: string) =>
    expect(() => run(how, data)).toThrow(expect.objectContaining({ name: 'CryptoError', code }));

  test.each(MODES)('%s without data', (mode) => {
    refused({ cipher: 'AES', mode, key: Buffer.alloc(16) }, Buffer.alloc(0), 'DATA_LENGTH');
  });

  test.each([
    ['TDES', 'ECB', 7],
    ['TDES', 'ECB', 9],
    ['TDES', 'CBC', 12],
    ['AES', 'ECB', 8],
    ['AES', 'ECB', 17],
    ['AES', 'CBC', 24],
  ] as const)('%s %s of %i bytes', (cipher, mode, length) => {
    refused({ cipher, mode, key: Buffer.alloc(16) }, Buffer.alloc(length), 'DATA_LENGTH');
  });

  test.each(MODES.filter((mode) => mode !== 'ECB'))('an initialization vector of the wrong length in %s', (mode) => {
    refused({ cipher: 'AES', mode, key: Buffer.alloc(16), iv: Buffer.alloc(8) }, Buffer.alloc(16), 'IV_LENGTH');
    refused({ cipher: 'TDES', mode, key: Buffer.alloc(16), iv: Buffer.alloc(16) }, Buffer.alloc(16), 'IV_LENGTH');
  });

  test('CFB128 of TDES', () => {
    refused({ cipher: 'TDES', mode: 'CFB128', key: Buffer.alloc(16) }, Buffer.alloc(16), 'MODE');
  });

  test.each([
    ['TDES', 8],
    ['TDES', 32],
    ['AES', 8],
    ['AES', 20],
  ] as const)('a %s key of %i bytes', (cipher, length) => {
    for (const mode of MODES) refused({ cipher, mode, key: Buffer.alloc(length) }, Buffer.alloc(16), 'KEY_LENGTH');
  });
});
