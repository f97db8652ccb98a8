import fc from 'fast-check';
import { encodePinBlock } from '../pin-block.js';
import { bitFlips, hex, vectors } from '../../../test/support/vectors.js';
import { equal, toHex } from '../bytes.js';
import { type Card, iccMasterKey, type MajorKeyDerivation } from './icc-master-key.js';
import {
  PIN_CHANGE_PROFILES,
  type PinChange,
  type PinChangeProfile,
  pinChangeScript,
  visPinBlock,
} from './pin-change.js';
import { secureMessagingKey } from './session-key.js';

interface PinChangeVector {
  imkSmi: string;
  imkSmc: string;
  imkAc?: string;
  majorKeyDerivation: MajorKeyDerivation;
  pan: string;
  panSequenceNumber: string;
  sessionKeyDerivation: 'EMV_COMMON_SM' | 'VISA_SM' | 'AMEX_SM' | 'EMV2000';
  encryptionScheme: 'MASTERCARD' | 'EMV' | 'VISA';
  atc?: string;
  applicationCryptogram?: string;
  newPin: string;
  currentPin?: string;
  apduHeader: string;
  messageBetweenHeaderAndPin: string;
  expected: {
    pinBlock: string;
    encryptedPin: string;
    macInput: string;
    mac: string;
    integritySessionKey: string;
    confidentialitySessionKey: string;
    udkAc: string;
  };
}

const EMV_COMMON: PinChangeProfile = { ...PIN_CHANGE_PROFILES.EMV2000, sessionKey: 'EMV_COMMON_SESSION_KEY' };

/** Profile of each scheme and encipherment pair in the vectors; the common session key goes with every encipherment. */
const PROFILES: Record<string, PinChangeProfile> = {
  'VISA_SM VISA': PIN_CHANGE_PROFILES.VISA,
  'AMEX_SM VISA': PIN_CHANGE_PROFILES.AMEX,
  'EMV2000 EMV': PIN_CHANGE_PROFILES.EMV2000,
  'EMV_COMMON_SM MASTERCARD': PIN_CHANGE_PROFILES.MASTERCARD,
  'EMV_COMMON_SM EMV': EMV_COMMON,
  'EMV_COMMON_SM VISA': { ...PIN_CHANGE_PROFILES.VISA, sessionKey: 'EMV_COMMON_SESSION_KEY' },
};

const card: Card = { majorKeyDerivation: 'EMV_OPTION_A', pan: '1234567890123456', psn: '00' };
const keys = {
  integrity: hex('FEDCBA98765432100123456789ABCDEF'),
  confidentiality: hex('89ABCDEF0123456776543210FEDCBA98'),
  applicationCryptogram: hex('0123456789ABCDEFFEDCBA9876543210'),
};
const change: PinChange = {
  card,
  session: { atc: hex('001C'), applicationCryptogram: hex('CD29615D6452E70E') },
  newPin: '9999',
  message: hex('8424000218001C29CCA15AE665FA2E'),
};
const iccKey = hex('0123456789ABCDEFFEDCBA9876543210');

