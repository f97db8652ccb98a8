import { generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { aes } from './aes.js';
import { cbcMac } from './cbc-mac.js';
import { type CipherMode, decrypt, encrypt } from './cipher-modes.js';
import { cmac } from './cmac.js';
import { cvv } from './cvv.js';
import { tdes } from './des.js';
import { iccMasterKey } from './emv/icc-master-key.js';
import { HeldKey, lendBytes, type SymmetricKey } from './held-key.js';
import { hmac } from './hmac.js';
import { naturalPin } from './ibm3624.js';
import { decryptPinBlock, encryptPinBlock } from './pin-block.js';
import { pvv } from './pvv.js';
import { retailMac } from './retail-mac.js';

const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((array) => Buffer.from(array));
const message = fc.uint8Array({ minLength: 1, maxLength: 70 }).map((array) => Buffer.from(array));
const blocks = fc.integer({ min: 1, max: 5 }).chain((count) => bytes(16 * count));
const pan = '4123451234567890';
const ibm = { validationData: '1234567890123456', padCharacter: 'D', decimalizationTable: '0123456789012345' };
const MODES: CipherMode[] = ['ECB', 'CBC', 'CFB', 'CFB1', 'CFB8', 'CFB64', 'OFB'];

type Computation = (key: SymmetricKey, data: Buffer, iv: Buffer) => Buffer | string;

const modes = (cipher: 'TDES' | 'AES', ivBytes: number): [string, Computation][] =>
  MODES.flatMap((mode) =>
    [encrypt, decrypt].map((run): [string, Computation] => [
      `${cipher} ${mode} ${run.name}`,
      (key, data, iv) => run({ cipher, mode, key, iv: iv.subarray(0, ivBytes) }, data),
    ]),
  );

const tdesCmac: Computation = (key, data) => {
  using cipher = tdes(key);
  return cmac(cipher, data);
};
const aesCmac: Computation = (key, data) => {
  using cipher = aes(key);
  return cmac(cipher, data);
};
const pinBlock: Computation = (key) => {
  using cipher = tdes(key);
  return decryptPinBlock(cipher, 0, { block: encryptPinBlock(cipher, 0, { pin: '98765', pan }), pan });
};

const UNDER_TDES: [string, Computation][] = [
  ['retail MAC', (key, data) => retailMac(key, data)],
  ['CBC-MAC', (key, data) => cbcMac(key, data)],
  ['CMAC', tdesCmac],
  ['PVV', (key) => pvv(key, { pan, pvki: 1, pin: '1234' })],
  ['natural PIN', (key) => naturalPin(key, ibm, 6)],
  ['PIN block', pinBlock],
  ...modes('TDES', 8),
];

const UNDER_TWO_PARTS: [string, Computation][] = [
  ['CVV', (key) => cvv(key, { pan, expiry: '2912', serviceCode: '000' })],
  ['ICC master key', (key) => iccMasterKey(key, { majorKeyDerivation: 'EMV_OPTION_A', pan, psn: '00' })],
];

const UNDER_AES: [string, Computation][] = [
  ['CMAC', aesCmac],
  ['HMAC', (key, data) => hmac('SHA256', key, data)],
  ...modes('AES', 16),
];

/**
 * Computes several times with one HeldKey, because its ciphers keep state, and compares the results with those of fresh
 * ciphers.
 */
function expectSame(compute: Computation, keyBytes: number): void {
  fc.assert(
    fc.property(
      bytes(keyBytes),
      fc.array(fc.tuple(blocks, bytes(16)), { minLength: 1, maxLength: 4 }),
      (key, inputs) => {
        const held = new HeldKey(key);
        for (const [data, iv] of inputs) expect(compute(held, data, iv)).toEqual(compute(key, data, iv));
      },
    ),
    { numRuns: 20 },
  );
}

test.each(UNDER_TDES)('%s gives the same result under a TDES HeldKey', (_, compute) => {
  expectSame(compute, 16);
  expectSame(compute, 24);
});

test.each(UNDER_TWO_PARTS)('%s gives the same result under a HeldKey of double length', (_, compute) =>
  expectSame(compute, 16),
);

test.each(UNDER_AES)('%s gives the same result under an AES HeldKey', (_, compute) => {
  for (const length of [16, 24, 32]) expectSame(compute, length);
});

test('computations with one HeldKey do not affect each other', () => {
  fc.assert(
    fc.property(
      bytes(16),
      fc.array(fc.tuple(fc.nat(UNDER_TDES.length - 1), message, bytes(16)), { minLength: 2, maxLength: 12 }),
      (key, steps) => {
        const held = new HeldKey(key);
        for (const [i, data, iv] of steps) {
          const [, compute] = UNDER_TDES[i]!;
          const result = (under: SymmetricKey) => {
            try {
              return compute(under, data, iv);
            } catch (error) {
              return (error as Error).message;
            }
          };
          expect(result(held)).toEqual(result(key));
        }
      },
    ),
  );
});

test('lends the bytes of a HeldKey, and zeroizes them afterwards', () => {
  const held = new HeldKey(Buffer.from('0123456789ABCDEF', 'hex'));
  let lent: Buffer | undefined;
  expect(lendBytes(held, (clear) => (lent = clear).toString('hex'))).toBe('0123456789abcdef');
  expect(lent).toEqual(Buffer.alloc(8));
  expect(() =>
    lendBytes(held, (clear) => {
      lent = clear;
      throw new Error('no');
    }),
  ).toThrow('no');
  expect(lent).toEqual(Buffer.alloc(8));
});

test('does not zeroize bytes that belong to the caller', () => {
  const clear = Buffer.from('00112233', 'hex');
  expect(lendBytes(clear, (same) => same)).toBe(clear);
  expect(clear).toEqual(Buffer.from('00112233', 'hex'));
});

test('a HeldKey does not reveal its bytes', () => {
  const held = new HeldKey(Buffer.from('a very secret one'));
  expect(JSON.stringify(held)).toBe('{"length":17,"keyObject":{}}');
  expect(inspect(held, { depth: 9 })).not.toMatch(/very|61 20 76 65/);
});

test('a held key pair reads its private key once', () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const held = new HeldKey(privateKey.export({ format: 'der', type: 'pkcs8' }));
  expect(held.privateKey.equals(privateKey)).toBe(true);
  expect(held.privateKey).toBe(held.privateKey);
});

test('a held symmetric key has no private key', () => {
  expect(() => new HeldKey(Buffer.alloc(16)).privateKey).toThrow(
    expect.objectContaining({ name: 'CryptoError', code: 'KEY_TYPE' }) as Error,
  );
});
