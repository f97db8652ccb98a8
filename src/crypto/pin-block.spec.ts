import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { bitFlips, hex, vectors } from '../../test/support/vectors.js';
import pinblock from '../../test/vectors/pinblock.json' with { type: 'json' };
import { aes } from './aes.js';
import { toHex } from './bytes.js';
import { tdes } from './des.js';
import {
  decodePinBlock,
  decryptPinBlock,
  encodePinBlock,
  encryptPinBlock,
  type PinBlockFormat,
  type RandomFill,
  type TdesPinBlockFormat,
} from './pin-block.js';

interface PinBlockVector {
  format: PinBlockFormat;
  pin: string;
  pan?: string;
  fillHex?: string;
  key?: string;
  expected: { pinBlock?: string; pinField?: string; panField?: string; encryptedPinBlock?: string };
}

interface InvalidBlock {
  id: string;
  format: PinBlockFormat;
  pan?: string;
  clearBlock: string;
  defect: string;
  key: string;
  encryptedPinBlock: string;
}

const FORMATS: PinBlockFormat[] = [0, 1, 2, 3, 4, 'DIEBOLD'];
const PAN = '5555555551234567';
const tdesKey = hex('52839ECD0243FB26D3C1FE3243163283');
const aesKey = hex('0E98318106D0B1865DEED075C22159A5');

const refused = (code: string) => expect.objectContaining({ name: 'CryptoError', code }) as Error;
const undecodable = expect.objectContaining({
  code: 'PIN_BLOCK',
  message: 'Pin block provided is invalid. Please check your input to ensure all field values are correct.',
});
const digits = (min: number, max = min) => fc.stringMatching(new RegExp(`^[0-9]{${min},${max}}$`));
const cipherFor = (format: PinBlockFormat, key = format === 4 ? aesKey : tdesKey) =>
  format === 4 ? aes(key) : tdes(key);

/** Supplies the fill of a vector, one digit or one byte per call as requested. */
function fill(text = ''): RandomFill {
  let at = 0;
  return (low, end) => {
    const width = end > 16 ? 2 : 1;
    const value = parseInt(text.slice(at, at + width), 16);
    at += width;
    if (!(value >= low && value < end)) throw new Error('no fill of this format');
    return value;
  };
}

function encrypted({ format, pin, pan, fillHex, key }: PinBlockVector): string {
  using cipher = cipherFor(format, hex(key!));
  return toHex(encryptPinBlock(cipher, format, { pin, pan }, fill(fillHex)));
}

const single = vectors<PinBlockVector>(
  'pinblock',
  'ISO 9564-1 format 0',
  'ISO 9564-1 format 1',
  'ISO 9564-1 format 2',
  'ISO 9564-1 format 3',
  'ISO 9564-1 format 4',
  'Diebold',
);

