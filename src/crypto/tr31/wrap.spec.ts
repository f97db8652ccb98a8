import { generateKeyPairSync, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { hex, vectors } from '../../../test/support/vectors.js';
import type { KeyBlockHeader } from './header.js';
import { ALGORITHMS, KEY_USAGES, type KeyBlockVersion } from './header-values.js';
import type { Kbpk } from './kbpk.js';
import { parseKeyBlock } from './key-block.js';
import type { OptionalBlock } from './optional-blocks.js';
import { unwrapKeyBlock } from './unwrap.js';
import { type WrapArguments, wrapKeyBlock } from './wrap.js';

interface Vector {
  kbpk: string;
  kbpkAlgorithm: Kbpk['algorithm'];
  keyBlock: string;
  padHex: string;
  expected: { key: string };
}

const HEADER: KeyBlockHeader = {
  versionId: 'D',
  keyUsage: 'D0',
  algorithm: 'A',
  modeOfUse: 'B',
  keyVersionNumber: '00',
  exportability: 'E',
  keyContext: '0',
};
const TDES: Kbpk = { algorithm: 'TDES', key: Buffer.alloc(24, 'kbpk') };
const AES: Kbpk = { algorithm: 'AES', key: Buffer.alloc(32, 'kbpk') };
const LABEL: OptionalBlock = { id: 'LB', data: 'twice' };
const kbpkFor = (versionId: KeyBlockVersion) => (versionId === 'D' ? AES : TDES);

test.each(vectors<Vector>('tr31'))(
  '$id is reproduced by wrapping: $source',
  ({ kbpk, kbpkAlgorithm, keyBlock, padHex, expected }) => {
    const { header, optionalBlocks } = parseKeyBlock(keyBlock);
    const [key, padding] = [hex(expected.key), hex(padHex)];
    const again = wrapKeyBlock({
      kbpk: { algorithm: kbpkAlgorithm, key: hex(kbpk) },
      header,
      optionalBlocks,
      key,
      maskedKeyBytes: key.length + padding.length,
      padding: (bytes) => {
        expect(bytes).toBe(padding.length);
        return padding;
      },
    });
    expect(again).toBe(keyBlock);
  },
);

describe('key length masking', () => {
  type Row = [KeyBlockVersion, string, number, number | null, number];
  const file = new URL('../../../test/vectors/tr31.json', import.meta.url);
  const { maskingLengths } = JSON.parse(readFileSync(file, 'utf8')) as { maskingLengths: { rows: Row[] } };

  test.each(maskingLengths.rows)(
    'version %s, algorithm %s, %i bytes masked to %s',
    (versionId, algorithm, bytes, masked, chars) => {
      // The tool that produced this table masks AES keys to 32 bytes by default; wrapKeyBlock masks only TDES keys by
      // default.
      const maskedKeyBytes = masked ?? (algorithm === 'A' ? 32 : undefined);
      const key = Buffer.alloc(bytes, 9);
      const args = { kbpk: kbpkFor(versionId), header: { ...HEADER, versionId, algorithm }, key };
      const block = wrapKeyBlock(maskedKeyBytes === undefined ? args : { ...args, maskedKeyBytes });
      expect(block).toHaveLength(chars);
      expect(unwrapKeyBlock(args.kbpk, block).key).toEqual(key);
    },
  );

  test.each([
    ['T', 16, 112],
    ['T', 24, 112],
    ['A', 16, 112],
    ['A', 24, 112],
    ['A', 32, 144],
    ['E', 121, 304],
  ])('version D with algorithm %s and %i bytes has its default length', (algorithm, bytes, chars) => {
    const key = Buffer.alloc(bytes, 9);
    expect(wrapKeyBlock({ kbpk: AES, header: { ...HEADER, algorithm }, key })).toHaveLength(chars);
  });
});

describe('wrapping', () => {
  test('uses random padding', () => {
    const args = { kbpk: AES, header: HEADER, key: Buffer.alloc(16, 1) };
    expect(wrapKeyBlock(args)).not.toBe(wrapKeyBlock(args));
  });

  test.each([
    ['RSA 2048', 'R', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['P-521', 'E', () => generateKeyPairSync('ec', { namedCurve: 'P-521' })],
  ] as const)('wraps an %s private key with its certificate', (_, algorithm, generate) => {
    const key = generate().privateKey.export({ type: 'pkcs8', format: 'der' });
    const optionalBlocks = [{ id: 'CT', data: `00${Buffer.alloc(1200, 3).toString('base64')}` }];
    const header = { ...HEADER, keyUsage: 'S0', algorithm, modeOfUse: 'S' };
    for (const versionId of ['B', 'D'] as const) {
      const kbpk = kbpkFor(versionId);
      const unwrapped = unwrapKeyBlock(
        kbpk,
        wrapKeyBlock({ kbpk, header: { ...header, versionId }, optionalBlocks, key }),
      );
      expect(unwrapped.key).toEqual(key);
      expect(createPrivateKey({ key: unwrapped.key, type: 'pkcs8', format: 'der' }).type).toBe('private');
    }
  });

  test('fills a block of 9999 characters with the longest key that fits', () => {
    const header = { ...HEADER, keyUsage: 'S0', algorithm: 'R', modeOfUse: 'S' };
    const key = Buffer.alloc(4958, 5);
    const block = wrapKeyBlock({ kbpk: AES, header, key });
    expect(block.slice(0, 5)).toBe('D9968');
    expect(unwrapKeyBlock(AES, block).key).toEqual(key);
    for (const bytes of [4959, 5000, 8192, 70_000])
      expect(() => wrapKeyBlock({ kbpk: AES, header, key: Buffer.alloc(bytes) })).toThrow(
        expect.objectContaining({ code: 'KEY_BLOCK', message: expect.stringContaining('9999') }),
      );
  });

  test('rewraps an unwrapped key under another version with the same optional blocks', () => {
    const { keyBlock, kbpk } = vectors<Vector>('tr31').find(({ id }) => id === 'tr31-v046')!;
    const { header, optionalBlocks, key } = unwrapKeyBlock({ algorithm: 'AES', key: hex(kbpk) }, keyBlock);
    const other = wrapKeyBlock({ kbpk: TDES, header: { ...header, versionId: 'B' }, optionalBlocks, key });
    expect(other.slice(0, 56)).toBe('B0136C0TV07E0300TS1320240131235959ZKP100154A30E3AF0PB050');
    expect(unwrapKeyBlock(TDES, other).key).toEqual(key);
  });

  test('does not modify the key', () => {
    const key = Buffer.alloc(16, 7);
    wrapKeyBlock({ kbpk: AES, header: HEADER, key });
    expect(key).toEqual(Buffer.alloc(16, 7));
  });
});

describe('wrapping is refused', () => {
  const refused = (code: string, message: RegExp) =>
    expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error;

  describe.each(vectors<Vector>('tr31'))('the key of $id', ({ kbpk, kbpkAlgorithm, keyBlock, expected }) => {
    const { header, optionalBlocks } = parseKeyBlock(keyBlock);
    const [key, kbpkKey] = [hex(expected.key), hex(kbpk)];
    const wrap = (other: Partial<WrapArguments>) => () =>
      wrapKeyBlock({ kbpk: { algorithm: kbpkAlgorithm, key: kbpkKey }, header, optionalBlocks, key, ...other });

    test('under a KBPK that its version does not allow', () => {
      const algorithm = kbpkAlgorithm === 'AES' ? 'TDES' : 'AES';
      expect(wrap({ kbpk: { algorithm, key: kbpkKey } })).toThrow(refused('MODE', /key block protection key$/));
      const shorter = { algorithm: kbpkAlgorithm, key: kbpkKey.subarray(1) };
      expect(wrap({ kbpk: shorter })).toThrow(refused('KEY_LENGTH', /^An? (TDES|AES) key must be 16/));
    });

    test('when the key is empty, the attributes conflict, or the block would be too long', () => {
      expect(wrap({ key: Buffer.alloc(0) })).toThrow(refused('KEY_LENGTH', /of algorithm .$/));
      expect(wrap({ header: { ...header, keyUsage: 'S0', modeOfUse: 'X' } })).toThrow(
        refused('KEY_BLOCK', /^Mode of use X does not go with key usage S0$/),
      );
      const twice = [...optionalBlocks.filter(({ id }) => id !== 'PB'), LABEL, LABEL];
      expect(wrap({ optionalBlocks: twice })).toThrow(refused('KEY_BLOCK', /optional block LB occurs twice$/));
      expect(wrap({ maskedKeyBytes: 5000 })).toThrow(refused('KEY_BLOCK', /9999 characters/));
    });
  });

  test.each([
    ['A', 0],
    ['A', 8],
    ['A', 20],
    ['A', 64],
    ['T', 0],
    ['T', 15],
    ['T', 32],
    ['D', 7],
    ['H', 0],
    ['R', 0],
    ['7', 0],
  ])('algorithm %s, key of %i bytes', (algorithm, bytes) => {
    const header = { ...HEADER, algorithm };
    expect(() => wrapKeyBlock({ kbpk: AES, header, key: Buffer.alloc(bytes) })).toThrow(
      refused('KEY_LENGTH', /^The key does not have a length of algorithm .$/),
    );
  });

  test.each([
    ['P0', 'X'],
    ['P0', 'C'],
    ['K0', 'V'],
    ['B0', 'B'],
    ['C0', 'E'],
    ['M3', 'S'],
    ['S0', 'G'],
    ['E0', 'G'],
    ['I0', 'E'],
    ['K3', 'C'],
    ['D0', 'Y'],
  ])('key usage %s with mode of use %s', (keyUsage, modeOfUse) => {
    const header = { ...HEADER, keyUsage, modeOfUse };
    expect(() => wrapKeyBlock({ kbpk: AES, header, key: Buffer.alloc(16) })).toThrow(
      refused('KEY_BLOCK', /^Mode of use . does not go with key usage ..$/),
    );
  });

  test('for an HMAC key without its hash', () => {
    const header = { ...HEADER, keyUsage: 'M7', algorithm: 'H', modeOfUse: 'C' };
    const args = { kbpk: AES, header, key: Buffer.alloc(32) };
    expect(() => wrapKeyBlock(args)).toThrow(refused('KEY_BLOCK', /needs optional block HM$/));
    expect(wrapKeyBlock({ ...args, optionalBlocks: [{ id: 'HM', data: '21' }] })).toMatch(
      /^D0160M7HC00E0200HM0621PB0A000000/,
    );
  });

  test.each([
    ['D', TDES, /AES key block protection key$/],
    ['A', AES, /TDES key block protection key$/],
    ['B', AES, /TDES key block protection key$/],
    ['C', AES, /TDES key block protection key$/],
  ] as const)('version %s under the wrong kind of KBPK', (versionId, kbpk, message) => {
    expect(() => wrapKeyBlock({ kbpk, header: { ...HEADER, versionId }, key: Buffer.alloc(16) })).toThrow(
      refused('MODE', message),
    );
  });

  test('under a KBPK of the wrong length', () => {
    const kbpk = { algorithm: 'TDES', key: Buffer.alloc(8) } as const;
    expect(() => wrapKeyBlock({ kbpk, header: { ...HEADER, versionId: 'B' }, key: Buffer.alloc(16) })).toThrow(
      refused('KEY_LENGTH', /16 or 24/),
    );
  });
});

const bytes = (...lengths: number[]) =>
  fc
    .constantFrom(...lengths)
    .chain((length) => fc.uint8Array({ minLength: length, maxLength: length }).map((data) => Buffer.from(data)));
const text = (alphabet: string, minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...alphabet.split('')), minLength, maxLength });

