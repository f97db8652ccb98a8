import fc from 'fast-check';
import { bitFlips, countingKey, hex, macsOfEveryLength, vectors } from '../../test/support/vectors.js';
import { equal, padMethod1, padMethod2, toHex } from './bytes.js';
import { des } from './des.js';
import { retailMac } from './retail-mac.js';

const code = (expected: string) => expect.objectContaining({ name: 'CryptoError', code: expected }) as Error;
const KEY = hex('0123456789ABCDEFFEDCBA9876543210');

interface MacVector {
  key: string;
  message: string;
  padding: 'none' | 'method1' | 'method2';
  paddedMessage: string;
  expected: { mac: string; mac4?: string };
}

test.each(vectors<MacVector>('mac', 'ISO 9797-1 algorithm 3', 'AS2805.4.1 MAC'))(
  'matches $algorithm $id: $source',
  ({ key, message, padding, paddedMessage, expected: { mac, mac4 } }) => {
    expect(toHex(retailMac(hex(key), hex(paddedMessage)))).toBe(mac);
    const data = padding === 'method2' ? padMethod2(hex(message), 8) : hex(message);
    expect(toHex(retailMac(hex(key), data))).toBe(mac);
    expect(toHex(retailMac(hex(key), data, 4))).toBe(mac4 ?? mac.slice(0, 8));
  },
);

test.each(vectors<MacVector>('mac', 'ISO 9797-1 algorithm 3', 'AS2805.4.1 MAC'))(
  '$id does not verify any message that differs in one bit',
  ({ key, paddedMessage, expected: { mac } }) => {
    const others = [...bitFlips(hex(paddedMessage)), Buffer.concat([hex(paddedMessage), Buffer.of(1)])];
    expect(others.filter((other) => equal(retailMac(hex(key), other), hex(mac)))).toEqual([]);
  },
);

test.each(vectors<MacVector>('mac', 'ISO 9797-1 algorithm 3', 'AS2805.4.1 MAC'))(
  '$id does not verify under any key that differs in one bit',
  ({ key, paddedMessage, expected: { mac } }) => {
    // The lowest bit of each key byte is a parity bit.
    const others = bitFlips(hex(key)).filter((_, bit) => bit % 8 !== 7);
    expect(others.filter((other) => equal(retailMac(other, hex(paddedMessage)), hex(mac)))).toEqual([]);
  },
);

// ISO/IEC 9797-1:2011 annex B.4, "Now is the time for all " and "Now is the time for it".
test.each([
  ['1', '4E6F77206973207468652074696D6520666F7220616C6C20', padMethod1, 'A1C72E74EA3FA9B6'],
  ['1', '4E6F77206973207468652074696D6520666F72206974', padMethod1, '2E2B1428CC78254F'],
  ['2', '4E6F77206973207468652074696D6520666F7220616C6C20', padMethod2, 'E9086230CA3BE796'],
  ['2', '4E6F77206973207468652074696D6520666F72206974', padMethod2, '5A692CE64F404145'],
])('matches ISO/IEC 9797-1 annex B.4, padding method %s of %s', (_method, message, pad, mac) => {
  expect(toHex(retailMac(KEY, pad(hex(message), 8)))).toBe(mac);
});

interface As2805MacVector {
  operation: string;
  why: string;
  inputs: { key: string; messageData: string };
  expected: { macFull: string; mac: string };
}

// AS 2805.4.1 is this MAC with the same padding, truncated to four bytes.
test.each(
  vectors<As2805MacVector>('as2805-exchange').filter(({ operation }) => operation === 'GenerateMac.AS2805_4_1'),
)('matches AS 2805.4.1 $id: $why', ({ inputs: { key, messageData }, expected: { macFull, mac } }) => {
  expect(toHex(retailMac(hex(key), hex(messageData)))).toBe(macFull);
  expect(toHex(retailMac(hex(key), hex(messageData), 4))).toBe(mac);
});

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map((b) => Buffer.from(b));

test('is MAC algorithm 3: DES-CBC under the first key part, then decryption and encryption under the other two parts', () => {
  fc.assert(
    fc.property(fc.constantFrom(16, 24).chain(bytes), fc.nat({ max: 40 }).chain(bytes), (key, data) => {
      using first = des(key.subarray(0, 8));
      using second = des(key.subarray(8, 16));
      using third = des(key.length === 24 ? key.subarray(16) : key.subarray(0, 8));
      const chained = first.encryptCbc(Buffer.alloc(8), padMethod1(data, 8)).subarray(-8);
      expect(toHex(retailMac(key, data))).toBe(toHex(third.encrypt(second.decrypt(chained))));
    }),
  );
});

test('a shorter MAC is the leftmost part of the full MAC', () => {
  const whole = retailMac(KEY, hex('010203'));
  for (let length = 1; length <= 8; length++)
    expect(toHex(retailMac(KEY, hex('010203'), length))).toBe(toHex(whole.subarray(0, length)));
});

test('an empty message counts as one block of zeros, and trailing zeros do not change the MAC', () => {
  expect(toHex(retailMac(KEY, hex('')))).toBe(toHex(retailMac(KEY, Buffer.alloc(8))));
  expect(toHex(retailMac(KEY, hex('A1')))).toBe(toHex(retailMac(KEY, hex('A10000'))));
  expect(toHex(retailMac(KEY, Buffer.alloc(8)))).not.toBe(toHex(retailMac(KEY, Buffer.alloc(9))));
});

test.each([0, 8, 15, 17, 23, 32])('refuses a key of %i bytes', (length) => {
  expect(() => retailMac(Buffer.alloc(length), Buffer.alloc(8))).toThrow(code('KEY_LENGTH'));
});

test.each([-1, 0, 9, 16, 3.5, NaN])('refuses a MAC of %d bytes', (length) => {
  expect(() => retailMac(KEY, Buffer.alloc(8), length)).toThrow(code('MAC_LENGTH'));
});

// Computed block by block with the TDES of pyca/cryptography.
test.each([
  [16, '635832f9459e4ac222d7af47eb54dbb0daf243f40c27345a606b0f2ba84cf0b4'],
  [24, 'f5790b3c57d25676729c9477fd7da41536beae8983c9df3d2f7b4f903fffa72a'],
])('matches pyca/cryptography with a key of %i bytes for messages of 0 to 40 bytes', (keyBytes, expected) => {
  expect(macsOfEveryLength((message) => retailMac(countingKey(keyBytes), message))).toBe(expected);
});

test('does not modify key or message and returns the MAC in a new buffer', () => {
  for (const length of [0, 5, 8, 16, 19]) {
    const [key, message] = [Buffer.from(KEY), Buffer.alloc(length, 2)];
    const mac = retailMac(key, message);
    const before = toHex(mac);
    mac.fill(0xff);
    expect(toHex(retailMac(key, message))).toBe(before);
    expect(key).toEqual(KEY);
    expect(message).toEqual(Buffer.alloc(length, 2));
  }
});

test('ends a message whose first blocks were chained before', () => {
  const message = Buffer.from('five blocks less a byte, in two parts ..');
  for (const length of [8, 16, 32]) {
    using cipher = des(KEY.subarray(0, 8));
    const iv = cipher.encryptCbc(Buffer.alloc(8), message.subarray(0, length)).subarray(-8);
    expect(retailMac(KEY, message.subarray(length), 8, iv)).toEqual(retailMac(KEY, message));
    expect(() => retailMac(KEY, message, 8, iv.subarray(1))).toThrow(code('IV_LENGTH'));
  }
});
