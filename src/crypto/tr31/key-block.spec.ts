import { vectors } from '../../../test/support/vectors.js';
import { toHex } from '../bytes.js';
import { describeHeader, type KeyBlockHeader } from './header.js';
import { EXPORTABILITIES, KEY_USAGES, MODES_OF_USE } from './header-values.js';
import { formatHeader, parseHeader, parseKeyBlock } from './key-block.js';
import { describeOptionalBlock, OPTIONAL_BLOCKS, type OptionalBlock } from './optional-blocks.js';

interface Vector {
  version: string;
  keyBlock: string;
  header: string;
  expected: Record<'keyUsage' | 'algorithm' | 'modeOfUse' | 'keyVersion' | 'exportability' | 'reserved', string> & {
    optionalBlocks: (OptionalBlock & { extendedLength?: boolean })[];
  };
}

const refused = (message: string) => expect.objectContaining({ code: 'KEY_BLOCK', message }) as Error;
const malformed = (offset: number, what: string) => refused(`Malformed key block at offset ${offset}: ${what}`);

const HEADER: KeyBlockHeader = {
  versionId: 'B',
  keyUsage: 'P0',
  algorithm: 'T',
  modeOfUse: 'E',
  keyVersionNumber: '00',
  exportability: 'E',
  keyContext: '0',
};

/** A block whose header the tests modify; it is never decrypted. */
const BLOCK = `B0080P0TE00E0000${'0123456789ABCDEF'.repeat(4)}`;
const altered = (offset: number, text: string) => BLOCK.slice(0, offset) + text + BLOCK.slice(offset + text.length);

describe('parsing a key block without a key', () => {
  test.each(vectors<Vector>('tr31'))('reads $id: $source', ({ version, keyBlock, header: headerText, expected }) => {
    const { header, optionalBlocks, headerBytes, ciphertext, mac } = parseKeyBlock(keyBlock);
    expect(header).toEqual({
      versionId: version,
      keyUsage: expected.keyUsage,
      algorithm: expected.algorithm,
      modeOfUse: expected.modeOfUse,
      keyVersionNumber: expected.keyVersion,
      exportability: expected.exportability,
      keyContext: expected.reserved[0],
    });
    expect(optionalBlocks).toEqual(expected.optionalBlocks.map(({ id, data }) => ({ id, data })));
    expect(headerBytes.toString('latin1')).toBe(headerText);
    expect(headerText + toHex(ciphertext) + toHex(mac)).toBe(keyBlock);

    expect(parseHeader(headerText)).toEqual({ header, optionalBlocks, headerChars: headerText.length });
    expect(formatHeader(header, optionalBlocks, ciphertext.length)).toBe(headerText);
  });

  test('describes a header', () => {
    expect(describeHeader(parseKeyBlock(vectors<Vector>('tr31')[4]!.keyBlock).header)).toEqual({
      versionId: 'TDEA Key Derivation Binding Method',
      keyUsage: 'BDK Base Derivation Key',
      algorithm: 'Triple DEA (TDEA)',
      modeOfUse: 'Key used to derive other key(s)',
      keyVersionNumber: 'Version 12 of the key',
      exportability: expect.stringContaining('Sensitive'),
      keyContext: 'Determined by the wrapping key',
    });
  });

  test('describes a proprietary header', () => {
    const header = parseKeyBlock('D01121090c730010'.concat('00'.repeat(48))).header;
    expect(describeHeader(header)).toEqual({
      versionId: 'AES Key Derivation Binding Method',
      keyUsage: 'Reserved for proprietary use',
      algorithm: 'Reserved for proprietary use',
      modeOfUse: 'Reserved for proprietary use',
      keyVersionNumber: 'Component 7 of a key',
      exportability: 'Reserved for proprietary use',
      keyContext: 'Storage context only',
    });
  });

  test('describes optional blocks', () => {
    const words = (id: string) => describeOptionalBlock({ id, data: '' });
    expect(words('KS')).toBe('Initial Key Serial Number or Key Set Identifier');
    expect(words('ER')).toBe('Not defined in X9.143');
    expect(words('10')).toBe('Reserved for proprietary use');
  });

  test('every code has a description', () => {
    const described = [...Object.values(KEY_USAGES), ...Object.values(OPTIONAL_BLOCKS)].map((row) => row.description);
    for (const text of [...described, ...Object.values(MODES_OF_USE), ...Object.values(EXPORTABILITIES)])
      expect(text).toMatch(/^\w.{3,}$/);
  });
});

