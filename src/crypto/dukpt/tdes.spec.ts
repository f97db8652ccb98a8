import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { bitFlips, hex, vectors } from '../../../test/support/vectors.js';
import { equal, toHex, xor } from '../bytes.js';
import { cbcMac } from '../cbc-mac.js';
import { encrypt } from '../cipher-modes.js';
import { cmac } from '../cmac.js';
import { tdes } from '../des.js';
import { encryptPinBlock } from '../pin-block.js';
import { retailMac } from '../retail-mac.js';
import { tdesInitialKey, tdesTransactionKey, type TdesDukptUsage, tdesWorkingKey } from './tdes.js';

interface KeyVector {
  bdk: string;
  ksn: string;
  expected: { initialKey: string; transactionKey: string; workingKeys: Partial<Record<TdesDukptUsage, string>> };
}

interface WalkVector extends KeyVector {
  pin: string;
  pan: string;
  data: string;
  paddedData: string;
  iv: string;
  expected: KeyVector['expected'] & Record<string, string>;
}

interface MacVector {
  bdk: string;
  ksn: string;
  variant: 'REQUEST' | 'RESPONSE' | 'BIDIRECTIONAL';
  message: string;
  expected: { mac: string; macKey: string };
}

interface DataVector {
  bdk: string;
  ksn: string;
  variant: 'REQUEST' | 'RESPONSE' | 'BIDIRECTIONAL';
  mode: 'ECB' | 'CBC';
  iv?: string;
  plaintext: string;
  expected: { ciphertext: string; dataKey: string };
}

const bdk = hex('0123456789ABCDEFFEDCBA9876543210');
const ksn = hex('FFFF9876543210E00001');
const USAGES: TdesDukptUsage[] = ['PIN', 'MAC_REQUEST', 'MAC_RESPONSE', 'DATA_REQUEST', 'DATA_RESPONSE'];
const refused = (code: string) => expect.objectContaining({ name: 'CryptoError', code }) as Error;

/** Returns the KSN of the published vectors with a different counter. */
function ksnOf(counter: number): Buffer {
  const other = Buffer.from(ksn);
  other.writeUIntBE(0xe00000 + counter, 7, 3);
  return other;
}

/** Implements the non-reversible key generation of X9.24-1:2009 A.2 register by register. */
function nonReversible(key: Buffer, register: Buffer): Buffer {
  const half = (key: Buffer) => {
    const [left, right] = [key.subarray(0, 8), key.subarray(8)];
    const cipher = createCipheriv('des-ede', Buffer.concat([left, left]), null).setAutoPadding(false);
    return xor(cipher.update(xor(register, right)), right);
  };
  return Buffer.concat([half(xor(key, hex('C0C0C0C000000000C0C0C0C000000000'))), half(key)]);
}

function cmacUnder(key: Buffer, data: Buffer): string {
  using cipher = tdes(key);
  return toHex(cmac(cipher, data));
}