describe('pinChangeScript', () => {
  test.each(vectors<PinChangeVector>('emv', 'PIN change'))(
    '$id is $expected.encryptedPin: $sessionKeyDerivation, $encryptionScheme, $source',
    (vector) => {
      const { majorKeyDerivation, pan, panSequenceNumber: psn, newPin, currentPin, expected } = vector;
      const { atc = '', applicationCryptogram = '' } = vector;
      const card: Card = { majorKeyDerivation, pan, psn };
      const session = { atc: hex(atc), applicationCryptogram: hex(applicationCryptogram) };
      const profile = PROFILES[`${vector.sessionKeyDerivation} ${vector.encryptionScheme}`]!;
      const keys = {
        integrity: hex(vector.imkSmi),
        confidentiality: hex(vector.imkSmc),
        ...(vector.imkAc && { applicationCryptogram: hex(vector.imkAc) }),
      };
      const sessionKey = (imk: Buffer) => secureMessagingKey(profile.sessionKey, iccMasterKey(imk, card), session);
      expect(toHex(sessionKey(keys.integrity))).toBe(expected.integritySessionKey);
      expect(toHex(sessionKey(keys.confidentiality))).toBe(expected.confidentialitySessionKey);

      const pins = { newPin, ...(currentPin && { currentPin }) };
      const pinBlock =
        profile.pinBlock === 'VIS' ? visPinBlock(hex(expected.udkAc), pins) : encodePinBlock(2, { pin: newPin });
      expect(toHex(pinBlock)).toBe(expected.pinBlock);

      const message = hex(vector.apduHeader + vector.messageBetweenHeaderAndPin);
      const script = pinChangeScript(profile, keys, { card, session, ...pins, message });
      expect(toHex(script.encipheredPinBlock)).toBe(expected.encryptedPin);
      expect(toHex(Buffer.concat([message, script.encipheredPinBlock]))).toBe(expected.macInput);
      expect(toHex(script.mac)).toBe(expected.mac);

      const { mac } = pinChangeScript(profile, keys, { card, session, newPin: '2580', message });
      expect(toHex(mac)).not.toBe(expected.mac);
      const isTheSame = (message: Buffer) =>
        equal(pinChangeScript(profile, keys, { card, session, ...pins, message }).mac, script.mac);
      expect(bitFlips(message).filter(isTheSame)).toEqual([]);
    },
  );

  test('the common session key works with a length in front of the PIN block', () => {
    const encipherment = { mode: 'CBC', padding: 'ISO_IEC_7816_4', lengthPosition: 'FRONT_OF_PIN_BLOCK' } as const;
    const script = pinChangeScript({ ...EMV_COMMON, encipherment }, keys, change);
    expect(script.encipheredPinBlock).toHaveLength(16);
    expect(script).not.toEqual(pinChangeScript(EMV_COMMON, keys, change));
  });

  test("does not modify the caller's keys", () => {
    const before = Object.values(keys).map(toHex);
    pinChangeScript(PIN_CHANGE_PROFILES.VISA, keys, { ...change, currentPin: '8888' });
    expect(Object.values(keys).map(toHex)).toEqual(before);
  });

  const { VISA, AMEX, MASTERCARD, EMV2000 } = PIN_CHANGE_PROFILES;
  const withoutAc = { integrity: keys.integrity, confidentiality: keys.confidentiality };
  test.each<[string, string, () => unknown]>([
    ['Visa without the key for cryptograms', 'KEY_LENGTH', () => pinChangeScript(VISA, withoutAc, change)],
    ['Amex without the key for cryptograms', 'KEY_LENGTH', () => pinChangeScript(AMEX, withoutAc, change)],
    [
      'an integrity key of 24 bytes',
      'KEY_LENGTH',
      () => pinChangeScript(EMV2000, { ...keys, integrity: Buffer.alloc(24) }, change),
    ],
    [
      'a confidentiality key of 8 bytes',
      'KEY_LENGTH',
      () => pinChangeScript(EMV2000, { ...keys, confidentiality: Buffer.alloc(8) }, change),
    ],
    ['a PIN of 3 digits', 'PIN', () => pinChangeScript(MASTERCARD, keys, { ...change, newPin: '999' })],
    ['a PIN of 13 digits', 'PIN', () => pinChangeScript(VISA, keys, { ...change, newPin: '9'.repeat(13) })],
    ['a current PIN of 3 digits', 'PIN', () => pinChangeScript(VISA, keys, { ...change, currentPin: '888' })],
    [
      'Mastercard without a cryptogram',
      'DATA_LENGTH',
      () => pinChangeScript(MASTERCARD, keys, { ...change, session: {} }),
    ],
    ['an empty PIN', 'PIN', () => pinChangeScript(EMV2000, keys, { ...change, newPin: '' })],
    ['a PIN with a letter', 'PIN', () => pinChangeScript(MASTERCARD, keys, { ...change, newPin: '99A9' })],
    ['a current PIN with a sign', 'PIN', () => pinChangeScript(AMEX, keys, { ...change, currentPin: '-888' })],
    [
      'a PAN of 11 digits',
      'PAN',
      () => pinChangeScript(VISA, keys, { ...change, card: { ...card, pan: '12345678901' } }),
    ],
    [
      'a sequence number of 3 digits',
      'DIGITS',
      () => pinChangeScript(VISA, keys, { ...change, card: { ...card, psn: '000' } }),
    ],
    [
      'a sequence number with a letter',
      'DIGITS',
      () => pinChangeScript(AMEX, keys, { ...change, card: { ...card, psn: '0A' } }),
    ],
    [
      'a key for cryptograms of 24 bytes',
      'KEY_LENGTH',
      () => pinChangeScript(VISA, { ...keys, applicationCryptogram: Buffer.alloc(24) }, change),
    ],
    [
      'a cryptogram of 7 bytes',
      'DATA_LENGTH',
      () => pinChangeScript(MASTERCARD, keys, { ...change, session: { applicationCryptogram: Buffer.alloc(7) } }),
    ],
    [
      'a counter of 3 bytes',
      'DATA_LENGTH',
      () => pinChangeScript(EMV2000, keys, { ...change, session: { atc: Buffer.alloc(3) } }),
    ],
    ['EMV 2000 without a counter', 'DATA_LENGTH', () => pinChangeScript(EMV2000, keys, { ...change, session: {} })],
    ['Visa without a counter', 'DATA_LENGTH', () => pinChangeScript(VISA, keys, { ...change, session: {} })],
    [
      'option B with a PAN of 16 digits',
      'PAN',
      () => pinChangeScript(VISA, keys, { ...change, card: { ...card, majorKeyDerivation: 'EMV_OPTION_B' } }),
    ],
    [
      'a length in front without padding',
      'MODE',
      () =>
        pinChangeScript(
          {
            ...EMV_COMMON,
            encipherment: { mode: 'CBC', padding: 'NO_PADDING', lengthPosition: 'FRONT_OF_PIN_BLOCK' },
          },
          keys,
          change,
        ),
    ],
  ])('refuses %s', (_, code, act) => {
    expect(act).toThrow(expect.objectContaining({ code }));
  });
});

