import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { bitFlips, hex, vectors } from '../../../test/support/vectors.js';
import { aes } from '../aes.js';
import { equal, toHex } from '../bytes.js';
import { cbcMac } from '../cbc-mac.js';
import { encrypt } from '../cipher-modes.js';
import { cmac } from '../cmac.js';
import { hmac } from '../hmac.js';
import { decryptPinBlock } from '../pin-block.js';
import { retailMac } from '../retail-mac.js';
import { type AesDukptKeyType, type AesDukptUsage, aesInitialKey, aesTransactionKey, aesWorkingKey } from './aes.js';

interface KeyVector {
  bdk: string;
  ksn: string;
  expected: { initialKey: string; transactionKey: string; workingKeys: Record<string, string> };
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
  derivationType: AesDukptKeyType;
  message: string;
  expected: { mac: string; macKey: string };
}

interface DataVector {
  bdk: string;
  ksn: string;
  variant: 'REQUEST' | 'RESPONSE' | 'BIDIRECTIONAL';
  derivationType: AesDukptKeyType;
  mode: 'ECB' | 'CBC';
  iv?: string;
  plaintext: string;
  expected: { ciphertext: string; dataKey: string };
}

const MAC_USAGE = { REQUEST: 'MAC_GENERATION', RESPONSE: 'MAC_VERIFICATION', BIDIRECTIONAL: 'MAC_BOTH' } as const;
const DATA_USAGE = { REQUEST: 'DATA_ENCRYPT', RESPONSE: 'DATA_DECRYPT', BIDIRECTIONAL: 'DATA_BOTH' } as const;

/**
 * Excludes vectors with algorithm indicators 6 and 7, which only the code that generated the vectors uses. X9.24-3:2017
 * tables 2 and 3 have a single indicator for HMAC of any length, 5; openemv/dukpt and moov-io/dukpt agree.
 */
const WITHOUT_WITNESS = /HMAC(192|256)$/;

const bdk = hex('FEDCBA9876543210F1F1F1F1F1F1F1F1');
const bdk256 = Buffer.concat([bdk, bdk]);
const ksn = hex('123456789012345600000001');
const refused = (code: string) => expect.objectContaining({ name: 'CryptoError', code }) as Error;

/** Returns the KSN of the published vectors with a different counter. */
function ksnOf(counter: number): Buffer {
  const other = Buffer.from(ksn);
  other.writeUInt32BE(counter, 8);
  return other;
}

function cmacUnder(key: Buffer, data: Buffer): string {
  using cipher = aes(key);
  return toHex(cmac(cipher, data));
}