const usageAndMode = fc
  .constantFrom(...Object.entries(KEY_USAGES))
  .chain(([keyUsage, { modesOfUse }]) =>
    fc.record({ keyUsage: fc.constant(keyUsage), modeOfUse: fc.constantFrom(...modesOfUse.split(''), 'N', '3') }),
  );
const proprietary = fc.record({
  keyUsage: text('0123456789', 2, 2),
  modeOfUse: fc.constantFrom(...'BCDEGNSTVXY07'.split('')),
});
const algorithmAndKey = fc.constantFrom(...Object.entries(ALGORITHMS)).chain(([algorithm, { keyBytes }]) =>
  fc.record({
    algorithm: fc.constant(algorithm),
    key: keyBytes ? bytes(...keyBytes) : bytes(1, 20, 32, 64, 121, 1190),
  }),
);
const optionalBlock: fc.Arbitrary<OptionalBlock> = fc.oneof(
  fc.record({ id: fc.constant('KS'), data: text('0123456789ABCDEF', 20, 20) }),
  fc.record({ id: fc.constant('LB'), data: fc.string({ unit: 'grapheme-ascii', maxLength: 600 }) }),
  fc.record({ id: fc.constant('TS'), data: fc.constant('20240131235959Z') }),
  fc.record({ id: text('0123456789', 2, 2), data: fc.string({ unit: 'grapheme-ascii', maxLength: 40 }) }),
);

