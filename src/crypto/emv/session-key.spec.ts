import fc from 'fast-check';
import { hex, vectors } from '../../../test/support/vectors.js';
import { toHex } from '../bytes.js';
import { decrypt, encrypt } from '../cipher-modes.js';
import { tdes, withOddParity } from '../des.js';
import { kcvEcb } from '../kcv.js';
import { emv2000TreeKey } from './emv2000-tree.js';
import { iccMasterKey, type MajorKeyDerivation } from './icc-master-key.js';
import {
  applicationCryptogramKey,
  commonSessionKey,
  secureMessagingKey,
  SESSION_KEY_SCHEMES,
  type SessionData,
  type SessionKeyScheme,
} from './session-key.js';

interface SessionKeyVector {
  sessionKeyDerivation: string;
  iccKey: string;
  atc?: string;
  un?: string;
  applicationCryptogram?: string;
  treeHeight: number;
  branchFactor: number;
  iv: string;
  expected: { sessionKey: string; kcv: string };
}

interface DataKeyVector {
  imk: string;
  majorKeyDerivation: MajorKeyDerivation;
  pan: string;
  panSequenceNumber: string;
  sessionDerivationData: string;
  mode: 'ECB' | 'CBC';
  iv?: string;
  plaintext: string;
  expected: { dataKey: string; ciphertext: string };
}

type Derivation = (iccKey: Buffer, session: SessionData) => Buffer;

/** Our derivation for each derivation name in the vectors. */
const DERIVATIONS: Record<string, Derivation> = {
  EMV_COMMON: (iccKey, session) => applicationCryptogramKey('EMV_COMMON_SESSION_KEY', iccKey, session),
  EMV_COMMON_SM: (iccKey, session) => secureMessagingKey('EMV_COMMON_SESSION_KEY', iccKey, session),
  MASTERCARD: (iccKey, session) => applicationCryptogramKey('MASTERCARD_SESSION_KEY', iccKey, session),
  UNIONPAY: (iccKey, session) => applicationCryptogramKey('UNION_PAY', iccKey, session),
  VISA_SM: (iccKey, session) => secureMessagingKey('VISA', iccKey, session),
};

const iccKey = hex('0123456789ABCDEFFEDCBA9876543210');
const session = { atc: hex('001C'), un: hex('11223344'), applicationCryptogram: hex('7A788EA6B8A3E733') };
const schemes = Object.keys(SESSION_KEY_SCHEMES) as SessionKeyScheme[];