describe('PIN blocks, ISO 9564-1 and Diebold', () => {
  const clear = single.filter(({ format }) => format !== 4);
  test.each(clear)('match $id, format $format: $source', ({ format, pin, pan, fillHex, expected }) => {
    const block = encodePinBlock(format as TdesPinBlockFormat, { pin, pan }, fill(fillHex));
    expect(toHex(block)).toBe(expected.pinBlock);
    expect(decodePinBlock(format as TdesPinBlockFormat, { block, pan })).toBe(pin);
  });

  const underKey = single.filter(({ key }) => key !== undefined);
  test.each(underKey)('match $id, format $format, encrypted: $source', (vector) => {
    const { format, pin, pan, key, expected } = vector;
    expect(encrypted(vector)).toBe(expected.encryptedPinBlock);
    using cipher = cipherFor(format, hex(key!));
    expect(decryptPinBlock(cipher, format, { block: hex(expected.encryptedPinBlock!), pan })).toBe(pin);
  });

  const fields = single.filter(({ format }) => format === 4);
  test.each(fields)('$id: format 4 encrypts twice and XORs the PAN field in between', (vector) => {
    const cipher = createCipheriv(`aes-${vector.key!.length * 4}-ecb`, hex(vector.key!), null).setAutoPadding(false);
    const block = cipher.update(hex(vector.expected.pinField!));
    hex(vector.expected.panField!).forEach((byte, i) => (block[i] = block[i]! ^ byte));
    expect(encrypted(vector)).toBe(toHex(cipher.update(block)));
  });

  test.each(FORMATS)('format %s decodes to the encoded PIN for any PIN and PAN', (format) => {
    using cipher = cipherFor(format);
    fc.assert(
      fc.property(digits(4, 12), digits(12, 19), (pin, pan) => {
        const block = encryptPinBlock(cipher, format, { pin, pan });
        expect(block).toHaveLength(cipher.blockBytes);
        expect(decryptPinBlock(cipher, format, { block, pan })).toBe(pin);
      }),
    );
  });

  test.each<[TdesPinBlockFormat, RegExp]>([
    [0, /^041234F{10}$/],
    [1, /^141234[0-9A-F]{10}$/],
    [2, /^241234F{10}$/],
    [3, /^341234[A-F]{10}$/],
    ['DIEBOLD', /^1234F{12}$/],
  ])('format %s uses the fill that is prescribed for it', (format, pattern) => {
    const blocks = Array.from({ length: 100 }, () =>
      toHex(encodePinBlock(format, { pin: '1234', pan: '0000000000000000' })),
    );
    for (const block of blocks) expect(block).toMatch(pattern);
    if (format !== 1 && format !== 3) {
      expect(new Set(blocks).size).toBe(1);
      return;
    }
    // Two of the 100 random fills of format 3 are equal in one run of 10,000.
    expect(new Set(blocks).size).toBeGreaterThanOrEqual(format === 1 ? 100 : 99);
    expect(new Set(blocks.flatMap((block) => Array.from(block.slice(6)))).size).toBe(format === 1 ? 16 : 6);
  });

  test('format 4 gives a different block each time', () => {
    using cipher = aes(aesKey);
    const blocks = Array.from({ length: 100 }, () => toHex(encryptPinBlock(cipher, 4, { pin: '1234', pan: PAN })));
    expect(new Set(blocks).size).toBe(100);
  });

  test('formats 1, 2 and Diebold ignore the PAN', () => {
    for (const format of [1, 2, 'DIEBOLD'] as const) {
      const block = encodePinBlock(format, { pin: '123456' });
      expect(decodePinBlock(format, { block })).toBe('123456');
      expect(decodePinBlock(format, { block, pan: 'not a PAN' })).toBe('123456');
    }
  });

  test('the PAN field of formats 0 and 3 excludes the check digit, that of format 4 includes it', () => {
    const otherCheckDigit = `${PAN.slice(0, -1)}0`;
    for (const format of [0, 3, 4] as const) {
      using cipher = cipherFor(format);
      const block = encryptPinBlock(cipher, format, { pin: '1234', pan: PAN });
      const decrypt = () => decryptPinBlock(cipher, format, { block, pan: otherCheckDigit });
      if (format === 4) expect(decrypt).toThrow(undecodable);
      else expect(decrypt()).toBe('1234');
    }
  });

  test('decoding does not modify the clear block', () => {
    const block = hex('041261AAAAEDCBA9');
    expect(decodePinBlock(0, { block, pan: PAN })).toBe('1234');
    expect(toHex(block)).toBe('041261AAAAEDCBA9');
  });
});

