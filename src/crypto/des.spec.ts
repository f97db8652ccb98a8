import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { hex } from '../../test/support/vectors.js';
import type { BlockCipher } from './block-cipher.js';
import { toHex } from './bytes.js';
import { des, generateTdesKey, isStrong, tdes, withOddParity } from './des.js';

const code = (expected: string) => expect.objectContaining({ name: 'CryptoError', code: expected }) as Error;
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map((b) => Buffer.from(b));

function encrypted(cipherUnder: (key: Buffer) => BlockCipher, key: string, blocks: string): string {
  using cipher = cipherUnder(hex(key));
  const result = toHex(cipher.encrypt(hex(blocks)));
  expect(toHex(cipher.decrypt(hex(result)))).toBe(blocks);
  return result;
}

describe('des', () => {
  test.each([
    [
      'FIPS 81 table B1',
      '0123456789ABCDEF',
      '4E6F77206973207468652074696D6520666F7220616C6C20',
      '3FA40E8A984D48156A271787AB8883F9893D51EC4B563B53',
    ],
    ['NBS SP 500-20 table 1, initial permutation', '0101010101010101', '95F8A5E5DD31D900', '8000000000000000'],
    ['NBS SP 500-20 table 2, key permutation', '8001010101010101', '0000000000000000', '95A8D72813DAA94D'],
    ['NBS SP 500-20 table 3, substitution', '7CA110454A1A6E57', '01A1D6D039776742', '690F5B0D9A26939B'],
  ])('matches %s', (_source, key, plaintext, ciphertext) => {
    expect(encrypted(des, key, plaintext)).toBe(ciphertext);
  });

  test('matches FIPS 81 table C1, CBC', () => {
    using cipher = des(hex('0123456789ABCDEF'));
    const plaintext = '4E6F77206973207468652074696D6520666F7220616C6C20';
    const ciphertext = 'E5C7CDDE872BF27C43E934008C389C0F683788499A7C05F6';
    expect(toHex(cipher.encryptCbc(hex('1234567890ABCDEF'), hex(plaintext)))).toBe(ciphertext);
    expect(toHex(cipher.decryptCbc(hex('1234567890ABCDEF'), hex(ciphertext)))).toBe(plaintext);
  });

  test('complementing key and plaintext complements the ciphertext', () => {
    const complement = (bytes: Buffer) => Buffer.from(bytes.map((byte) => byte ^ 0xff));
    fc.assert(
      fc.property(bytes(8), bytes(8), (key, block) => {
        using cipher = des(key);
        using complemented = des(complement(key));
        expect(complemented.encrypt(complement(block))).toEqual(complement(cipher.encrypt(block)));
      }),
    );
  });

  test.each([0, 7, 9, 16, 24])('refuses a key of %i bytes', (length) => {
    expect(() => des(Buffer.alloc(length))).toThrow(code('KEY_LENGTH'));
  });
});

describe('tdes', () => {
  test.each([
    [
      'NIST SP 800-67 appendix B.1, first block',
      '0123456789ABCDEF23456789ABCDEF01456789ABCDEF0123',
      '5468652071756663',
      'A826FD8CE53B855F',
    ],
    [
      'NIST SP 800-67 appendix B.1, second block',
      '0123456789ABCDEF23456789ABCDEF01456789ABCDEF0123',
      '6B2062726F776E20',
      'CCE21C8112256FE6',
    ],
    [
      'NIST SP 800-67 appendix B.1, third block',
      '0123456789ABCDEF23456789ABCDEF01456789ABCDEF0123',
      '666F78206A756D70',
      '68D5C05DD9B6B900',
    ],
    [
      'NIST SP 800-20 table 1, keying option 3',
      '010101010101010101010101010101010101010101010101',
      '95F8A5E5DD31D900',
      '8000000000000000',
    ],
  ])('matches %s', (_source, key, plaintext, ciphertext) => {
    expect(encrypted(tdes, key, plaintext)).toBe(ciphertext);
  });

  test('encrypts, decrypts and encrypts with DES, using the first key again if there is no third', () => {
    fc.assert(
      fc.property(fc.constantFrom(16, 24).chain(bytes), bytes(24), (key, blocks) => {
        using whole = tdes(key);
        using first = des(key.subarray(0, 8));
        using second = des(key.subarray(8, 16));
        using last = des(key.subarray(key.length === 24 ? 16 : 0).subarray(0, 8));
        expect(toHex(whole.encrypt(blocks))).toBe(toHex(last.encrypt(second.decrypt(first.encrypt(blocks)))));
        expect(toHex(whole.decrypt(blocks))).toBe(toHex(first.decrypt(second.encrypt(last.decrypt(blocks)))));
      }),
    );
  });

  test("matches OpenSSL's des-ede3-cbc", () => {
    fc.assert(
      fc.property(bytes(24), bytes(8), bytes(32), (key, iv, blocks) => {
        using cipher = tdes(key);
        const expected = createCipheriv('des-ede3-cbc', key, iv).setAutoPadding(false).update(blocks);
        expect(toHex(cipher.encryptCbc(iv, blocks))).toBe(toHex(expected));
      }),
    );
  });

  test('ignores the parity bits of the key', () => {
    fc.assert(
      fc.property(bytes(16), bytes(16), bytes(8), (key, noise, block) => {
        using cipher = tdes(key);
        using other = tdes(Buffer.from(key.map((byte, i) => byte ^ (noise[i]! & 1))));
        expect(toHex(other.encrypt(block))).toBe(toHex(cipher.encrypt(block)));
      }),
    );
  });

  test.each([0, 8, 15, 17, 23, 25, 32])('refuses a key of %i bytes', (length) => {
    expect(() => tdes(Buffer.alloc(length))).toThrow(code('KEY_LENGTH'));
  });
});

