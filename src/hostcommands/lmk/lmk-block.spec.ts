import { altered } from '../../../test/support/altered.js';
import { bitFlips } from '../../../test/support/vectors.js';
import { toHex } from '../../crypto/bytes.js';
import { wrapKeyBlock } from '../../crypto/tr31/wrap.js';
import type { LmkBlockHeader } from '../layouts/block-header.js';
import { LmkBlocks, parseLmkBlock } from './lmk-block.js';

const LMK_KEY = Buffer.alloc(32, 'an LMK of this spec only');
const LMK = new LmkBlocks(LMK_KEY);
const HEADER: LmkBlockHeader = {
  usage: 'P0',
  algorithm: 'T',
  modeOfUse: 'E',
  keyVersionNumber: '00',
  exportability: 'E',
  lmk: '01',
};
const KEY = Buffer.from('0123456789ABCDEFFEDCBA9876543210', 'hex');
const wrap = (header: Partial<LmkBlockHeader> = {}, key = KEY) => LMK.wrap({ ...HEADER, ...header }, key);
const open = (block: string, lmk = LMK) => lmk.open(parseLmkBlock(block.slice(1), 'ZPK'));

test.each([
  ['D', 8, 96],
  ['T', 16, 96],
  ['T', 24, 96],
  ['A', 16, 96],
  ['A', 24, 96],
  ['A', 32, 128],
] as const)(
  'a block of %s with %d bytes has the header and the %d characters of a payShield',
  (algorithm, bytes, chars) => {
    const block = wrap({ algorithm }, Buffer.alloc(bytes, 7));
    expect(block).toMatch(
      new RegExp(`^S1${String(chars).padStart(4, '0')}P0${algorithm}E00E0001[0-9A-F]{${chars - 16}}$`),
    );
    expect(open(block)).toEqual(Buffer.alloc(bytes, 7));
    expect(wrap({ algorithm }, Buffer.alloc(bytes, 7)).slice(17)).not.toBe(block.slice(17));
  },
);

test('two blocks of one key have no block of ciphertext in common', () => {
  const cut = (block: string): string[] => [...(block.slice(17).match(/.{32}/g) ?? [])];
  const [one, other] = [cut(wrap()), cut(wrap())];
  expect(one.filter((part) => other.includes(part))).toEqual([]);
});

test('no block in which a single bit is flipped opens', () => {
  const block = Buffer.from(wrap(), 'latin1');
  const codes = new Set<string>();
  for (const flipped of bitFlips(block.subarray(1))) {
    try {
      open(`S${flipped.toString('latin1')}`);
      codes.add('opened');
    } catch (error) {
      codes.add((error as { code: string }).code);
    }
  }
  expect([...codes].sort()).toEqual(['A3', 'A4', 'A5', 'A6', 'A7', 'A8', 'A9', 'AA', 'AB', 'DECRYPTION_FAILED']);
});

test.each<[keyof LmkBlockHeader, string, number]>([
  ['usage', 'D0', 6],
  ['modeOfUse', 'B', 9],
  ['keyVersionNumber', '01', 10],
  ['exportability', 'S', 12],
  ['lmk', '02', 15],
])('a block whose %s becomes %s does not open', (_, value, at) => {
  const block = wrap();
  const changed = block.slice(0, at) + value + block.slice(at + value.length);
  expect(() => open(changed)).toThrow(expect.objectContaining({ code: 'DECRYPTION_FAILED' }));
});

test('another LMK, other digits and another authenticator fail with the same error', () => {
  const block = wrap();
  const errors = [
    () => open(block, new LmkBlocks(Buffer.alloc(32, 9))),
    () => open(altered(block)),
    () => open(block.replace(/.$/, 'g')),
    () => open(block.slice(0, 17) + '0'.repeat(80)),
  ].map((attempt) => {
    try {
      attempt();
      return 'opened';
    } catch (error) {
      return `${(error as { code: string }).code} ${(error as Error).message}`;
    }
  });
  expect(new Set(errors)).toEqual(new Set(['DECRYPTION_FAILED The key block cannot be opened with this LMK']));
});

test('truncated and extended blocks are refused', () => {
  const block = wrap();
  for (let length = 1; length < block.length; length++)
    expect(() => parseLmkBlock(block.slice(1, length), 'ZPK')).toThrow(expect.objectContaining({ code: 'A5' }));
  for (const chars of [4, 32, 64]) {
    const longer = block.slice(1) + '0'.repeat(chars);
    const stated = `1${String(longer.length).padStart(4, '0')}${longer.slice(5)}`;
    expect(() => parseLmkBlock(stated, 'ZPK')).toThrow(expect.objectContaining({ code: 'A5' }));
  }
});

test('a TR-31 block under the same key is not a block under the LMK, and vice versa', () => {
  const header = { ...HEADER, versionId: 'D', keyUsage: 'P0', keyContext: '0' } as const;
  const tr31 = wrapKeyBlock({ kbpk: { algorithm: 'AES', key: LMK_KEY }, header, key: KEY });
  const text = `S1${tr31.slice(1)}`;
  expect(() => open(text)).toThrow(expect.objectContaining({ name: 'HostError' }));
});

test('the recorded blocks of a payShield are read, and refused as blocks of another HSM', () => {
  // A 3DES LMK, version 0; recorded by a client.
  const recorded = '00072K0TB00E0001FB8A4952BFE42179AB8D79A81943DF1FAD67CF015117EE8528E79900D4A3E8';
  expect(() => parseLmkBlock(recorded.slice(0, 72), 'ZMK')).toThrow(expect.objectContaining({ code: 'A4' }));
});

test.each([
  ['51', 'K0', 'B'],
  ['52', 'K0', 'N'],
  ['71', 'P0', 'N'],
  ['72', 'P0', 'B'],
])('the usage %s of the vendor is read as %s', (number, usage, mode) => {
  const text = `1${wrap({ modeOfUse: mode, usage }).slice(2)}`;
  const { header } = parseLmkBlock(text.slice(0, 5) + number + text.slice(7), 'key');
  expect(header.usage).toBe(usage);
});

test('a block reveals nothing about its key', () => {
  expect(wrap()).not.toContain(toHex(KEY).slice(0, 8));
  expect(JSON.stringify(LMK)).not.toContain(toHex(LMK_KEY));
});
