import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex, xor } from '../../crypto/bytes.js';
import { readVariantLmk } from './lmk-files.js';
import { PAIR_NAMES, VariantLmk } from './variant-lmk.js';

const folder = mkdtempSync(join(tmpdir(), 'keyblock-lmk-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, lines: readonly string[]) => {
  const path = join(folder, name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
};
const part = (seed: number, i: number) =>
  Buffer.from(Array.from({ length: 16 }, (_, j) => (seed * (31 * i + j + 3)) & 0xff));
const lines = (seed: number) => PAIR_NAMES.map((name, i) => `${name} ${part(seed, i).toString('hex')}`);

test('combines the components of each pair', () => {
  const lmk = readVariantLmk([file('a', ['# custodian A', '', ...lines(5)]), file('b', lines(7).reverse())]);
  const pairs = new Map(PAIR_NAMES.map((name, i) => [name, xor(part(5, i), part(7, i))]));
  const key = Buffer.alloc(16, 1);
  for (const type of ['000', '001', '402', '00A', '70D'])
    expect(toHex(lmk.wrap(type, 'U', key))).toBe(toHex(new VariantLmk(pairs).wrap(type, 'U', key)));
});

test.each<[string, () => string[], string]>([
  ['one file', () => [file('a', lines(5))], 'two or three components'],
  ['four files', () => [5, 7, 9, 11].map((seed) => file(String(seed), lines(seed))), 'two or three components'],
  ['the same file twice', () => [file('a', lines(5)), file('b', lines(5))], 'the same'],
  ['a missing file', () => [file('a', lines(5)), join(folder, 'none')], 'cannot be read'],
  ['a missing pair', () => [file('a', lines(5)), file('b', lines(7).slice(1))], 'no line for the pair 02-03'],
  ['a pair twice', () => [file('a', lines(5)), file('b', [...lines(7), lines(7)[3]!])], 'twice'],
  ['an unknown pair', () => [file('a', lines(5)), file('b', ['00-01 ' + '0'.repeat(32), ...lines(7)])], 'line 1'],
  ['a short pair', () => [file('a', lines(5)), file('b', [lines(7)[0]!.slice(0, -1)])], 'line 1'],
  ['other characters', () => [file('a', lines(5)), file('b', [lines(7)[0]!.replace(/.$/, 'g')])], 'line 1'],
  [
    'a component of zeros',
    () => [file('a', lines(5)), file('b', [`02-03 ${'0'.repeat(32)}`, ...lines(7).slice(1)])],
    'a component of zeros',
  ],
  [
    'a pair with equal halves',
    () => [
      file('a', [`02-03 ${'12'.repeat(16)}`, ...lines(5).slice(1)]),
      file('b', [`02-03 ${'34'.repeat(16)}`, ...lines(7).slice(1)]),
    ],
    'equal or weak halves',
  ],
])('refuses %s', (_, paths, message) => {
  const read = () => readVariantLmk(paths());
  expect(read).toThrow(expect.objectContaining({ name: 'KeyFileError', message: expect.stringContaining(message) }));
  expect(read).toThrow(expect.objectContaining({ message: expect.not.stringMatching(/[0-9a-f]{16}/) }));
});