describe('AES DUKPT, ANSI X9.24-3:2017', () => {
  const keyVectors = vectors<KeyVector>(
    'dukpt',
    'AES DUKPT full walk',
    'AES DUKPT working keys',
    'AES DUKPT update key',
  );
  test.each(keyVectors)('$id, KSN $ksn: derives the keys of $source', ({ bdk, ksn, expected }) => {
    const initialKey = aesInitialKey({ bdk: hex(bdk), ksn: hex(ksn) });
    expect(toHex(initialKey)).toBe(expected.initialKey);
    expect(toHex(aesTransactionKey({ initialKey, ksn: hex(ksn) }))).toBe(expected.transactionKey);
    for (const [name, key] of Object.entries(expected.workingKeys)) {
      if (WITHOUT_WITNESS.test(name)) continue;
      const [usage, keyType] = name.replace('HMAC', 'HMAC_').split('/') as [AesDukptUsage, AesDukptKeyType];
      expect(toHex(aesWorkingKey({ bdk: hex(bdk), ksn: hex(ksn), usage, keyType }))).toBe(key);
    }
  });

  test.each(keyVectors)(
    '$id: a KSN that differs in one bit has a different transaction key',
    ({ bdk, ksn, expected }) => {
      const transactionKey = (ksn: Buffer) =>
        aesTransactionKey({ initialKey: aesInitialKey({ bdk: hex(bdk), ksn }), ksn });
      const isTheSame = (other: Buffer) => {
        try {
          return equal(transactionKey(other), hex(expected.transactionKey));
        } catch (error) {
          expect(error).toEqual(refused('KSN')); // This counter has more one-bits than are allowed.
          return false;
        }
      };
      expect(bitFlips(hex(ksn)).filter(isTheSame)).toEqual([]);
    },
  );

  test.each(keyVectors)('$id: a BDK that differs in one bit has a different initial key', ({ bdk, ksn, expected }) => {
    const initialKey = (bdk: Buffer) => aesInitialKey({ bdk, ksn: hex(ksn) });
    const others = bitFlips(hex(bdk));
    expect(others.filter((other) => equal(initialKey(other), hex(expected.initialKey)))).toEqual([]);
  });

  test('HMAC keys of every length use algorithm indicator 5', () => {
    const transactionKey = aesTransactionKey({ initialKey: aesInitialKey({ bdk: bdk256, ksn }), ksn });
    const cipher = createCipheriv('aes-256-ecb', transactionKey, null).setAutoPadding(false);
    const block = (counter: string, bits: string) => cipher.update(hex(`01${counter}20000005${bits}9012345600000001`));
    const key = (keyType: AesDukptKeyType) =>
      toHex(aesWorkingKey({ bdk: bdk256, ksn, usage: 'MAC_GENERATION', keyType }));
    expect(key('HMAC_128')).toBe(toHex(block('01', '0080')));
    expect(key('HMAC_192')).toBe(toHex(block('01', '00C0')) + toHex(block('02', '00C0').subarray(0, 8)));
    expect(key('HMAC_256')).toBe(toHex(block('01', '0100')) + toHex(block('02', '0100')));
  });

  test.each(vectors<WalkVector>('dukpt', 'AES DUKPT full walk'))(
    '$id, KSN $ksn: decrypts the PIN, MACs and encrypts as published',
    (vector) => {
      const { pin, pan, expected } = vector;
      const [data, paddedData, iv] = [hex(vector.data), hex(vector.paddedData), hex(vector.iv)];
      const key = (usage: AesDukptUsage, keyType: AesDukptKeyType = 'AES_128') =>
        aesWorkingKey({ bdk: hex(vector.bdk), ksn: hex(vector.ksn), usage, keyType });
      using pinCipher = aes(key('PIN_ENCRYPTION'));
      expect(decryptPinBlock(pinCipher, 4, { block: hex(expected.encryptedPinBlock!), pan })).toBe(pin);
      expect(cmacUnder(key('MAC_GENERATION'), data)).toBe(expected.cmacRequest);
      expect(cmacUnder(key('MAC_VERIFICATION'), data)).toBe(expected.cmacResponse);
      expect(toHex(hmac('SHA256', key('MAC_GENERATION', 'HMAC_128'), data))).toBe(expected.hmacSha256Request);
      expect(toHex(hmac('SHA256', key('MAC_VERIFICATION', 'HMAC_128'), data))).toBe(expected.hmacSha256Response);
      const cbc = (usage: AesDukptUsage) =>
        toHex(encrypt({ cipher: 'AES', mode: 'CBC', key: key(usage), iv }, paddedData));
      expect(cbc('DATA_ENCRYPT')).toBe(expected.dataRequestCbc);
      expect(cbc('DATA_DECRYPT')).toBe(expected.dataResponseCbc);
    },
  );

  const MACS: Record<string, (key: Buffer, data: Buffer) => string> = {
    'DUKPT AES, ISO 9797-1 algorithm 1': (key, data) => toHex(cbcMac(key, data)),
    'DUKPT AES, ISO 9797-1 algorithm 3': (key, data) => toHex(retailMac(key, data)),
    'DUKPT AES, CMAC': cmacUnder,
  };
  test.each(vectors<MacVector>('mac', ...Object.keys(MACS)))('matches $id: $algorithm', (vector) => {
    const { algorithm, bdk, ksn, variant, derivationType: keyType, message, expected } = vector;
    const key = aesWorkingKey({ bdk: hex(bdk), ksn: hex(ksn), usage: MAC_USAGE[variant], keyType });
    expect(toHex(key)).toBe(expected.macKey);
    expect(MACS[algorithm]!(key, hex(message))).toBe(expected.mac);
  });

  test.each(vectors<DataVector>('encrypt', 'DUKPT AES data encryption'))(
    'matches the data of $id, $variant',
    (vector) => {
      const { bdk, ksn, variant, derivationType: keyType, mode, iv, plaintext, expected } = vector;
      const key = aesWorkingKey({ bdk: hex(bdk), ksn: hex(ksn), usage: DATA_USAGE[variant], keyType });
      expect(toHex(key)).toBe(expected.dataKey);
      const how = { cipher: 'AES' as const, mode, key, ...(iv === undefined ? {} : { iv: hex(iv) }) };
      expect(toHex(encrypt(how, hex(plaintext)))).toBe(expected.ciphertext);
    },
  );
});