describe('TDES DUKPT, ANSI X9.24-1:2009 Annex A', () => {
  const keyVectors = vectors<KeyVector>(
    'dukpt',
    'TDES DUKPT full walk',
    'TDES DUKPT keys',
    'TDES DUKPT PIN key',
    'TDES DUKPT data request key',
  );
  test.each(keyVectors)('$id, KSN $ksn: derives the keys of $source', ({ bdk, ksn, expected }) => {
    const initialKey = tdesInitialKey({ bdk: hex(bdk), ksn: hex(ksn) });
    expect(toHex(initialKey)).toBe(expected.initialKey);
    expect(toHex(tdesTransactionKey({ initialKey, ksn: hex(ksn) }))).toBe(expected.transactionKey);
    for (const [usage, key] of Object.entries(expected.workingKeys) as [TdesDukptUsage, string][])
      expect(toHex(tdesWorkingKey({ bdk: hex(bdk), ksn: hex(ksn), usage }))).toBe(key);
  });

  test.each(keyVectors)('$id: a KSN that differs in one bit has a different PIN key', ({ bdk, ksn }) => {
    const pinKey = (ksn: Buffer) => tdesWorkingKey({ bdk: hex(bdk), ksn, usage: 'PIN' });
    const key = pinKey(hex(ksn));
    expect(bitFlips(hex(ksn)).filter((other) => equal(pinKey(other), key))).toEqual([]);
  });

  test.each(keyVectors)('$id: a BDK that differs in one bit has a different initial key', ({ bdk, ksn, expected }) => {
    // The lowest bit of each key byte is a parity bit.
    const others = bitFlips(hex(bdk)).filter((_, bit) => bit % 8 !== 7);
    const initialKey = (bdk: Buffer) => tdesInitialKey({ bdk, ksn: hex(ksn) });
    expect(others.filter((other) => equal(initialKey(other), hex(expected.initialKey)))).toEqual([]);
  });

  test.each(vectors<WalkVector>('dukpt', 'TDES DUKPT full walk'))(
    '$id, KSN $ksn: decrypts the PIN, MACs and encrypts as published',
    (vector) => {
      const { pin, pan, expected } = vector;
      const [data, paddedData, iv] = [hex(vector.data), hex(vector.paddedData), hex(vector.iv)];
      const key = (usage: TdesDukptUsage) => tdesWorkingKey({ bdk: hex(vector.bdk), ksn: hex(vector.ksn), usage });
      using pinCipher = tdes(key('PIN'));
      expect(toHex(encryptPinBlock(pinCipher, 0, { pin, pan }))).toBe(expected.encryptedPinBlock);
      expect(toHex(retailMac(key('MAC_REQUEST'), data))).toBe(expected.macAlg3Request);
      expect(toHex(retailMac(key('MAC_RESPONSE'), data))).toBe(expected.macAlg3Response);
      expect(cmacUnder(key('MAC_REQUEST'), data)).toBe(expected.cmacRequest);
      expect(cmacUnder(key('MAC_RESPONSE'), data)).toBe(expected.cmacResponse);
      const cbc = (usage: TdesDukptUsage) =>
        toHex(encrypt({ cipher: 'TDES', mode: 'CBC', key: key(usage), iv }, paddedData));
      expect(cbc('DATA_REQUEST')).toBe(expected.dataRequestCbc);
      expect(cbc('DATA_RESPONSE')).toBe(expected.dataResponseCbc);
    },
  );

  const MACS: Record<string, (key: Buffer, data: Buffer) => string> = {
    'DUKPT TDES, ISO 9797-1 algorithm 1': (key, data) => toHex(cbcMac(key, data)),
    'DUKPT TDES, ISO 9797-1 algorithm 3': (key, data) => toHex(retailMac(key, data)),
    'DUKPT TDES, CMAC': cmacUnder,
  };
  test.each(vectors<MacVector>('mac', ...Object.keys(MACS)))('matches $id: $algorithm', (vector) => {
    const { algorithm, bdk, ksn, variant, message, expected } = vector;
    const usage = variant === 'RESPONSE' ? 'MAC_RESPONSE' : 'MAC_REQUEST';
    const key = tdesWorkingKey({ bdk: hex(bdk), ksn: hex(ksn), usage });
    expect(toHex(key)).toBe(expected.macKey);
    expect(MACS[algorithm]!(key, hex(message))).toBe(expected.mac);
  });

  test('matches a MAC returned by a live service', () => {
    const key = tdesWorkingKey({ bdk, ksn, usage: 'MAC_REQUEST' });
    expect(toHex(retailMac(key, hex('0102030405060708090A0B0C0D0E0F10')))).toBe('AF59E7E8A06F01B2');
  });

  test.each(vectors<DataVector>('dukpt', 'TDES DUKPT data encryption ECB'))('matches $id: $source', (vector) => {
    const key = tdesWorkingKey({ bdk: hex(vector.bdk), ksn: hex(vector.ksn), usage: 'DATA_REQUEST' });
    const ciphertext = encrypt({ cipher: 'TDES', mode: 'ECB', key }, hex(vector.plaintext));
    expect(toHex(ciphertext)).toBe(vector.expected.ciphertext);
  });

  test.each(vectors<DataVector>('encrypt', 'DUKPT TDES data encryption'))(
    'matches the data of $id, $variant',
    (vector) => {
      const { variant, mode, iv, plaintext, expected } = vector;
      const usage = variant === 'RESPONSE' ? 'DATA_RESPONSE' : 'DATA_REQUEST';
      const key = tdesWorkingKey({ bdk: hex(vector.bdk), ksn: hex(vector.ksn), usage });
      expect(toHex(key)).toBe(expected.dataKey);
      const how = { cipher: 'TDES' as const, mode, key, ...(iv === undefined ? {} : { iv: hex(iv) }) };
      expect(toHex(encrypt(how, hex(plaintext)))).toBe(expected.ciphertext);
    },
  );
});

