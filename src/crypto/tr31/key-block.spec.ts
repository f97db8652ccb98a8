import { vectors } from '../../../test/support/vectors.js';
import { toHex } from '../bytes.js';
import { describeHeader, type KeyBlockHeader } from './header.js';
import { EXPORTABILITIES, KEY_USAGES, MODES_OF_USE } from './header-values.js';
import { formatHeader, parseHeader, parseKeyBlock } from './key-block.js';
import { describeOptionalBlock, HMAC_HASHES, OPTIONAL_BLOCKS, type OptionalBlock } from './optional-blocks.js';

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

/** Inserts optional blocks, sets their count to `count` and corrects the length. */
function withOptional(count: string, text: string, version = 'B'): string {
  const length = String(80 + text.length).padStart(4, '0');
  return `${version}${length}P0TE00E${count}00${text}${BLOCK.slice(16)}`;
}

describe('parsing a key block without a key', () => {
  test.each(vectors<Vector>('tr31'))('$id: $source', ({ version, keyBlock, header: headerText, expected }) => {
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

  /** For each field, a value that no key block can have. */
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

  test('of several mistakes the leftmost is reported', () => {
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

  test('characters that cannot be printed are quoted as question marks', () => {
    expect(() => parseKeyBlock(altered(5, '\u001b\u00e9'))).toThrow(
      malformed(5, 'key usage has the value "??", which X9.143 does not define'),
    );
  });

  test.each(['S', 'R'])('the key scheme letter %s of an HSM before a good block', (letter) => {
    expect(() => parseKeyBlock(letter + BLOCK)).toThrow(
      malformed(0, `the key scheme letter "${letter}" of an HSM precedes the key block: leave it out`),
    );
    // Where the rest is no key block either, nothing is assumed of the letter.
    expect(() => parseKeyBlock(letter + altered(5, 'Z9'))).toThrow(
      malformed(0, `key block version ID has the value "${letter}", which X9.143 does not define`),
    );
  });

  test('a header without a key block must still be valid', () => {
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

describe('optional blocks', () => {
  const CERTIFICATE = 'TUlJQg==';

  test.each([
    ['AL', '0101'],
    ['BI', '001234567890'],
    ['BI', '0112345678'],
    ['CT', `00${CERTIFICATE}`],
    ['CT', `01${CERTIFICATE}`],
    ['CT', `02000008${CERTIFICATE}010008${CERTIFICATE}`],
    ['DA', '01P0TEED0AEN'],
    ['FL', 'any flags'],
    ...Object.keys(HMAC_HASHES).map((code) => ['HM', code]),
    ['IK', '1234567890ABCDEF'],
    ['KC', '00CB9DEA'],
    ['KC', '01CB9DEA0000'],
    ['KP', '00CB9D'],
    ['PK', '01CB'],
    ['KS', 'FFFF9876543210E00000'],
    ['KS', 'FFFF9876543210E0'],
    ['KV', '00Zz'],
    ['LB', 'Label ~ of "mine"'],
    ['LB', ''],
    ['TC', '20240229235960Z'],
    ['TS', '2024022923595999Z'],
    ['TS', '2024-02-29T23:59:59Z'],
    ['TS', '2024-02-29T23:59:59.99Z'],
    ['WP', '003'],
    ['ER', 'whatever it says'],
    ['10', 'IBMC0101'],
  ] as [string, string][])('%s %j', (id, data) => {
    const blocks = [{ id, data }];
    const written = parseHeader(formatHeader({ ...HEADER, versionId: 'D' }, blocks, 32));
    expect(written.optionalBlocks.filter((block) => block.id !== 'PB')).toEqual(blocks);
    expect(written.headerChars % 16).toBe(0);
  });

  test.each([
    ['AL', '0102'],
    ['AL', '0001'],
    ['BI', '0012345678'],
    ['BI', '02123456789A'],
    ['CT', ''],
    ['CT', '00'],
    ['CT', '00TUlJQg='],
    ['CT', `03${CERTIFICATE}`],
    ['CT', '00TUlJ Qg='],
    ['CT', '02'],
    ['CT', `02000009${CERTIFICATE}`],
    ['CT', `02000008${CERTIFICATE}01`],
    ['CT', `02000000000008${CERTIFICATE}`],
    ['CT', `0200000c${CERTIFICATE}TUlJ`],
    ['CT', `02020008${CERTIFICATE}`],
    ['DA', '01'],
    ['DA', '01P0TE'],
    ['DA', '02P0TEE'],
    ['HM', '11'],
    ['HM', ''],
    ['IK', '1234567890ABCDE'],
    ['IK', '1234567890abcdef'],
    ['KC', '00'],
    ['KC', '00CB9DEA00'],
    ['KP', '01CB9DEA000000'],
    ['PK', '02CB9DEA'],
    ['KS', ''],
    ['KS', 'FFF'],
    ['KS', 'ffff'],
    ['KV', '000'],
    ['LB', 'with\ttab'],
    ['LB', 'Z\u00fcrich'],
    ['TC', '20241329235959Z'],
    ['TC', '20240230'],
    ['TS', '20240200235959Z'],
    ['TS', '20240229245959Z'],
    ['TS', '2024022923595999'],
    ['TS', '2024-02-29 23:59:59Z'],
    ['WP', '004'],
    ['WP', '010'],
    ['10', '\u0000'],
  ])('%s with data %j is refused', (id, data) => {
    const form = OPTIONAL_BLOCKS[id]?.form ?? 'printable ASCII';
    expect(() => formatHeader(HEADER, [{ id, data }], 24)).toThrow(
      malformed(16, `the data of optional block ${id} must be ${form}`),
    );
  });

  test.each(['ks', 'K', 'KSN', '', 'K-', '  '])('ID %j is refused', (id) => {
    expect(() => formatHeader(HEADER, [{ id, data: '00' }], 24)).toThrow(
      malformed(16, `the ID "${id}" of an optional block must be 2 capitals or digits`),
    );
  });

  test.each([
    ['01', 'KSGGFFFF', 18, 'the length "GG" of an optional block must be 2 hexadecimal digits'],
    ['01', 'KS0aFFFFFF', 18, 'the length "0a" of an optional block must be 2 hexadecimal digits'],
    ['01', 'KS03FFFF', 18, 'the optional block of length "03" ends before its data'],
    ['01', 'KSFFFFFF', 18, 'the optional block of length "FF" ends after the key block'],
    ['01', 'LB00080000000C', 20, 'the length of the extended length of an optional block must be 04 or 02, not "08"'],
    ['01', 'LB00020X00', 22, 'the length "0X00" of an optional block must be 4 hexadecimal digits'],
    ['01', 'LB00020007', 22, 'the optional block of length "0007" ends before its data'],
    ['01', 'LB0002FFFF', 22, 'the optional block of length "FFFF" ends after the key block'],
    ['01', 'LB00040X00', 22, 'the length "0X00" of an optional block must be 4 hexadecimal digits'],
    ['01', 'LB00040009', 22, 'the optional block of length "0009" ends before its data'],
    ['01', 'LB0004FFFF', 22, 'the optional block of length "FFFF" ends after the key block'],
    ['02', 'LB08AAAALB08BBBB', 24, 'optional block LB is there twice'],
    ['02', 'PB08AAAALB08BBBB', 24, 'optional block PB must be the last'],
    ['01', 'LB05A', 21, 'header and optional blocks must be a multiple of 8 characters'],
    ['01', 'KS08FF!F', 16, 'the data of optional block KS must be whole bytes in hexadecimal'],
    ['01', 'KS08FFFFLB08BBBBKV080000', 24, 'encrypted key and MAC must be upper-case hexadecimal digits, not "L"'],
  ])('count %s, blocks %j', (count, text, offset, what) => {
    expect(() => parseKeyBlock(withOptional(count, text))).toThrow(malformed(offset, what));
  });

  test('refuses a key block that ends inside an optional block', () => {
    expect(() => parseHeader('B0020P0TE00E0100KS1')).toThrow(
      malformed(18, 'the length "1" of an optional block must be 2 hexadecimal digits'),
    );
  });

  test.each([
    ['02 for two bytes', 'LB00020010ABCDEF', 'ABCDEF'],
    ['02 for two digits', 'LB000210ABCDEFGH', 'ABCDEFGH'],
    ['04', 'LB00040010ABCDEF', 'ABCDEF'],
  ])('an extended length after %s', (_, text, data) => {
    expect(parseKeyBlock(withOptional('01', text)).optionalBlocks).toEqual([{ id: 'LB', data }]);
  });

  test('an extended length after 02 that can be read in both ways', () => {
    // 0808: a block of 2056 characters after two bytes, of 8 characters after two digits.
    const text = `LB00020808${'A'.repeat(2046)}`;
    expect(() => parseHeader(`B9999P0TE00E0100${text}`)).toThrow(
      malformed(20, 'the extended length of an optional block is ambiguous: write it in 4 digits after 04'),
    );
    expect(parseHeader(`B9999P0TE00E0100${text.slice(0, -1)}`).optionalBlocks).toEqual([{ id: 'LB', data: '' }]);
  });

  test('version D requires multiples of 16 characters', () => {
    expect(() => parseKeyBlock(withOptional('01', 'LB08AAAA', 'D'))).toThrow(
      malformed(24, 'header and optional blocks must be a multiple of 16 characters'),
    );
  });

  test.each([
    ['B', 0, 'LB04PB04'],
    ['B', 1, 'LB05APB0B0000000'],
    ['B', 4, 'LB08AAAA'],
    ['B', 5, 'LB09AAAAAPB07000'],
    ['B', 8, 'LB0CAAAAAAAAPB04'],
    ['D', 8, 'LB0CAAAAAAAAPB04'],
    ['D', 9, `LB0DAAAAAAAAAPB13${'0'.repeat(15)}`],
    ['D', 12, 'LB10AAAAAAAAAAAA'],
  ] as const)('PB fills up version %s after a label of %i', (versionId, length, text) => {
    const header = formatHeader({ ...HEADER, versionId }, [{ id: 'LB', data: 'A'.repeat(length) }], 32);
    expect(header.slice(16)).toBe(text);
    expect(header.slice(12, 14)).toBe(text.includes('PB') ? '02' : '01');
  });

  test('formatting replaces an existing PB', () => {
    const blocks = [
      { id: 'PB', data: 'RANDOM' },
      { id: 'KV', data: '0000' },
    ];
    expect(formatHeader(HEADER, blocks, 24)).toBe('B0088P0TE00E0100KV080000');
  });

  test.each([
    [251, 'LBFF'],
    [252, 'LB00040106'],
    [8000, 'LB00041F4A'],
  ])('a label of %i characters is written with length %s', (length, beginning) => {
    const data = 'x'.repeat(length);
    const text = formatHeader(HEADER, [{ id: 'LB', data }], 24);
    expect(text.slice(16)).toMatch(new RegExp(`^${beginning}x`));
    expect(parseHeader(text).optionalBlocks[0]).toEqual({ id: 'LB', data });
  });

  test('an extended length is accepted where a short one would suffice', () => {
    expect(parseHeader('B0096P0TE00E0100LB00040010Abcdef').optionalBlocks).toHaveLength(1);
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
  ] as const)('%s %j is refused', (field, value, offset) => {
    expect(() => describeHeader({ ...HEADER, [field]: value })).toThrow(
      expect.objectContaining({ code: 'KEY_BLOCK', message: expect.stringContaining(`offset ${offset}:`) }),
    );
  });
});