describe('a malformed fixed header is refused', () => {
  test.each([
    ['', 0, /^the header has 16/],
    ['B', 1, /^the header has 16/],
    [BLOCK.slice(0, 78), 1, /^key block length/],
    [`${BLOCK}00`, 1, /^key block length/],
    [` ${BLOCK}`, 0, /^key block version ID has the value " "/],
    [`${BLOCK}\n`, 1, /^key block length/],
    [altered(1, '80  '), 1, /^key block length/],
    [altered(1, '0x50'), 1, /^key block length/],
    ['B0015P0TE00E000', 15, /^the header has 16/],
    [altered(0, 'E'), 0, /^key block version ID/],
    [altered(0, '1'), 0, /^key block version ID/],
    [altered(0, 'b'), 0, /^key block version ID/],
    [altered(5, 'P9'), 5, /^key usage/],
    [altered(5, 'p0'), 5, /^key usage/],
    [altered(5, '0P'), 5, /^key usage/],
    [altered(7, 'X'), 7, /^algorithm/],
    [altered(8, 'A'), 8, /^mode of use/],
    [altered(9, '0-'), 9, /^key version number/],
    [altered(11, 'X'), 11, /^exportability/],
    [altered(12, '0A'), 12, /^number of optional blocks/],
    [altered(12, ' 0'), 12, /^number of optional blocks/],
    [altered(14, '3'), 14, /^key context/],
    [altered(15, '1'), 15, /^the reserved character/],
  ])('%j at offset %i', (text, offset, what) => {
    expect(() => parseKeyBlock(text)).toThrow(
      refused(expect.stringMatching(`^Malformed key block at offset ${offset}: ${what.source.slice(1)}`) as string),
    );
  });

  /** A value for each field that no key block can have. */
  const UNDEFINED: [offset: number, value: string, what: string][] = [
    [0, 'F', 'key block version ID has the value "F", which X9.143 does not define'],
    [1, '00A0', 'key block length "00A0" must be 4 digits'],
    [5, 'Z0', 'key usage has the value "Z0", which X9.143 does not define'],
    [7, 'Z', 'algorithm has the value "Z", which X9.143 does not define'],
    [8, 'Z', 'mode of use has the value "Z", which X9.143 does not define'],
    [9, '+1', 'key version number has the value "+1", which X9.143 does not define'],
    [11, 'Z', 'exportability has the value "Z", which X9.143 does not define'],
    [12, 'AA', 'number of optional blocks "AA" must be 2 digits'],
    [14, 'Z', 'key context has the value "Z", which X9.143 does not define'],
    [15, 'Z', 'the reserved character must be 0, not "Z"'],
  ];

  test.each(vectors<Vector>('tr31'))('$id with any field made invalid', ({ keyBlock }) => {
    for (const [offset, value, what] of UNDEFINED) {
      const spoilt = keyBlock.slice(0, offset) + value + keyBlock.slice(offset + value.length);
      expect(() => parseKeyBlock(spoilt)).toThrow(malformed(offset, what));
    }
    const length = keyBlock.slice(1, 5);
    const others = [keyBlock.slice(0, -1), keyBlock.slice(0, 20) + keyBlock.slice(21), `${keyBlock}0`];
    for (const other of others)
      expect(() => parseKeyBlock(other)).toThrow(
        malformed(
          1,
          `key block length "${length}" must be the number of characters that the block has, ${other.length}`,
        ),
      );
  });

  test('reports the leftmost of several mistakes', () => {
    const spoilt = UNDEFINED.reduce(
      (text, [offset, value]) => text.slice(0, offset) + value + text.slice(offset + value.length),
      BLOCK,
    );
    for (const [offset, value, what] of UNDEFINED) {
      const mended = BLOCK.slice(0, offset) + spoilt.slice(offset);
      expect(() => parseKeyBlock(mended)).toThrow(malformed(offset, what));
      expect(mended.startsWith(value, offset)).toBe(true);
    }
  });

  test('quotes characters that cannot be printed as question marks', () => {
    expect(() => parseKeyBlock(altered(5, '\u001b\u00e9'))).toThrow(
      malformed(5, 'key usage has the value "??", which X9.143 does not define'),
    );
  });

  test.each(['S', 'R'])('when the key scheme letter %s of an HSM precedes a good block', (letter) => {
    expect(() => parseKeyBlock(letter + BLOCK)).toThrow(
      malformed(0, `the key scheme letter "${letter}" of an HSM precedes the key block: leave it out`),
    );
    // If the rest isn't a key block either, the letter isn't taken for a scheme letter.
    expect(() => parseKeyBlock(letter + altered(5, 'Z9'))).toThrow(
      malformed(0, `key block version ID has the value "${letter}", which X9.143 does not define`),
    );
  });

  test('in a header without a key block, too', () => {
    expect(parseHeader('D9999K0TB00E0000').header.keyUsage).toBe('K0');
    expect(() => parseHeader('D9999K0TB00E000')).toThrow(malformed(15, 'the header has 16 characters'));
    expect(() => parseHeader('D99X9K0TB00E0000')).toThrow(malformed(1, 'key block length "99X9" must be 4 digits'));
  });
});

