import * as node from 'node:crypto';
import fc from 'fast-check';
import * as browser from './node-crypto.js';

const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((data) => Buffer.from(data));

/** Ciphers by their names in src/crypto: bytes of the key and of a block. */
const CIPHERS = [
  ['des-ede', 16, 8],
  ['des-ede3', 24, 8],
  ['aes-128-ecb', 16, 16],
  ['aes-192-ecb', 24, 16],
  ['aes-256-ecb', 32, 16],
  ['des-ede-cbc', 16, 8],
  ['des-ede3-cbc', 24, 8],
  ['aes-128-cbc', 16, 16],
  ['aes-192-cbc', 24, 16],
  ['aes-256-cbc', 32, 16],
] as const;

describe.each(CIPHERS)('%s in the browser', (name, keyBytes, blockBytes) => {
  const inputs = fc.tuple(
    bytes(keyBytes),
    bytes(blockBytes),
    fc.array(
      fc.integer({ min: 0, max: 4 }).chain((blocks) => bytes(blocks * blockBytes)),
      { maxLength: 3 },
    ),
  );

  test.each(['createCipheriv', 'createDecipheriv'] as const)('produces the same bytes as %s of Node', (create) => {
    fc.assert(
      fc.property(inputs, ([key, start, updates]) => {
        const iv = name.endsWith('-cbc') ? start : null;
        const theirs = node[create](name, key, iv).setAutoPadding(false);
        const ours = browser[create](name, browser.createSecretKey(key), iv).setAutoPadding();
        for (const data of updates) expect(ours.update(data).toString('hex')).toBe(theirs.update(data).toString('hex'));
      }),
    );
  });
});

test.each(['sha1', 'sha224', 'SHA256', 'SHA384', 'SHA512'])('hashes and HMACs by %s equal those of Node', (name) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 200 }), (data, keyData) => {
      const key = Buffer.from(keyData);
      expect(browser.createHash(name).update(data).digest()).toEqual(node.createHash(name).update(data).digest());
      expect(browser.createHmac(name, browser.createSecretKey(key)).update(data).digest()).toEqual(
        node.createHmac(name, key).update(data).digest(),
      );
    }),
  );
});

test.each(['aes-128-gcm', 'aes-128-cfb', 'des-ede-ofb', 'des', 'rc4'])('refuses the cipher %s', (name) => {
  expect(() => browser.createCipheriv(name, browser.createSecretKey(Buffer.alloc(16)), null)).toThrow('not available');
});

test.each(['md5', 'sha512-256'])('refuses the hash %s', (name) => {
  expect(() => browser.createHash(name)).toThrow('not available');
});

test('refuses single DES, and keys of RSA and elliptic curves', () => {
  const key = browser.createSecretKey(Buffer.alloc(8));
  expect(() => browser.createCipheriv('des-ede', key, null)).toThrow('not available');
  expect(browser.createPrivateKey).toThrow('not available');
  expect(browser.createPublicKey).toThrow('not available');
});

test('keeps a copy of a key, so that its bytes can be cleared', () => {
  const clear = Buffer.from('00112233', 'hex');
  const key = browser.createSecretKey(clear);
  clear.fill(0);
  key.export().fill(0);
  expect(key.export().toString('hex')).toBe('00112233');
});

test('distinguishes equal bytes from different ones', () => {
  expect(browser.timingSafeEqual(Buffer.from('0102', 'hex'), Buffer.from('0102', 'hex'))).toBe(true);
  expect(browser.timingSafeEqual(Buffer.from('0102', 'hex'), Buffer.from('0103', 'hex'))).toBe(false);
});

test('random bytes take every value', () => {
  expect(new Set(browser.randomBytes(10_000)).size).toBe(256);
  expect(new Set(browser.randomFillSync(new Uint8Array(10_000))).size).toBe(256);
  expect(new Set(Array.from({ length: 10_000 }, () => browser.randomInt(256))).size).toBe(256);
});
