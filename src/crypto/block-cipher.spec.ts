import { inspect } from 'node:util';
import fc from 'fast-check';
import { aes } from './aes.js';
import { type BlockCipher, ZEROS } from './block-cipher.js';
import { toHex, xor } from './bytes.js';
import { des, tdes } from './des.js';

const code = (expected: string) => expect.objectContaining({ name: 'CryptoError', code: expected }) as Error;
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map((b) => Buffer.from(b));

describe.each<[string, (key: Buffer) => BlockCipher, number]>([
  ['des', des, 8],
  ['two-key TDES', tdes, 16],
  ['three-key TDES', tdes, 24],
  ['aes-128', aes, 16],
  ['aes-192', aes, 24],
  ['aes-256', aes, 32],
])('%s', (_name, cipherUnder, keyBytes) => {
  using any = cipherUnder(Buffer.alloc(keyBytes));
  const { blockBytes } = any;
  const anyBlocks = fc.integer({ min: 0, max: 4 }).chain((blocks) => bytes(blocks * blockBytes));

  test('decryption inverts encryption', () => {
    fc.assert(
      fc.property(bytes(keyBytes), bytes(blockBytes), anyBlocks, (key, iv, blocks) => {
        using cipher = cipherUnder(key);
        expect(toHex(cipher.decrypt(cipher.encrypt(blocks)))).toBe(toHex(blocks));
        expect(toHex(cipher.decryptCbc(iv, cipher.encryptCbc(iv, blocks)))).toBe(toHex(blocks));
      }),
    );
  });

  test('ECB encrypts each block independently, in one call or several', () => {
    fc.assert(
      fc.property(bytes(keyBytes), bytes(3 * blockBytes), (key, blocks) => {
        using cipher = cipherUnder(key);
        const one = (i: number) => cipher.encrypt(blocks.subarray(i * blockBytes, (i + 1) * blockBytes));
        const ciphertext = Buffer.concat([one(0), one(1), one(2)]);
        expect(toHex(cipher.encrypt(blocks))).toBe(toHex(ciphertext));
        const back = (i: number) => cipher.decrypt(ciphertext.subarray(i * blockBytes, (i + 1) * blockBytes));
        expect(toHex(Buffer.concat([back(0), back(1), back(2)]))).toBe(toHex(blocks));
      }),
    );
  });

  test('CBC follows SP 800-38A section 6.2', () => {
    fc.assert(
      fc.property(bytes(keyBytes), bytes(blockBytes), anyBlocks, (key, iv, blocks) => {
        using cipher = cipherUnder(key);
        let chain: Buffer = iv;
        const expected: Buffer[] = [];
        for (let i = 0; i < blocks.length; i += blockBytes) {
          chain = cipher.encrypt(xor(blocks.subarray(i, i + blockBytes), chain));
          expected.push(chain);
        }
        expect(toHex(cipher.encryptCbc(iv, blocks))).toBe(toHex(Buffer.concat(expected)));
      }),
    );
  });

  test('does not modify its arguments', () => {
    const [key, iv, blocks] = [Buffer.alloc(keyBytes, 1), Buffer.alloc(blockBytes, 2), Buffer.alloc(2 * blockBytes, 3)];
    {
      using cipher = cipherUnder(key);
      cipher.encrypt(blocks);
      cipher.decrypt(blocks);
      cipher.encryptCbc(iv, blocks);
      cipher.decryptCbc(iv, blocks);
    }
    expect([key, iv, blocks].map((buffer) => new Set(buffer))).toEqual([new Set([1]), new Set([2]), new Set([3])]);
  });

  test('keeps working after the caller zeroizes the key', () => {
    const [key, iv, blocks] = [Buffer.alloc(keyBytes, 1), Buffer.alloc(blockBytes, 2), Buffer.alloc(2 * blockBytes, 3)];
    const runs = (cipher: BlockCipher) =>
      [
        cipher.encrypt(blocks),
        cipher.decrypt(blocks),
        cipher.encryptCbc(iv, blocks),
        cipher.decryptCbc(iv, blocks),
        cipher.stream('ofb', 'encrypt', iv, blocks),
      ].map(toHex);
    using kept = cipherUnder(key);
    const expected = runs(kept);
    using cipher = cipherUnder(key);
    key.fill(0);
    expect(runs(cipher)).toEqual(expected);
  });

  test('returns a new buffer, which the caller can overwrite without effect', () => {
    using cipher = cipherUnder(Buffer.alloc(keyBytes, 1));
    const iv = Buffer.alloc(blockBytes, 2);
    for (const blocks of [1, 3].map((count) => Buffer.alloc(count * blockBytes, 3)))
      for (const run of [
        () => cipher.encrypt(blocks),
        () => cipher.decrypt(blocks),
        () => cipher.encryptCbc(iv, blocks),
        () => cipher.encryptCbc(ZEROS[blockBytes], blocks),
        () => cipher.decryptCbc(iv, blocks),
      ]) {
        const first = run();
        const before = toHex(first);
        first.fill(0xff);
        expect(toHex(run())).toBe(before);
      }
    expect(ZEROS).toEqual({ 8: Buffer.alloc(8), 16: Buffer.alloc(16) });
  });

  test('keeps no block content after disposal', () => {
    const alloc = Buffer.alloc.bind(Buffer);
    const made: Buffer[] = [];
    Buffer.alloc = (size: number, ...fill: [number?]) => {
      const buffer = alloc(size, ...fill);
      made.push(buffer);
      return buffer;
    };
    const key = alloc(keyBytes, 1);
    const blocks = alloc(2 * blockBytes, 2);
    try {
      using cipher = cipherUnder(key);
      cipher.encryptCbc(ZEROS[blockBytes], blocks);
      cipher.encrypt(blocks.subarray(blockBytes));
      expect(made.some((buffer) => buffer.some((byte) => byte !== 0))).toBe(true);
    } finally {
      Buffer.alloc = alloc;
    }
    expect(made.every((buffer) => buffer.every((byte) => byte === 0))).toBe(true);
  });

  test.each([1, blockBytes - 1, blockBytes + 1])('refuses %i bytes of data', (length) => {
    using cipher = cipherUnder(Buffer.alloc(keyBytes));
    const [iv, data] = [Buffer.alloc(blockBytes), Buffer.alloc(length)];
    expect(() => cipher.encrypt(data)).toThrow(code('DATA_LENGTH'));
    expect(() => cipher.decrypt(data)).toThrow(code('DATA_LENGTH'));
    expect(() => cipher.encryptCbc(iv, data)).toThrow(code('DATA_LENGTH'));
    expect(() => cipher.decryptCbc(iv, data)).toThrow(code('DATA_LENGTH'));
  });

  test.each([0, blockBytes - 1, blockBytes + 1, 24 - blockBytes])('refuses an IV of %i bytes', (length) => {
    using cipher = cipherUnder(Buffer.alloc(keyBytes));
    const [iv, data] = [Buffer.alloc(length), Buffer.alloc(blockBytes)];
    expect(() => cipher.encryptCbc(iv, data)).toThrow(code('IV_LENGTH'));
    expect(() => cipher.decryptCbc(iv, data)).toThrow(code('IV_LENGTH'));
    expect(() => cipher.stream('ofb', 'encrypt', iv, data)).toThrow(code('IV_LENGTH'));
  });

  test('does not reveal its key', () => {
    using cipher = cipherUnder(Buffer.alloc(keyBytes, 0xa5));
    cipher.encrypt(Buffer.alloc(blockBytes));
    expect(inspect(cipher, { showHidden: true, depth: 1 }) + JSON.stringify(cipher)).not.toMatch(/a5|165/i);
  });

  test('throws after disposal', () => {
    const cipher = cipherUnder(Buffer.alloc(keyBytes));
    const block = Buffer.alloc(blockBytes);
    cipher.encrypt(block);
    cipher[Symbol.dispose]();
    cipher[Symbol.dispose]();
    expect(() => cipher.encrypt(block)).toThrow(ReferenceError);
    expect(() => cipher.decrypt(block)).toThrow(ReferenceError);
    expect(() => cipher.encryptCbc(block, block)).toThrow(ReferenceError);
    expect(() => cipher.decryptCbc(block, block)).toThrow(ReferenceError);
    expect(() => cipher.encryptCbc(block, Buffer.alloc(0))).toThrow(ReferenceError);
    expect(() => cipher.stream('ofb', 'encrypt', block, block)).toThrow(ReferenceError);
  });

  test('remains usable after refusing an argument', () => {
    using cipher = cipherUnder(Buffer.alloc(keyBytes));
    const before = toHex(cipher.encrypt(Buffer.alloc(blockBytes)));
    expect(() => cipher.encrypt(Buffer.alloc(3))).toThrow(code('DATA_LENGTH'));
    expect(toHex(cipher.encrypt(Buffer.alloc(blockBytes)))).toBe(before);
  });
});

test('a single DES cipher zeroizes its doubled key and does not modify the key', () => {
  const { concat } = Buffer;
  const made: Buffer[] = [];
  Buffer.concat = (...args) => {
    const joined = concat(...args);
    made.push(joined);
    return joined;
  };
  const key = Buffer.alloc(8, 5);
  try {
    using _cipher = des(key);
    expect(made.map(toHex)).toEqual(['00'.repeat(16)]);
  } finally {
    Buffer.concat = concat;
  }
  expect(key).toEqual(Buffer.alloc(8, 5));
});