describe('visPinBlock', () => {
  test('encodes a new PIN without and with the current PIN', () => {
    expect(toHex(visPinBlock(iccKey, { newPin: '1234' }))).toBe('041234FF76543210');
    expect(toHex(visPinBlock(iccKey, { newPin: '1234', currentPin: '9876' }))).toBe('9C6434FF76543210');
  });

  test('XORing the current PIN twice cancels it', () => {
    const pin = fc.stringMatching(/^[0-9]{4,12}$/);
    fc.assert(
      fc.property(pin, pin, (newPin, currentPin) => {
        const block = visPinBlock(iccKey, { newPin, currentPin });
        const mask = hex(currentPin.padEnd(16, '0'));
        const unmasked = block.map((byte, i) => byte ^ mask[i]!);
        expect(Buffer.from(unmasked)).toEqual(visPinBlock(iccKey, { newPin }));
      }),
    );
  });

  test.each<[string, string, () => Buffer]>([
    ['a key of 8 bytes', 'KEY_LENGTH', () => visPinBlock(iccKey.subarray(8), { newPin: '1234' })],
    ['a new PIN of 3 digits', 'PIN', () => visPinBlock(iccKey, { newPin: '123' })],
    ['a new PIN with a letter', 'PIN', () => visPinBlock(iccKey, { newPin: '12E4' })],
    ['an empty current PIN', 'PIN', () => visPinBlock(iccKey, { newPin: '1234', currentPin: '' })],
    ['a current PIN of 13 digits', 'PIN', () => visPinBlock(iccKey, { newPin: '1234', currentPin: '9'.repeat(13) })],
  ])('refuses %s', (_, code, act) => {
    expect(act).toThrow(expect.objectContaining({ code }));
  });
});