test('unwrapping returns the wrapped key', () => {
  const header = fc.record({
    versionId: fc.constantFrom('A', 'B', 'C', 'D'),
    keyVersionNumber: text('0123456789abcXYZ', 2, 2),
    exportability: fc.constantFrom('E', 'N', 'S', '5'),
    keyContext: fc.constantFrom('0', '1', '2'),
  });
  const property = fc.property(
    header,
    fc.oneof(usageAndMode, proprietary),
    algorithmAndKey,
    fc.uniqueArray(optionalBlock, { selector: ({ id }) => id, maxLength: 6 }),
    fc.option(fc.integer({ min: -8, max: 80 }), { nil: undefined }),
    bytes(32),
    fc.constantFrom(16, 24, 32),
    (fields, usage, { algorithm, key }, blocks, maskedKeyBytes, kbpkBytes, kbpkLength) => {
      const kbpk: Kbpk =
        fields.versionId === 'D'
          ? { algorithm: 'AES', key: kbpkBytes.subarray(0, kbpkLength) }
          : { algorithm: 'TDES', key: kbpkBytes.subarray(0, Math.min(kbpkLength, 24)) };
      const optionalBlocks = algorithm === 'H' ? [...blocks, { id: 'HM', data: '21' }] : blocks;
      const whole: KeyBlockHeader = { ...fields, ...usage, algorithm };
      const block = wrapKeyBlock({ kbpk, header: whole, optionalBlocks, key, maskedKeyBytes });

      expect(block).toMatch(/^[\x20-\x7e]+$/);
      expect(block.slice(1, 5)).toBe(String(block.length).padStart(4, '0'));
      const unwrapped = unwrapKeyBlock(kbpk, block);
      expect(unwrapped.header).toEqual(whole);
      expect(unwrapped.optionalBlocks.filter(({ id }) => id !== 'PB')).toEqual(optionalBlocks);
      expect(unwrapped.key.equals(key)).toBe(true);
    },
  );
  fc.assert(property, { numRuns: 300 });
});
