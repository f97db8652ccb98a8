import { createDecipheriv } from 'node:crypto';
import fc from 'fast-check';
import { bitFlips, hex, vectors } from '../../../test/support/vectors.js';
import { equal, padMethod2, toHex } from '../bytes.js';
import { retailMac } from '../retail-mac.js';
import { iccMasterKey, type MajorKeyDerivation } from './icc-master-key.js';
import { encipherScriptData, type ScriptEncipherment, scriptMac } from './secure-messaging.js';
import { secureMessagingKey, type SessionKeyScheme } from './session-key.js';

interface ScriptMacVector {
  imkSmi: string;
  majorKeyDerivation: MajorKeyDerivation;
  pan: string;
  panSequenceNumber: string;
  sessionKeyDerivation: string;
  atc?: string;
  applicationCryptogram?: string;
  message: string;
  paddedMessage: string;
  expected: { iccKey: string; sessionKey: string; mac: string };
}

interface ScriptEncryptionVector {
  sessionKey: string;
  encryptionScheme: 'VISA' | 'MASTERCARD' | 'EMV';
  data: string;
  expected: { ciphertext: string };
}

/** Our scheme for each scheme name in the vectors. */
const SCHEMES: Record<string, SessionKeyScheme> = {
  EMV_COMMON_SM: 'EMV_COMMON_SESSION_KEY',
  EMV2000: 'EMV2000',
  VISA_SM: 'VISA',
  AMEX_SM: 'AMEX',
};

const VISA: ScriptEncipherment = { mode: 'ECB', padding: 'ISO_IEC_7816_4', lengthPosition: 'FRONT_OF_PIN_BLOCK' };
const EMV: ScriptEncipherment = { mode: 'CBC', padding: 'ISO_IEC_7816_4', lengthPosition: 'NONE' };
const UNPADDED: ScriptEncipherment = { mode: 'CBC', padding: 'NO_PADDING', lengthPosition: 'NONE' };

const key = hex('0123456789ABCDEFFEDCBA9876543210');

describe('scriptMac', () => {
  test.each(vectors<ScriptMacVector>('emv', 'Script MAC'))(
    '$id is $expected.mac: $sessionKeyDerivation, $source',
    (vector) => {
      const { majorKeyDerivation, pan, panSequenceNumber: psn, message, expected } = vector;
      const { atc = '', applicationCryptogram = '' } = vector;
      const iccKey = iccMasterKey(hex(vector.imkSmi), { majorKeyDerivation, pan, psn });
      const sessionKey = secureMessagingKey(SCHEMES[vector.sessionKeyDerivation]!, iccKey, {
        atc: hex(atc),
        applicationCryptogram: hex(applicationCryptogram),
      });
      expect(toHex(iccKey)).toBe(expected.iccKey);
      expect(toHex(sessionKey)).toBe(expected.sessionKey);
      expect(toHex(scriptMac(sessionKey, hex(message)))).toBe(expected.mac);
      expect(toHex(scriptMac(sessionKey, hex(message), 4))).toBe(expected.mac.slice(0, 8));
      // EmvMac of GenerateMac takes a padded message, to which the retail MAC adds no padding.
      expect(toHex(retailMac(sessionKey, hex(vector.paddedMessage)))).toBe(expected.mac);
    },
  );

  test.each(vectors<ScriptMacVector>('emv', 'Script MAC'))(
    '$id does not verify any message that differs in one bit',
    ({ message, expected }) => {
      const mac = (other: Buffer) => scriptMac(hex(expected.sessionKey), other);
      const others = [...bitFlips(hex(message)), Buffer.concat([hex(message), Buffer.of(0)])];
      expect(others.filter((other) => equal(mac(other), hex(expected.mac)))).toEqual([]);
    },
  );

  test.each<[string, string, () => Buffer]>([
    ['a key of 8 bytes', 'KEY_LENGTH', () => scriptMac(key.subarray(8), hex('8424'))],
    ['a key of 24 bytes', 'KEY_LENGTH', () => scriptMac(Buffer.alloc(24), hex('8424'))],
    ['a MAC of 3 bytes', 'MAC_LENGTH', () => scriptMac(key, hex('8424'), 3)],
    ['a MAC of 9 bytes', 'MAC_LENGTH', () => scriptMac(key, hex('8424'), 9)],
  ])('refuses %s', (_, code, act) => {
    expect(act).toThrow(expect.objectContaining({ code }));
  });
});

describe('encipherScriptData', () => {
  test.each(vectors<ScriptEncryptionVector>('emv', 'Script encryption'))(
    '$id: $encryptionScheme, $source',
    ({ sessionKey, encryptionScheme, data, expected }) => {
      // Mastercard pads data only if its length is not a multiple of the block length.
      const mastercard = data.length % 16 === 0 ? UNPADDED : EMV;
      const how = { VISA, EMV, MASTERCARD: mastercard }[encryptionScheme];
      expect(toHex(encipherScriptData(hex(sessionKey), hex(data), how))).toBe(expected.ciphertext);
    },
  );

  test.each(['ECB', 'CBC'] as const)('%s deciphers to the data with the requested length byte and padding', (mode) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.boolean(), (bytes, lengthInFront) => {
        const data = Buffer.from(bytes);
        const lengthPosition = lengthInFront ? 'FRONT_OF_PIN_BLOCK' : 'NONE';
        const enciphered = encipherScriptData(key, data, { mode, padding: 'ISO_IEC_7816_4', lengthPosition });
        const [name, iv] = mode === 'ECB' ? (['des-ede', null] as const) : (['des-ede-cbc', Buffer.alloc(8)] as const);
        const deciphered = createDecipheriv(name, key, iv).setAutoPadding(false).update(enciphered);
        const prefix = lengthInFront ? Buffer.of(data.length) : Buffer.alloc(0);
        expect(deciphered).toEqual(padMethod2(Buffer.concat([prefix, data]), 8));
        expect(data).toEqual(Buffer.from(bytes));
      }),
    );
  });

  test.each<[string, string, () => Buffer]>([
    ['a key of 8 bytes', 'KEY_LENGTH', () => encipherScriptData(key.subarray(8), key, EMV)],
    ['a key of 24 bytes', 'KEY_LENGTH', () => encipherScriptData(Buffer.alloc(24), key, EMV)],
    ['7 bytes without padding', 'DATA_LENGTH', () => encipherScriptData(key, Buffer.alloc(7), UNPADDED)],
    ['9 bytes in ECB', 'DATA_LENGTH', () => encipherScriptData(key, Buffer.alloc(9), { ...UNPADDED, mode: 'ECB' })],
    ['data too long for the length byte', 'DATA_LENGTH', () => encipherScriptData(key, Buffer.alloc(256), VISA)],
    ['a length without padding', 'MODE', () => encipherScriptData(key, key, { ...VISA, padding: 'NO_PADDING' })],
  ])('refuses %s', (_, code, act) => {
    expect(act).toThrow(expect.objectContaining({ code }));
  });
});