describe('a malformed encrypted key or MAC is refused', () => {
  test.each([
    [altered(30, 'G'), 30, 'encrypted key and MAC must be upper-case hexadecimal digits, not "G"'],
    [altered(79, 'f'), 79, 'encrypted key and MAC must be upper-case hexadecimal digits, not "f"'],
    [altered(40, ' '), 40, 'encrypted key and MAC must be upper-case hexadecimal digits, not " "'],
    [altered(40, '\u0661'), 40, 'encrypted key and MAC must be upper-case hexadecimal digits, not "?"'],
    ['B0016P0TE00E0000', 16, 'the encrypted key must be a multiple of 8 bytes, and the MAC whole'],
    [`B0032P0TE00E0000${'00'.repeat(8)}`, 16, 'the encrypted key must be a multiple of 8 bytes, and the MAC whole'],
    [`B0050P0TE00E0000${'00'.repeat(17)}`, 16, 'the encrypted key must be a multiple of 8 bytes, and the MAC whole'],
    [`A0041P0TE00E0000${'0'.repeat(25)}`, 16, 'the encrypted key must be a multiple of 8 bytes, and the MAC whole'],
    [`D0064P0AE00E0000${'00'.repeat(24)}`, 16, 'the encrypted key must be a multiple of 16 bytes, and the MAC whole'],
  ])('%j', (text, offset, what) => {
    expect(() => parseKeyBlock(text)).toThrow(malformed(offset, what));
  });
});

describe('limits of formatted headers', () => {
  const labels = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      id: `${String.fromCharCode(71 + (i % 10))}${Math.floor(i / 10)}`,
      data: 'AAAA',
    }));

  test('at most 99 optional blocks', () => {
    expect(formatHeader(HEADER, labels(99), 24).slice(12, 14)).toBe('99');
    expect(() => formatHeader(HEADER, labels(100), 24)).toThrow(
      malformed(12, 'a key block has 99 optional blocks at most'),
    );
  });

  test('at most 9999 characters', () => {
    expect(formatHeader(HEADER, [], 4976).slice(1, 5)).toBe('9984');
    expect(() => formatHeader(HEADER, [], 4984)).toThrow(
      malformed(1, 'a key block has 9999 characters at most: leave out optional blocks'),
    );
    expect(() => formatHeader(HEADER, [{ id: 'LB', data: 'A'.repeat(70_000) }], 24)).toThrow(
      malformed(1, 'a key block has 9999 characters at most: leave out optional blocks'),
    );
  });

  test.each([
    ['keyUsage', 'P', 5],
    ['keyUsage', 'P00', 5],
    ['algorithm', '', 7],
    ['modeOfUse', 'EE', 8],
    ['keyVersionNumber', '0', 9],
    ['exportability', 'toString', 11],
    ['keyContext', 'constructor', 14],
    ['versionId', 'Z', 0],
  ] as const)('refuse %s %j', (field, value, offset) => {
    expect(() => describeHeader({ ...HEADER, [field]: value })).toThrow(
      expect.objectContaining({ code: 'KEY_BLOCK', message: expect.stringContaining(`offset ${offset}:`) }),
    );
  });
});