describe('withOddParity', () => {
  const ones = (byte: number) => byte.toString(2).replaceAll('0', '').length;

  test('gives each byte an odd number of ones by changing only its low bit', () => {
    const every = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const adjusted = withOddParity(every);
    adjusted.forEach((byte, i) => {
      expect(ones(byte) % 2).toBe(1);
      expect(byte >> 1).toBe(i >> 1);
    });
  });

  test('does not modify its argument and returns a new buffer', () => {
    const key = hex('0001FEFF');
    const adjusted = withOddParity(key);
    expect(toHex(adjusted)).toBe('0101FEFE');
    adjusted.fill(0);
    expect(toHex(key)).toBe('0001FEFF');
  });
});

/** Pairs of keys whose encryptions undo each other (NIST SP 800-67 section 3.3.2); a weak key is its own partner. */
const WEAK_PAIRS = [
  ['0101010101010101', '0101010101010101'],
  ['FEFEFEFEFEFEFEFE', 'FEFEFEFEFEFEFEFE'],
  ['E0E0E0E0F1F1F1F1', 'E0E0E0E0F1F1F1F1'],
  ['1F1F1F1F0E0E0E0E', '1F1F1F1F0E0E0E0E'],
  ['011F011F010E010E', '1F011F010E010E01'],
  ['01E001E001F101F1', 'E001E001F101F101'],
  ['01FE01FE01FE01FE', 'FE01FE01FE01FE01'],
  ['1FE01FE00EF10EF1', 'E01FE01FF10EF10E'],
  ['1FFE1FFE0EFE0EFE', 'FE1FFE1FFE0EFE0E'],
  ['E0FEE0FEF1FEF1FE', 'FEE0FEE0FEF1FEF1'],
] as const;
const GOOD = '0123456789ABCDEF';
const OTHER = 'FEDCBA9876543210';

describe('isStrong', () => {
  test.each(WEAK_PAIRS)('%s and %s undo each other and are not allowed as parts of a key', (one, other) => {
    const block = '4E6F772069732074';
    expect(encrypted(des, other, encrypted(des, one, block))).toBe(block);
    for (const weak of [one, other]) {
      for (const key of [weak, weak + GOOD, GOOD + weak, weak + GOOD + OTHER, GOOD + weak + OTHER, GOOD + OTHER + weak])
        expect(isStrong(hex(key))).toBe(false);
    }
  });

  test.each([GOOD + GOOD, GOOD + GOOD + OTHER, OTHER + GOOD + GOOD, GOOD + OTHER + GOOD])(
    '%s is weak because it repeats a part',
    (key) => {
      expect(isStrong(hex(key))).toBe(false);
    },
  );

  test.each(['0'.repeat(32), 'F'.repeat(32), `${GOOD}0022446688AACCEE`, `${GOOD}1E1E1E1E0F0F0F0F`])(
    '%s is weak whatever its parity',
    (key) => {
      expect(isStrong(hex(key))).toBe(false);
    },
  );

  test.each([GOOD, GOOD + OTHER, GOOD + OTHER + '133457799BBCDFF1', '0022446688AACCEEFFDDBB9977553311'])(
    '%s is strong',
    (key) => {
      expect(isStrong(hex(key))).toBe(true);
    },
  );
});

test.each([8, 16, 24] as const)('generateTdesKey: %i bytes, strong, with odd parity, different each time', (length) => {
  const keys = Array.from({ length: 50 }, () => generateTdesKey(length));
  for (const key of keys) {
    expect(key).toHaveLength(length);
    expect(toHex(withOddParity(key))).toBe(toHex(key));
    expect(isStrong(key)).toBe(true);
  }
  expect(new Set(keys.map(toHex)).size).toBe(50);
});
