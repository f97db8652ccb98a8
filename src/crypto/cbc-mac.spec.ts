import fc from 'fast-check';
import { bitFlips, countingKey, hex, macsOfEveryLength, vectors } from '../../test/support/vectors.js';
import { equal, padMethod2, toHex, xor } from './bytes.js';
import { cbcMac } from './cbc-mac.js';
import { tdes } from './des.js';

const code = (expected: string) => expect.objectContaining({ name: 'CryptoError', code: expected }) as Error;
const KEY = hex('0123456789ABCDEFFEDCBA9876543210');

interface MacVector {
  key: string;
  message: string;
  padding: 'none' | 'method1' | 'method2';
  paddedMessage: string;
  expected: { mac: string };
}

test.each(vectors<MacVector>('mac', 'ISO 9797-1 algorithm 1'))(
  'matches $id: $source',
  ({ key, message, padding, paddedMessage, expected: { mac } }) => {
    expect(toHex(cbcMac(hex(key), hex(paddedMessage)))).toBe(mac);
    const data = padding === 'method2' ? padMethod2(hex(message), 8) : hex(message);
    expect(toHex(cbcMac(hex(key), data))).toBe(mac);
    expect(toHex(cbcMac(hex(key), data, 4))).toBe(mac.slice(0, 8));
  },
);

test.each(vectors<MacVector>('mac', 'ISO 9797-1 algorithm 1'))(
  '$id does not verify any message that differs in one bit',
  ({ key, paddedMessage, expected: { mac } }) => {
    const others = [...bitFlips(hex(paddedMessage)), Buffer.concat([hex(paddedMessage), Buffer.of(1)])];
    expect(others.filter((other) => equal(cbcMac(hex(key), other), hex(mac)))).toEqual([]);
  },
);

// ISO/IEC 9797-1:2011 annex B.2 uses single DES, which equals TDES with both key parts the same.
test('matches ISO/IEC 9797-1 annex B.2, "Now is the time for all "', () => {
  const key = hex('0123456789ABCDEF0123456789ABCDEF');
  const message = hex('4E6F77206973207468652074696D6520666F7220616C6C20');
  expect(toHex(cbcMac(key, message))).toBe('70A30640CC76DD8B');
});

test('chains every block under the full key', () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map((b) => Buffer.from(b));
  fc.assert(
    fc.property(fc.constantFrom(16, 24).chain(bytes), fc.integer({ min: 1, max: 5 }), (key, blocks) => {
      using cipher = tdes(key);
      const data = Buffer.alloc(8 * blocks, key);
      let chain: Buffer = Buffer.alloc(8);
      for (let i = 0; i < data.length; i += 8) chain = cipher.encrypt(xor(chain, data.subarray(i, i + 8)));
      expect(toHex(cbcMac(key, data))).toBe(toHex(chain));
      expect(toHex(cbcMac(key, data, 3))).toBe(toHex(chain.subarray(0, 3)));
    }),
  );
});

test('an empty message counts as one block of zeros', () => {
  expect(toHex(cbcMac(KEY, hex('')))).toBe(toHex(cbcMac(KEY, Buffer.alloc(8))));
});

test.each([0, 8, 15, 17, 23, 32])('refuses a key of %i bytes', (length) => {
  expect(() => cbcMac(Buffer.alloc(length), Buffer.alloc(8))).toThrow(code('KEY_LENGTH'));
});

test.each([-1, 0, 9, 16, 3.5, NaN])('refuses a MAC of %d bytes', (length) => {
  expect(() => cbcMac(KEY, Buffer.alloc(8), length)).toThrow(code('MAC_LENGTH'));
});

// Computed block by block with the TDES of pyca/cryptography.
test.each([
  [16, '554b638be9409124919afd787d0cdf24ce92148eec34d107346f4712251cd21b'],
  [24, '8da29865317776a24a8ccb7be99c161ec25abdfaaa1ef9583a0805bc6a0b3f1b'],
])('matches pyca/cryptography with a key of %i bytes for messages of 0 to 40 bytes', (keyBytes, expected) => {
  expect(macsOfEveryLength((message) => cbcMac(countingKey(keyBytes), message))).toBe(expected);
});

test('does not modify key or message and returns the MAC in a new buffer', () => {
  for (const length of [0, 5, 8, 16, 19]) {
    const [key, message] = [Buffer.from(KEY), Buffer.alloc(length, 2)];
    const mac = cbcMac(key, message);
    const before = toHex(mac);
    mac.fill(0xff);
    expect(toHex(cbcMac(key, message))).toBe(before);
    expect(key).toEqual(KEY);
    expect(message).toEqual(Buffer.alloc(length, 2));
  }
});

test('ends a message whose first blocks were chained before', () => {
  const message = Buffer.from('five blocks less a byte, in two parts ..');
  for (const length of [8, 16, 24]) {
    using cipher = tdes(KEY);
    const iv = cipher.encryptCbc(Buffer.alloc(8), message.subarray(0, length)).subarray(-8);
    expect(cbcMac(KEY, message.subarray(length), 8, iv)).toEqual(cbcMac(KEY, message));
    expect(() => cbcMac(KEY, message, 8, iv.subarray(1))).toThrow(code('IV_LENGTH'));
  }
});
