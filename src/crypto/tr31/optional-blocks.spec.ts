import { type KeyBlockHeader } from './header.js';
import { formatHeader, parseHeader, parseKeyBlock } from './key-block.js';
import { HMAC_HASHES, OPTIONAL_BLOCKS } from './optional-blocks.js';

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

/** Inserts optional blocks, sets their count to `count` and corrects the length. */
function withOptional(count: string, text: string, version = 'B'): string {
  const length = String(80 + text.length).padStart(4, '0');
  return `${version}${length}P0TE00E${count}00${text}${BLOCK.slice(16)}`;
}

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
  ] as [string, string][])('reads %s with data %j', (id, data) => {
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
  ])('refuses %s with data %j', (id, data) => {
    const form = OPTIONAL_BLOCKS[id]?.form ?? 'printable ASCII';
    expect(() => formatHeader(HEADER, [{ id, data }], 24)).toThrow(
      malformed(16, `the data of optional block ${id} must be ${form}`),
    );
  });

  test.each(['ks', 'K', 'KSN', '', 'K-', '  '])('refuses the ID %j', (id) => {
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
    ['02', 'LB08AAAALB08BBBB', 24, 'optional block LB occurs twice'],
    ['02', 'PB08AAAALB08BBBB', 24, 'optional block PB must be the last'],
    ['01', 'LB05A', 21, 'header and optional blocks must be a multiple of 8 characters'],
    ['01', 'KS08FF!F', 16, 'the data of optional block KS must be whole bytes in hexadecimal'],
    ['01', 'KS08FFFFLB08BBBBKV080000', 24, 'encrypted key and MAC must be upper-case hexadecimal digits, not "L"'],
  ])('refuses count %s with blocks %j', (count, text, offset, what) => {
    expect(() => parseKeyBlock(withOptional(count, text))).toThrow(malformed(offset, what));
  });

  test('refuses a key block that ends inside an optional block', () => {
    expect(() => parseHeader('B0020P0TE00E0100KS1')).toThrow(
      malformed(18, 'the length "1" of an optional block must be 2 hexadecimal digits'),
    );
  });

  test.each([
    ['02 and two bytes', 'LB00020010ABCDEF', 'ABCDEF'],
    ['02 and two digits', 'LB000210ABCDEFGH', 'ABCDEFGH'],
    ['04', 'LB00040010ABCDEF', 'ABCDEF'],
  ])('reads an extended length after %s', (_, text, data) => {
    expect(parseKeyBlock(withOptional('01', text)).optionalBlocks).toEqual([{ id: 'LB', data }]);
  });

  test('refuses an extended length after 02 that can be read in both ways', () => {
    // 0808 means a block of 2056 characters if it is two bytes, and one of 8 characters if it is two digits.
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
  ] as const)('PB pads version %s after a label of %i characters', (versionId, length, text) => {
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
  ])('writes a label of %i characters with the length %s', (length, beginning) => {
    const data = 'x'.repeat(length);
    const text = formatHeader(HEADER, [{ id: 'LB', data }], 24);
    expect(text.slice(16)).toMatch(new RegExp(`^${beginning}x`));
    expect(parseHeader(text).optionalBlocks[0]).toEqual({ id: 'LB', data });
  });

  test('accepts an extended length where a short one would suffice', () => {
    expect(parseHeader('B0096P0TE00E0100LB00040010Abcdef').optionalBlocks).toHaveLength(1);
  });
});