describe('TDES DUKPT counters', () => {
  test('the transaction key of counter 0 is the initial key', () => {
    const initialKey = tdesInitialKey({ bdk, ksn });
    expect(toHex(tdesTransactionKey({ initialKey, ksn: ksnOf(0) }))).toBe(toHex(initialKey));
  });

  test('every key derives from the key of the counter without its lowest one-bit', () => {
    const initialKey = tdesInitialKey({ bdk, ksn });
    const keyOf = (counter: number) => tdesTransactionKey({ initialKey, ksn: ksnOf(counter) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 21 - 1 }), (counter) => {
        const generated = nonReversible(keyOf(counter & (counter - 1)), ksnOf(counter).subarray(2));
        expect(toHex(keyOf(counter))).toBe(toHex(generated));
      }),
      { numRuns: 50 },
    );
  });

  test('the initial key does not depend on the counter', () => {
    for (const ksn of ['FFFF9876543210E00000', 'FFFF9876543210F55555', 'FFFF9876543210FFFFFF'])
      expect(toHex(tdesInitialKey({ bdk, ksn: hex(ksn) }))).toBe('6AC292FAA1315B4D858AB3A3D7D5933A');
    expect(toHex(tdesInitialKey({ bdk, ksn: hex('FFFF9876543210C00000') }))).not.toBe(
      '6AC292FAA1315B4D858AB3A3D7D5933A',
    );
  });

  test('prefixes an 8-byte KSN with FFFF', () => {
    for (const usage of USAGES)
      expect(toHex(tdesWorkingKey({ bdk, ksn: ksn.subarray(2), usage }))).toBe(
        toHex(tdesWorkingKey({ bdk, ksn, usage })),
      );
  });

  test('does not modify its arguments', () => {
    const given = { bdk: Buffer.from(bdk), ksn: Buffer.from(ksn) };
    for (const usage of USAGES) tdesWorkingKey({ ...given, usage });
    expect(given).toEqual({ bdk, ksn });
  });
});

describe('TDES DUKPT refuses', () => {
  test.each([0, 8, 15, 24, 32])('keys of %i bytes', (bytes) => {
    const key = Buffer.alloc(bytes);
    expect(() => tdesInitialKey({ bdk: key, ksn })).toThrow(refused('KEY_LENGTH'));
    expect(() => tdesTransactionKey({ initialKey: key, ksn })).toThrow(refused('KEY_LENGTH'));
    for (const usage of USAGES) expect(() => tdesWorkingKey({ bdk: key, ksn, usage })).toThrow(refused('KEY_LENGTH'));
  });

  test.each([0, 7, 9, 11, 12])('a KSN of %i bytes', (bytes) => {
    const ksn = Buffer.alloc(bytes);
    expect(() => tdesInitialKey({ bdk, ksn })).toThrow(refused('KSN'));
    expect(() => tdesTransactionKey({ initialKey: bdk, ksn })).toThrow(refused('KSN'));
    for (const usage of USAGES) expect(() => tdesWorkingKey({ bdk, ksn, usage })).toThrow(refused('KSN'));
  });
});
