import fc from 'fast-check';
import { Buffer as Ours } from './buffer.js';

/** The methods that src/crypto calls, with Node's types. */
const Browser = Ours as unknown as typeof Buffer;

const bytes = fc.uint8Array({ maxLength: 40 });
const both = bytes.map((data) => [Buffer.from(data), Browser.from(data)] as const);
const plain = (data: Uint8Array) => [...data];
const thrown = (call: () => unknown) => {
  try {
    return call();
  } catch {
    return 'throws';
  }
};

test.each(['hex', 'latin1', 'ascii', 'utf8', 'base64', 'base64url'] as const)(
  'reads and writes %s as Node does',
  (encoding) => {
    fc.assert(
      fc.property(both, fc.nat(40), fc.nat(40), ([node, browser], start, end) => {
        expect(browser.toString(encoding)).toBe(node.toString(encoding));
        if (start <= end) expect(browser.toString(encoding, start, end)).toBe(node.toString(encoding, start, end));
        const text = node.toString(encoding);
        expect(plain(Browser.from(text, encoding))).toEqual(plain(Buffer.from(text, encoding)));
      }),
    );
  },
);

test.each(['', '0', 'ABC', '0g11', '00FFzz', 'FFee', 'é', '€uro', '\u{1f511}'])(
  'reads %j in every encoding as Node does',
  (text) => {
    for (const encoding of ['hex', 'latin1', 'utf8'] as const)
      expect(plain(Browser.from(text, encoding))).toEqual(plain(Buffer.from(text, encoding)));
    expect(plain(Browser.from(text))).toEqual(plain(Buffer.from(text)));
  },
);

test('allocates, fills, joins, compares, copies and searches as Node does', () => {
  fc.assert(
    fc.property(both, both, fc.nat(20), fc.nat(20), ([node, browser], [other, theirs], one, two) => {
      expect(plain(Browser.alloc(one, two))).toEqual(plain(Buffer.alloc(one, two)));
      expect(plain(Browser.alloc(one, 'A5C3', 'hex'))).toEqual(plain(Buffer.alloc(one, 'A5C3', 'hex')));
      expect(plain(Browser.from(browser).fill(two, one))).toEqual(plain(Buffer.from(node).fill(two, one)));
      expect(plain(Browser.concat([browser, theirs]))).toEqual(plain(Buffer.concat([node, other])));
      expect(plain(Browser.concat([browser, theirs], one))).toEqual(plain(Buffer.concat([node, other], one)));
      expect([browser.equals(theirs), browser.equals(Browser.from(browser))]).toEqual([node.equals(other), true]);
      expect(Browser.compare(browser, theirs)).toBe(Buffer.compare(node, other));
      const [into, ours] = [Buffer.alloc(30), Browser.alloc(30)];
      expect([browser.copy(ours, one), plain(ours)]).toEqual([node.copy(into, one), plain(into)]);
      const part = node.subarray(one, one + 2);
      if (part.length > 0)
        expect([browser.indexOf(part), browser.includes(part)]).toEqual([node.indexOf(part), node.includes(part)]);
      expect([browser.includes(two), browser.indexOf(two)]).toEqual([node.includes(two), node.indexOf(two)]);
    }),
  );
});

test('reads and writes numbers as Node does, and refuses those out of range', () => {
  fc.assert(
    fc.property(
      both,
      fc.nat(40),
      fc.integer({ min: 1, max: 6 }),
      fc.maxSafeNat(),
      ([node, browser], at, size, value) => {
        expect(thrown(() => browser.readUIntBE(at, size))).toBe(thrown(() => node.readUIntBE(at, size)));
        expect(thrown(() => browser.writeUIntBE(value, at, size))).toBe(
          thrown(() => node.writeUIntBE(value, at, size)),
        );
        for (const [read, write] of [
          ['readUInt8', 'writeUInt8'],
          ['readUInt16BE', 'writeUInt16BE'],
          ['readUInt32BE', 'writeUInt32BE'],
        ] as const) {
          expect(thrown(() => browser[read](at))).toBe(thrown(() => node[read](at)));
          expect(thrown(() => browser[write](value % 70_000, at))).toBe(thrown(() => node[write](value % 70_000, at)));
        }
        expect(plain(browser)).toEqual(plain(node));
      },
    ),
  );
});

test('parts are views, copies are not, and both are buffers', () => {
  const whole = Browser.from([1, 2, 3, 4]);
  const slice = (buffer: { slice: (start: number, end: number) => Uint8Array }) => buffer.slice(1, 3);
  for (const part of [whole.subarray(1, 3), slice(whole)]) {
    part[0] = 9;
    expect([plain(whole), Browser.isBuffer(part)]).toEqual([[1, 9, 3, 4], true]);
    whole[1] = 2;
  }
  const copy = Browser.from(whole.subarray(1, 3));
  copy.fill(0);
  expect(plain(whole)).toEqual([1, 2, 3, 4]);
  expect(Browser.isBuffer(whole.map((byte) => byte ^ 1))).toBe(true);
  expect([plain(Browser.of(7, 8)), Browser.isBuffer(Browser.of(7)), Browser.isBuffer(new Uint8Array(1))]).toEqual([
    [7, 8],
    true,
    false,
  ]);
});

test.each(['', 'AA==', 'AA', 'AAA', 'MIIB\nAgME', 'M I', '!!', '+/+/', '-_-_', 'A', 'QUJD=QUJD'])(
  'reads base64 %j as Node does, and ignores other characters',
  (text) => expect(plain(Browser.from(text, 'base64'))).toEqual(plain(Buffer.from(text, 'base64'))),
);

test('a part of an ArrayBuffer is a view', () => {
  const memory = new Uint8Array([1, 2, 3, 4]).buffer;
  const view = Browser.from(memory, 1, 2);
  expect(plain(view)).toEqual([2, 3]);
  view.fill(9);
  expect([...new Uint8Array(memory)]).toEqual([1, 9, 9, 4]);
});
