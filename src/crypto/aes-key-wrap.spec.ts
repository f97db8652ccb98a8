import { createCipheriv, randomBytes } from 'node:crypto';
import { hex, vectors } from '../../test/support/vectors.js';
import { unwrapPadded } from './aes-key-wrap.js';
import { toHex } from './bytes.js';

const REFUSED = expect.objectContaining({ code: 'DECRYPTION_FAILED' }) as Error;
const RFC_5649_KEK = '5840DF6E29B02AF1AB493B705BF16EA1AE8338F4DCC176A8';

test.each([
  [20, '138BDEAA9B8FA7FC61F97742E72248EE5AE6AE5360D1AE6A5F54F373FA543B6A', 'C37B7E6492584340BED12207808941155068F738'],
  [7, 'AFBEB0F07DFBF5419200F2CCB50BB24F', '466F7250617369'],
])('matches RFC 5649 section 6, with %i bytes of key data', (_bytes, wrapped, keyData) => {
  expect(toHex(unwrapPadded(hex(RFC_5649_KEK), hex(wrapped)))).toBe(keyData);
});

interface WrapVector {
  kek: string;
  wrapped: string;
  /** Without key data the vector is refused. */
  expected: { keyData?: string };
}

test.each(vectors<WrapVector>('aes-key-wrap'))('$id, $source', ({ kek, wrapped, expected }) => {
  if (expected.keyData === undefined) expect(() => unwrapPadded(hex(kek), hex(wrapped))).toThrow(REFUSED);
  else expect(toHex(unwrapPadded(hex(kek), hex(wrapped)))).toBe(expected.keyData);
});

/**
 * Wraps what RFC 5649 would call the alternative initial value and the padded key data, whether they are valid or not: one block of
 * AES, or the process W of RFC 3394 section 2.2.1.
 */
function wrapAny(kek: Buffer, aiv: Buffer, padded: Buffer): Buffer {
  const encrypt = (block: Buffer) =>
    createCipheriv(`aes-${kek.length * 8}-ecb`, kek, null)
      .setAutoPadding(false)
      .update(block);
  if (padded.length === 8) return encrypt(Buffer.concat([aiv, padded]));
  const halves = Array.from({ length: padded.length / 8 }, (_, i) => padded.subarray(8 * i, 8 * i + 8));
  let a = aiv;
  for (let step = 1; step <= 6 * halves.length; step++) {
    const i = (step - 1) % halves.length;
    const block = encrypt(Buffer.concat([a, halves[i]!]));
    a = block.subarray(0, 8);
    a.writeUInt32BE((a.readUInt32BE(4) ^ step) >>> 0, 4);
    halves[i] = block.subarray(8);
  }
  return Buffer.concat([a, ...halves]);
}

const aivOf = (length: number, icv2 = 'A65959A6') => {
  const aiv = Buffer.concat([hex(icv2), Buffer.alloc(4)]);
  aiv.writeUInt32BE(length, 4);
  return aiv;
};

describe.each([16, 24, 32])('with a key of %i bytes', (kekBytes) => {
  const kek = randomBytes(kekBytes);

  test.each([1, 7, 8, 9, 15, 16, 17, 32, 64, 138, 2375])('unwraps %i bytes', (length) => {
    const keyData = randomBytes(length);
    const padded = Buffer.concat([keyData, Buffer.alloc((8 - (length % 8)) % 8)]);
    const wrapped = wrapAny(kek, aivOf(length), padded);
    expect(toHex(unwrapPadded(kek, wrapped))).toBe(toHex(keyData));
    const openssl = createCipheriv(`id-aes${kekBytes * 8}-wrap-pad`, kek, hex('A65959A6'));
    expect(toHex(Buffer.concat([openssl.update(keyData), openssl.final()]))).toBe(toHex(wrapped));
  });

  test.each([8, 32])('refuses %i wrapped bytes in which any bit is changed', (length) => {
    const wrapped = wrapAny(kek, aivOf(length), randomBytes(length));
    for (let bit = 0; bit < 8 * wrapped.length; bit++) {
      const changed = Buffer.from(wrapped);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => unwrapPadded(kek, changed)).toThrow(REFUSED);
    }
  });

  test.each([
    ['the initial value of RFC 3394', 16, 'A6A6A6A6A6A6A6A6'],
    ['another constant', 16, 'A65959A700000010'],
    ['a length of zero', 16, 'A65959A600000000'],
    ['a length with a whole block of padding', 16, 'A65959A600000008'],
    ['a length beyond the data', 16, 'A65959A600000011'],
    ['a length that is negative as a 32-bit integer', 16, 'A65959A6FFFFFFF0'],
    ['a length of zero, in one block', 8, 'A65959A600000000'],
    ['a length beyond the data, in one block', 8, 'A65959A600000009'],
  ])('refuses %s', (_what, length, aiv) => {
    expect(() => unwrapPadded(kek, wrapAny(kek, hex(aiv), randomBytes(length)))).toThrow(REFUSED);
  });

  test.each([
    [15, 'an octet'],
    [9, 'seven octets'],
    [1, 'seven octets of one block'],
  ])('refuses padding that is not zero: %i bytes, %s of padding', (length) => {
    const padded = Buffer.alloc(Math.ceil(length / 8) * 8, 1);
    const clean = Buffer.concat([padded.subarray(0, length), Buffer.alloc(padded.length - length)]);
    expect(unwrapPadded(kek, wrapAny(kek, aivOf(length), clean))).toHaveLength(length);
    for (let i = length; i < padded.length; i++) {
      const dirty = Buffer.from(clean);
      dirty[i] = 1;
      expect(() => unwrapPadded(kek, wrapAny(kek, aivOf(length), dirty))).toThrow(REFUSED);
    }
  });

  test('refuses another key, and data that is cut, longer, or no whole blocks', () => {
    const wrapped = wrapAny(kek, aivOf(24), randomBytes(24));
    expect(() => unwrapPadded(randomBytes(kekBytes), wrapped)).toThrow(REFUSED);
    for (let length = 0; length < wrapped.length; length++)
      expect(() => unwrapPadded(kek, wrapped.subarray(0, length))).toThrow(REFUSED);
    for (const more of [1, 8, 16])
      expect(() => unwrapPadded(kek, Buffer.concat([wrapped, Buffer.alloc(more)]))).toThrow(REFUSED);
  });
});

test.each([0, 15, 20, 33])('refuses a key of %i bytes', (length) => {
  expect(() => unwrapPadded(randomBytes(length), randomBytes(24))).toThrow(
    expect.objectContaining({ code: 'KEY_LENGTH' }),
  );
});