describe('AES DUKPT counters', () => {
  const initialKey = aesInitialKey({ bdk, ksn });

  test('the transaction key of counter 0 is the initial key', () => {
    expect(toHex(aesTransactionKey({ initialKey, ksn: ksnOf(0) }))).toBe(toHex(initialKey));
  });

  test('every key derives from the key of the counter without its lowest one-bit', () => {
    const counters = fc
      .uniqueArray(fc.integer({ min: 0, max: 31 }), { minLength: 1, maxLength: 16 })
      .map((bits) => bits.reduce((counter, bit) => counter + 2 ** bit, 0));
    fc.assert(
      fc.property(counters, (counter) => {
        const parent = aesTransactionKey({ initialKey, ksn: ksnOf((counter & (counter - 1)) >>> 0) });
        const cipher = createCipheriv('aes-128-ecb', parent, null).setAutoPadding(false);
        const data = Buffer.concat([hex('0101800000020080'), ksnOf(counter).subarray(4)]);
        expect(toHex(aesTransactionKey({ initialKey, ksn: ksnOf(counter) }))).toBe(toHex(cipher.update(data)));
      }),
      { numRuns: 50 },
    );
  });

  test('the initial key does not depend on the counter', () => {
    for (const counter of [0, 1, 0x12345678, 0xfffffffe, 0xffffffff])
      expect(toHex(aesInitialKey({ bdk, ksn: ksnOf(counter) }))).toBe('1273671EA26AC29AFA4D1084127652A1');
  });

  test.each([0x0003ffff, 0xffffc000, 0xffff0003, 0x7fffffff, 0xfffffffe])('refuses counter %i', (counter) => {
    const ksn = ksnOf(counter);
    expect(() => aesTransactionKey({ initialKey, ksn })).toThrow(refused('KSN'));
    expect(() => aesWorkingKey({ bdk, ksn, usage: 'PIN_ENCRYPTION', keyType: 'AES_128' })).toThrow(refused('KSN'));
    expect(() => aesWorkingKey({ bdk, ksn, usage: 'KEY_ENCRYPTION', keyType: 'AES_128' })).toThrow(refused('KSN'));
  });

  test('accepts sixteen and seventeen one-bits', () => {
    for (const counter of [0x0000ffff, 0xffff0000, 0xaaaaaaaa, 0x0001ffff, 0xffff0001])
      expect(aesWorkingKey({ bdk, ksn: ksnOf(counter), usage: 'PIN_ENCRYPTION', keyType: 'AES_128' })).toHaveLength(16);
  });

  test('accepts the seventeen one-bits of the published vectors', () => {
    const initialKey = aesInitialKey({ bdk: bdk256, ksn });
    expect(toHex(aesTransactionKey({ initialKey, ksn: ksnOf(0x0001ffff) }))).toBe(
      '7C1F24BC33C5B146E1D3015126F4AC2E0C48AC080DC9234137B82890E8E91FB8',
    );
  });

  test('derives the update key of the published vectors', () => {
    const update = { bdk: bdk256, ksn: ksnOf(0xffffffff), usage: 'KEY_ENCRYPTION' } as const;
    expect(toHex(aesWorkingKey({ ...update, keyType: 'AES_128' }))).toBe('90E54E4A70160C7E085C09D2B241D343');
    expect(toHex(aesWorkingKey({ ...update, keyType: 'AES_256' }))).toBe(
      'AEFB210C136278A1279F7C8815F446DB8EBE2AA910B157AA4E6484D8DE9C4807',
    );
  });

  test.each<AesDukptUsage>([
    'PIN_ENCRYPTION',
    'MAC_GENERATION',
    'MAC_VERIFICATION',
    'MAC_BOTH',
    'DATA_ENCRYPT',
    'DATA_DECRYPT',
    'DATA_BOTH',
    'KEY_DERIVATION',
  ])('refuses %s with counter FFFFFFFF', (usage) => {
    expect(() => aesWorkingKey({ bdk, ksn: ksnOf(0xffffffff), usage, keyType: 'AES_128' })).toThrow(refused('KSN'));
  });

  test('does not modify its arguments', () => {
    const given = { bdk: Buffer.from(bdk), ksn: Buffer.from(ksn) };
    aesWorkingKey({ ...given, usage: 'DATA_BOTH', keyType: 'AES_128' });
    expect(given).toEqual({ bdk, ksn });
  });
});

describe('AES DUKPT refuses', () => {
  const given = { ksn, usage: 'MAC_BOTH' } as const;

  test.each<[number, AesDukptKeyType[]]>([
    [16, ['AES_192', 'AES_256', 'HMAC_192', 'HMAC_256']],
    [24, ['AES_256', 'HMAC_256']],
  ])('a BDK of %i bytes for the stronger keys %p', (bytes, keyTypes) => {
    for (const keyType of keyTypes)
      expect(() => aesWorkingKey({ ...given, bdk: Buffer.alloc(bytes), keyType })).toThrow(refused('KEY_LENGTH'));
  });

  test.each([0, 8, 15, 17, 31, 33])('keys of %i bytes', (bytes) => {
    const key = Buffer.alloc(bytes);
    expect(() => aesInitialKey({ bdk: key, ksn })).toThrow(refused('KEY_LENGTH'));
    expect(() => aesTransactionKey({ initialKey: key, ksn })).toThrow(refused('KEY_LENGTH'));
    expect(() => aesWorkingKey({ ...given, bdk: key, keyType: 'TDES_2KEY' })).toThrow(refused('KEY_LENGTH'));
  });

  test.each([0, 8, 10, 11, 13])('a KSN of %i bytes', (bytes) => {
    const ksn = Buffer.alloc(bytes);
    expect(() => aesInitialKey({ bdk, ksn })).toThrow(refused('KSN'));
    expect(() => aesTransactionKey({ initialKey: bdk, ksn })).toThrow(refused('KSN'));
    expect(() => aesWorkingKey({ ...given, bdk, ksn, keyType: 'AES_128' })).toThrow(refused('KSN'));
  });
});