describe('session keys', () => {
  const cases = vectors<SessionKeyVector>('emv', 'Session key');

  test.each(cases.filter(({ sessionKeyDerivation }) => sessionKeyDerivation !== 'EMV2000'))(
    '$id is $expected.sessionKey: $sessionKeyDerivation, $source',
    ({ sessionKeyDerivation, iccKey, atc = '', un = '', applicationCryptogram = '', expected }) => {
      const data = { atc: hex(atc), un: hex(un), applicationCryptogram: hex(applicationCryptogram) };
      const key = DERIVATIONS[sessionKeyDerivation]!(hex(iccKey), data);
      using cipher = tdes(key);
      expect(toHex(key)).toBe(expected.sessionKey);
      expect(toHex(kcvEcb(cipher))).toBe(expected.kcv);
    },
  );

  test.each(cases.filter(({ sessionKeyDerivation }) => sessionKeyDerivation === 'EMV2000'))(
    '$id is $expected.sessionKey: EMV 2000, height $treeHeight, branch factor $branchFactor, $source',
    ({ iccKey, atc = '', treeHeight: height, branchFactor, iv, expected }) => {
      const key = emv2000TreeKey(hex(iccKey), hex(atc), { height, branchFactor, iv: hex(iv) });
      expect(toHex(key)).toBe(expected.sessionKey);
      const tree = { height, branchFactor, iv: hex(iv) };
      expect(applicationCryptogramKey('EMV2000', hex(iccKey), { atc: hex(atc), tree })).toEqual(key);
      if (height === 8 && /^0+$/.test(iv)) {
        expect(applicationCryptogramKey('EMV2000', hex(iccKey), { atc: hex(atc) })).toEqual(key);
        expect(secureMessagingKey('EMV2000', hex(iccKey), { atc: hex(atc) })).toEqual(key);
      }
    },
  );

  test.each(vectors<DataKeyVector>('encrypt', 'EMV data encryption'))(
    '$id: the data key of EncryptData is the common session key, $source',
    ({ imk, majorKeyDerivation, pan, panSequenceNumber, sessionDerivationData, mode, iv, plaintext, expected }) => {
      const iccKey = iccMasterKey(hex(imk), { majorKeyDerivation, pan, psn: panSequenceNumber });
      const key = commonSessionKey(iccKey, hex(sessionDerivationData));
      const how = { cipher: 'TDES', mode, key, ...(iv && { iv: hex(iv) }) } as const;
      expect(toHex(key)).toBe(expected.dataKey);
      expect(toHex(encrypt(how, hex(plaintext)))).toBe(expected.ciphertext);
      expect(toHex(decrypt(how, hex(expected.ciphertext)))).toBe(plaintext);
    },
  );

  test.each([
    ['EMV_COMMON', 'E9FB384AF807B940FEDCEA613461B0C4'], // pyemv
    ['VISA_SM', '0123456789ABCDF2FEDCBA987654CDF2'], // pyemv
    ['MASTERCARD', '7CE919468CE3CBE0AE7FF2CB3B7FC84C'], // regression value of this implementation
  ])('derives the %s key for counter 001C', (name, expected) => {
    expect(toHex(DERIVATIONS[name]!(iccKey, session))).toBe(expected);
  });

  test.each(['VISA', 'AMEX'] as const)('%s: the cryptogram key is a copy of the ICC master key', (scheme) => {
    const key = applicationCryptogramKey(scheme, iccKey, {});
    expect(key).toEqual(iccKey);
    key.fill(0);
    expect(toHex(iccKey)).toBe('0123456789ABCDEFFEDCBA9876543210');
  });

  test('Amex derives like Visa, and UnionPay derives one key for both purposes', () => {
    expect(secureMessagingKey('AMEX', iccKey, session)).toEqual(secureMessagingKey('VISA', iccKey, session));
    expect(secureMessagingKey('UNION_PAY', iccKey, session)).toEqual(
      applicationCryptogramKey('UNION_PAY', iccKey, session),
    );
  });

  test('Mastercard scripts use the common session key derived from the cryptogram', () => {
    expect(secureMessagingKey('MASTERCARD_SESSION_KEY', iccKey, session)).toEqual(
      commonSessionKey(iccKey, session.applicationCryptogram),
    );
  });

  test('the common derivation replaces the third byte of R', () => {
    const [r, other] = [hex('0102030405060708'), hex('0102FF0405060708')];
    expect(commonSessionKey(iccKey, r)).toEqual(commonSessionKey(iccKey, other));
    expect(toHex(r)).toBe('0102030405060708');
  });

  test.each(schemes)('%s: derives 16 bytes with odd parity for any transaction, the same each time', (scheme) => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        fc.uint8Array({ minLength: 14, maxLength: 14 }),
        (keyBytes, bytes) => {
          const iccKey = withOddParity(Buffer.from(keyBytes));
          const data = Buffer.from(bytes);
          const session = {
            atc: data.subarray(0, 2),
            un: data.subarray(2, 6),
            applicationCryptogram: data.subarray(6),
          };
          for (const derive of [applicationCryptogramKey, secureMessagingKey]) {
            const key = derive(scheme, iccKey, session);
            expect(key).toHaveLength(16);
            expect(key).toEqual(withOddParity(key));
            expect(derive(scheme, iccKey, session)).toEqual(key);
          }
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe.each(schemes)('%s refuses', (scheme) => {
  const needs = {
    EMV_COMMON_SESSION_KEY: { applicationCryptogram: ['atc'], secureMessaging: ['applicationCryptogram'] },
    EMV2000: { applicationCryptogram: ['atc'], secureMessaging: ['atc'] },
    MASTERCARD_SESSION_KEY: { applicationCryptogram: ['atc', 'un'], secureMessaging: ['applicationCryptogram'] },
    VISA: { applicationCryptogram: [], secureMessaging: ['atc'] },
    AMEX: { applicationCryptogram: [], secureMessaging: ['atc'] },
    UNION_PAY: { applicationCryptogram: ['atc'], secureMessaging: ['atc'] },
  }[scheme];

  test.each([0, 8, 24])('an ICC master key of %i bytes', (length) => {
    const key = Buffer.alloc(length);
    expect(() => applicationCryptogramKey(scheme, key, session)).toThrow(
      expect.objectContaining({ code: 'KEY_LENGTH' }),
    );
    expect(() => secureMessagingKey(scheme, key, session)).toThrow(expect.objectContaining({ code: 'KEY_LENGTH' }));
  });

  test.each([
    ['missing', () => undefined],
    ['too short', (field: Buffer) => field.subarray(1)],
    ['too long', (field: Buffer) => Buffer.concat([field, Buffer.alloc(1)])],
  ])('a required field that is %s', (_, spoil) => {
    for (const field of ['atc', 'un', 'applicationCryptogram'] as const) {
      const spoiled = { ...session, [field]: spoil(session[field]) };
      const derivations = [
        [needs.applicationCryptogram, () => applicationCryptogramKey(scheme, iccKey, spoiled)],
        [needs.secureMessaging, () => secureMessagingKey(scheme, iccKey, spoiled)],
      ] as const;
      for (const [read, derive] of derivations)
        if (read.some((needed) => needed === field))
          expect(derive).toThrow(expect.objectContaining({ code: 'DATA_LENGTH' }));
        else expect(derive()).toHaveLength(16);
    }
  });
});

test.each<[string, string, () => Buffer]>([
  ['a diversification value of 7 bytes', 'DATA_LENGTH', () => commonSessionKey(iccKey, Buffer.alloc(7))],
  ['a diversification value of 9 bytes', 'DATA_LENGTH', () => commonSessionKey(iccKey, Buffer.alloc(9))],
  ['a key of 24 bytes', 'KEY_LENGTH', () => commonSessionKey(Buffer.alloc(24), Buffer.alloc(8))],
  ['a key of 8 bytes for the tree', 'KEY_LENGTH', () => emv2000TreeKey(Buffer.alloc(8), session.atc)],
  ['a counter of 3 bytes for the tree', 'DATA_LENGTH', () => emv2000TreeKey(iccKey, Buffer.alloc(3))],
  [
    'an initial value of 8 bytes for the tree',
    'DATA_LENGTH',
    () => emv2000TreeKey(iccKey, session.atc, { branchFactor: 4, height: 8, iv: Buffer.alloc(8) }),
  ],
])('refuses %s', (_, code, act) => {
  expect(act).toThrow(expect.objectContaining({ code }));
});