describe('invalid PIN blocks are refused', () => {
  test.each(single.filter(({ format }) => format !== 4))(
    '$id, format $format, with a control nibble bit flipped or the first digit above 9',
    ({ format, pin, pan, expected }) => {
      const above9 = hex(expected.pinBlock!);
      const at = format === 'DIEBOLD' ? 0 : 1;
      above9[at] = above9[at]! ^ ((Number(pin[0]) ^ 0xa) << 4);
      const control = format === 'DIEBOLD' ? [] : bitFlips(hex(expected.pinBlock!)).slice(0, 4);
      for (const block of [...control, above9])
        expect(() => decodePinBlock(format as TdesPinBlockFormat, { block, pan })).toThrow(undecodable);
    },
  );

  test.each(pinblock.invalid as InvalidBlock[])(
    '$id, format $format, with $defect',
    ({ format, pan, clearBlock, key, encryptedPinBlock }) => {
      using cipher = cipherFor(format, hex(key));
      expect(() => decryptPinBlock(cipher, format, { block: hex(encryptedPinBlock), pan })).toThrow(undecodable);
      if (format !== 4) expect(() => decodePinBlock(format, { block: hex(clearBlock), pan })).toThrow(undecodable);
    },
  );

  test.each<[TdesPinBlockFormat, string, string]>([
    [0, '031234FFFFFFFFFF', 'length 3'],
    [0, '0D1234567890123F', 'length 13'],
    [0, '041234FFFFFFFFF0', 'last fill nibble'],
    [0, '041234EFFFFFFFFF', 'first fill nibble'],
    [0, '04123AFFFFFFFFFF', 'last PIN digit'],
    [0, '04A234FFFFFFFFFF', 'first PIN digit'],
    [0, '141234FFFFFFFFFF', 'control'],
    [1, '13123FFFFFFFFFFF', 'length 3'],
    [1, '141F34FFFFFFFFFF', 'PIN digit'],
    [1, '241234FFFFFFFFFF', 'control'],
    [2, '23123FFFFFFFFFFF', 'length 3'],
    [2, '2D1234567890123F', 'length 13'],
    [2, '241234FFFFFFFFFA', 'fill'],
    [2, '041234FFFFFFFFFF', 'control'],
    [3, '33123FFFFFFFFFFF', 'length 3'],
    [3, '341234FFFFFFFFF9', 'last fill nibble'],
    [3, '3412349FFFFFFFFF', 'first fill nibble'],
    [3, '04123ACDEFABCDEF', 'control'],
    ['DIEBOLD', '123FFFFFFFFFFFFF', 'length 3'],
    ['DIEBOLD', '1234567890123FFF', 'length 13'],
    ['DIEBOLD', '1234567890123456', 'length 16'],
    ['DIEBOLD', 'FFFFFFFFFFFFFFFF', 'length 0'],
    ['DIEBOLD', '123AFFFFFFFFFFFF', 'PIN digit'],
    ['DIEBOLD', '1234FFFFFFFFFFF0', 'last fill nibble'],
    ['DIEBOLD', '1234F5FFFFFFFFFF', 'fill'],
    ['DIEBOLD', '041234FFFFFFFFFE', 'an incomplete fill'],
  ])('format %s with %s, %s', (format, block) => {
    expect(() => decodePinBlock(format, { block: hex(block), pan: '0000000000000000' })).toThrow(undecodable);
  });

  test.each([0, 7, 9, 16])('with %i bytes', (length) => {
    using cipher = tdes(tdesKey);
    const block = Buffer.alloc(length);
    for (const format of [0, 1, 2, 3, 'DIEBOLD'] as const) {
      expect(() => decodePinBlock(format, { block, pan: PAN })).toThrow(undecodable);
      expect(() => decryptPinBlock(cipher, format, { block, pan: PAN })).toThrow(undecodable);
    }
  });

  test.each([0, 8, 15, 32])('with %i bytes in format 4', (length) => {
    using cipher = aes(aesKey);
    const block = Buffer.alloc(length);
    expect(() => decryptPinBlock(cipher, 4, { block, pan: PAN })).toThrow(undecodable);
  });

  test('in format 4 under another key, with a flipped bit or with another PAN', () => {
    using cipher = aes(aesKey);
    using other = aes(hex('0E98318106D0B1865DEED075C22159A6'));
    const block = encryptPinBlock(cipher, 4, { pin: '123456789012', pan: PAN }, fill('0123456789ABCDEF'));
    const given = { block, pan: PAN };
    expect(() => decryptPinBlock(other, 4, given)).toThrow(undecodable);
    expect(() => decryptPinBlock(cipher, 4, { ...given, pan: `${PAN}0` })).toThrow(undecodable);
    expect(() => decryptPinBlock(cipher, 4, { ...given, pan: PAN.replace('1', '2') })).toThrow(undecodable);
    for (let bit = 0; bit < 128; bit++) {
      const changed = Buffer.from(block);
      changed[bit >> 3] = changed[bit >> 3]! ^ (0x80 >> (bit % 8));
      expect(() => decryptPinBlock(cipher, 4, { block: changed, pan: PAN })).toThrow(undecodable);
    }
  });
});

describe('invalid arguments of PIN blocks are refused', () => {
  test.each(FORMATS)('format %s refuses the wrong cipher', (format) => {
    using wrong = format === 4 ? tdes(tdesKey) : aes(aesKey);
    expect(() => encryptPinBlock(wrong, format, { pin: '1234', pan: PAN })).toThrow(refused('MODE'));
    const block = Buffer.alloc(wrong.blockBytes);
    expect(() => decryptPinBlock(wrong, format, { block, pan: PAN })).toThrow(refused('MODE'));
  });

  test.each(FORMATS)('format %s refuses an invalid PIN', (format) => {
    using cipher = cipherFor(format);
    for (const pin of ['', '123', '1234567890123', '12F4'])
      expect(() => encryptPinBlock(cipher, format, { pin, pan: PAN })).toThrow(refused('PIN'));
  });

  test.each([0, 3, 4] as const)('format %i refuses a missing or invalid PAN', (format) => {
    using cipher = cipherFor(format);
    const block = Buffer.alloc(cipher.blockBytes);
    for (const pan of [undefined, '', '55555555512', '55555555555555551234', '555555555123456A']) {
      expect(() => encryptPinBlock(cipher, format, { pin: '1234', pan })).toThrow(refused('PAN'));
      expect(() => decryptPinBlock(cipher, format, { block, pan })).toThrow(refused('PAN'));
      if (format === 4) continue;
      expect(() => encodePinBlock(format, { pin: '1234', pan })).toThrow(refused('PAN'));
      expect(() => decodePinBlock(format, { block, pan })).toThrow(refused('PAN'));
    }
  });
});
