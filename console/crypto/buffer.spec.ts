import { BrowserBuffer } from './buffer.js';

/** Node's Buffer and ours, by what they have in common. */
const BOTH = [Buffer, BrowserBuffer as unknown as typeof Buffer] as const;

/** Runs a computation with both, and expects one result. Bytes are compared as hexadecimal, errors by their kind. */
function expectAlike(compute: (of: typeof Buffer) => unknown): void {
  const [node, browser] = BOTH.map((of) => {
    try {
      const value = compute(of);
      return value instanceof Uint8Array ? Array.from(value) : value;
    } catch (error) {
      return error instanceof RangeError ? 'RangeError' : error;
    }
  });
  expect(browser).toEqual(node);
}

test.each(['', '00', 'deadBEEF', 'abc', 'zz', '12zz34', '0102 03'])('hexadecimal %p', (text) => {
  expectAlike((of) => of.from(text, 'hex'));
  expectAlike((of) => of.from(text, 'hex').toString('hex'));
});

test.each(['', 'AA==', 'AA', 'AAA', 'MIIB\nAgME', 'M I', '!!', '+/+/', 'A', 'QUJD=QUJD'])('base64 %p', (text) => {
  expectAlike((of) => of.from(text, 'base64'));
  expectAlike((of) => of.from(text, 'base64').toString('base64'));
});

test.each(['', 'abc', 'Zürich', '€uro', '\u{1f511}'])('text %p', (text) => {
  expectAlike((of) => of.from(text));
  expectAlike((of) => of.from(text, 'latin1'));
  expectAlike((of) => of.from(text).toString());
  expectAlike((of) => of.from(text, 'latin1').toString('latin1'));
});

test('copies bytes, and views memory', () => {
  expectAlike((of) => of.from([1, 256, -1, 3.7]));
  for (const of of BOTH) {
    const bytes = new Uint8Array([1, 2, 3, 4]);
    const copy = of.from(bytes);
    const view = of.from(bytes.buffer, 1, 2);
    bytes[1] = 9;
    expect([copy[1], view[0], view.length]).toEqual([2, 9, 2]);
    expect(of.isBuffer(view.subarray(1))).toBe(true);
    expect(view.subarray(1).toString('hex')).toBe('03');
    view.subarray(0, 1).fill(7);
    expect(bytes[1]).toBe(7);
    expect([of.isBuffer(bytes), of.isBuffer('')]).toEqual([false, false]);
  }
});

test.each([
  ['alloc', (of: typeof Buffer) => of.alloc(3)],
  ['alloc with a byte', (of: typeof Buffer) => of.alloc(3, 0x80)],
  ['of', (of: typeof Buffer) => of.of(1, 2)],
  ['concat', (of: typeof Buffer) => of.concat([of.from('01', 'hex'), new Uint8Array([2, 3]), of.alloc(0)])],
  ['concat of nothing', (of: typeof Buffer) => of.concat([])],
  [
    'compare',
    (of: typeof Buffer) =>
      ['', '00', '01', '0001', '0100', 'ff'].map((a) =>
        ['', '00', '0001'].map((b) => of.compare(of.from(a, 'hex'), of.from(b, 'hex'))),
      ),
  ],
  [
    'equals',
    (of: typeof Buffer) => [of.of(1).equals(of.of(1)), of.of(1).equals(of.of(2)), of.of(1).equals(of.of(1, 1))],
  ],
  [
    'copy',
    (of: typeof Buffer) => {
      const to = of.alloc(4);
      return [of.of(1, 2, 3).copy(to), of.of(4, 5, 6).copy(to, 2), to.toString('hex')];
    },
  ],
  ['copy behind the end', (of: typeof Buffer) => of.of(1).copy(of.alloc(1), 1)],
  ['readUIntBE', (of: typeof Buffer) => of.from('010203040506', 'hex').readUIntBE(0, 6)],
  ['readUIntBE behind the end', (of: typeof Buffer) => of.of(1, 2).readUIntBE(1, 2)],
  ['readUInt16BE', (of: typeof Buffer) => of.from('0102FF', 'hex').readUInt16BE(1)],
  ['readUInt32BE', (of: typeof Buffer) => of.from('FFFFFFFF', 'hex').readUInt32BE()],
  [
    'writeUIntBE',
    (of: typeof Buffer) => {
      const to = of.alloc(6);
      to.writeUIntBE(0x0102030405, 1, 5);
      return to;
    },
  ],
  [
    'writeUInt8',
    (of: typeof Buffer) => {
      const to = of.alloc(2);
      return [to.writeUInt8(255, 1), to.toString('hex')];
    },
  ],
  [
    'writeUInt16BE',
    (of: typeof Buffer) => {
      const to = of.alloc(2);
      to.writeUInt16BE(0xabcd);
      return to;
    },
  ],
  [
    'writeUInt32BE',
    (of: typeof Buffer) => {
      const to = of.alloc(5);
      to.writeUInt32BE(0xffff0000, 1);
      return to;
    },
  ],
  ['a number that does not fit', (of: typeof Buffer) => of.alloc(2).writeUInt16BE(65_536)],
  ['a negative number', (of: typeof Buffer) => of.alloc(2).writeUInt8(-1)],
  ['a place that is not there', (of: typeof Buffer) => of.alloc(2).writeUInt16BE(1, 1)],
])('%s', (_, compute) => expectAlike(compute));
