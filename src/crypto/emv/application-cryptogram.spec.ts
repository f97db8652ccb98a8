import fc from 'fast-check';
import { bitFlips, hex, vectors } from '../../../test/support/vectors.js';
import { equal, padMethod1, padMethod2, toHex } from '../bytes.js';
import { applicationCryptogram, arpcMethod1, arpcMethod2 } from './application-cryptogram.js';
import { type Card, iccMasterKey, type MajorKeyDerivation } from './icc-master-key.js';
import {
  applicationCryptogramKey,
  commonSessionKey,
  SESSION_KEY_SCHEMES,
  type SessionKeyScheme,
} from './session-key.js';

interface CryptogramVector {
  imk: string;
  majorKeyDerivation: MajorKeyDerivation;
  pan: string;
  panSequenceNumber: string;
  sessionKeyDerivation: string;
  atc?: string;
  un?: string;
  r: string;
  transactionData: string;
  padding: 'method1' | 'method2';
  paddedTransactionData: string;
  arpcMethod: 1 | 2;
  arpcKey: 'SESSION' | 'ICC_MASTER';
  arc: string;
  csu: string;
  proprietaryAuthData: string;
  expected: { iccKey: string; sessionKey: string; arqc: string; arpc: string };
}

/** Our scheme for each scheme name in the vectors. */
const SCHEMES: Record<string, SessionKeyScheme> = {
  EMV_COMMON: 'EMV_COMMON_SESSION_KEY',
  EMV2000: 'EMV2000',
  MASTERCARD: 'MASTERCARD_SESSION_KEY',
  VISA: 'VISA',
  AMEX: 'AMEX',
  UNIONPAY: 'UNION_PAY',
};

/**
 * EMV Book 2 falls back to option A for PANs of up to 16 digits; `iccMasterKey` requires the caller to choose option A.
 */
const FALLS_BACK_TO_OPTION_A = ['emv-v043'];

function keysOf(vector: CryptogramVector & { id: string }): { iccKey: Buffer; sessionKey: Buffer } {
  const { id, pan, panSequenceNumber: psn, atc = '', un = '', sessionKeyDerivation, r } = vector;
  const card: Card = { majorKeyDerivation: vector.majorKeyDerivation, pan, psn };
  if (FALLS_BACK_TO_OPTION_A.includes(id)) {
    expect(() => iccMasterKey(hex(vector.imk), card)).toThrow(expect.objectContaining({ code: 'PAN' }));
    card.majorKeyDerivation = 'EMV_OPTION_A';
  }
  const iccKey = iccMasterKey(hex(vector.imk), card);
  const scheme = SCHEMES[sessionKeyDerivation];
  const sessionKey = scheme
    ? applicationCryptogramKey(scheme, iccKey, { atc: hex(atc), un: hex(un) })
    : commonSessionKey(iccKey, hex(r)); // EMV_COMMON with a given R
  return { iccKey, sessionKey };
}

const key = hex('0123456789ABCDEFFEDCBA9876543210');
const arqc = hex('61EDCC708B4C97B4');
const csu = hex('00120000');

describe('application cryptogram', () => {
  test.each(vectors<CryptogramVector>('emv', 'ARQC', 'ARQC and ARPC'))(
    '$id is $expected.arqc: $sessionKeyDerivation, $source',
    (vector) => {
      const { iccKey, sessionKey } = keysOf(vector);
      const { transactionData, padding, paddedTransactionData, expected } = vector;
      expect(toHex(iccKey)).toBe(expected.iccKey);
      expect(toHex(sessionKey)).toBe(expected.sessionKey);
      const padded = (padding === 'method1' ? padMethod1 : padMethod2)(hex(transactionData), 8);
      expect(toHex(padded)).toBe(paddedTransactionData);
      expect(toHex(applicationCryptogram(sessionKey, padded))).toBe(expected.arqc);
      if (padding === 'method1')
        expect(toHex(applicationCryptogram(sessionKey, hex(transactionData)))).toBe(expected.arqc);
    },
  );

  test.each(vectors<CryptogramVector>('emv', 'ARQC', 'ARQC and ARPC'))(
    '$id does not verify any data that differs in one bit',
    ({ paddedTransactionData, expected }) => {
      const others = bitFlips(hex(paddedTransactionData));
      const isTheSame = (data: Buffer) =>
        equal(applicationCryptogram(hex(expected.sessionKey), data), hex(expected.arqc));
      expect(others.filter(isTheSame)).toEqual([]);
    },
  );

  // Example of the AWS user guide; its key is identified by the check value 08D7B4.
  test('matches the EMV common example in the AWS user guide', () => {
    const card: Card = { majorKeyDerivation: 'EMV_OPTION_A', pan: '9137631040001422', psn: '01' };
    const sessionKey = applicationCryptogramKey('EMV_COMMON_SESSION_KEY', iccMasterKey(key, card), {
      atc: hex('000B'),
    });
    const data =
      '00000000170000000000000008400080008000084016051700000000093800000B1F220103' +
      '00'.repeat(27) +
      '8000000000000000';
    expect(toHex(applicationCryptogram(sessionKey, hex(data)))).toBe('61EDCC708B4C97B4');
  });

  test('a flipped bit in the data or the key gives a different cryptogram', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.nat(), (bytes, place) => {
        const data = Buffer.from(bytes);
        const before = applicationCryptogram(key, data);
        data[place % data.length]! ^= 1;
        expect(applicationCryptogram(key, data)).not.toEqual(before);
      }),
    );
    const other = Buffer.from(key);
    other[0]! ^= 2; // not the parity bit
    expect(applicationCryptogram(other, arqc)).not.toEqual(applicationCryptogram(key, arqc));
  });

  test.each<[string, string, () => Buffer]>([
    ['a key of 8 bytes', 'KEY_LENGTH', () => applicationCryptogram(key.subarray(8), arqc)],
    ['a key of 24 bytes', 'KEY_LENGTH', () => applicationCryptogram(Buffer.alloc(24), arqc)],
    ['empty data', 'DATA_LENGTH', () => applicationCryptogram(key, Buffer.alloc(0))],
  ])('refuses %s', (_, code, act) => {
    expect(act).toThrow(expect.objectContaining({ code }));
  });
});

describe('authorisation response cryptogram', () => {
  test.each(vectors<CryptogramVector>('emv', 'ARQC and ARPC'))(
    '$id is $expected.arpc: method $arpcMethod, $arpcKey key, $source',
    (vector) => {
      const { iccKey, sessionKey } = keysOf(vector);
      const key = vector.arpcKey === 'SESSION' ? sessionKey : iccKey;
      const arqc = hex(vector.expected.arqc);
      const arpc =
        vector.arpcMethod === 1
          ? arpcMethod1(key, { arqc, arc: hex(vector.arc) })
          : arpcMethod2(key, { arqc, csu: hex(vector.csu), proprietary: hex(vector.proprietaryAuthData) });
      expect(toHex(arpc)).toBe(vector.expected.arpc);
    },
  );

  test.each(vectors<CryptogramVector>('emv', 'ARQC and ARPC'))(
    '$id does not answer any ARQC that differs in one bit',
    ({ arpcMethod, arpcKey, arc, csu, proprietaryAuthData, expected }) => {
      const key = hex(arpcKey === 'SESSION' ? expected.sessionKey : expected.iccKey);
      const answerTo = (arqc: Buffer) =>
        arpcMethod === 1
          ? arpcMethod1(key, { arqc, arc: hex(arc) })
          : arpcMethod2(key, { arqc, csu: hex(csu), proprietary: hex(proprietaryAuthData) });
      const others = bitFlips(hex(expected.arqc));
      expect(others.filter((arqc) => equal(answerTo(arqc), hex(expected.arpc)))).toEqual([]);
    },
  );

  test('the ARPC uses the ICC master key for schemes without a session key and for Mastercard', () => {
    const withIccKey = Object.entries(SESSION_KEY_SCHEMES).filter(([, { arpc }]) => arpc === 'ICC_MASTER');
    expect(withIccKey.map(([scheme]) => scheme)).toEqual(['MASTERCARD_SESSION_KEY', 'VISA', 'AMEX']);
  });

  test('absent proprietary data equals empty proprietary data', () => {
    expect(arpcMethod2(key, { arqc, csu })).toEqual(arpcMethod2(key, { arqc, csu, proprietary: Buffer.alloc(0) }));
  });

  test.each<[string, string, () => Buffer]>([
    ['a key of 8 bytes', 'KEY_LENGTH', () => arpcMethod1(key.subarray(8), { arqc, arc: hex('3030') })],
    ['a key of 24 bytes', 'KEY_LENGTH', () => arpcMethod2(Buffer.alloc(24), { arqc, csu })],
    ['an ARQC of 7 bytes', 'DATA_LENGTH', () => arpcMethod1(key, { arqc: arqc.subarray(1), arc: hex('3030') })],
    ['an ARQC of 9 bytes', 'DATA_LENGTH', () => arpcMethod2(key, { arqc: Buffer.alloc(9), csu })],
    ['a response code of 1 byte', 'DATA_LENGTH', () => arpcMethod1(key, { arqc, arc: hex('30') })],
    ['a response code of 3 bytes', 'DATA_LENGTH', () => arpcMethod1(key, { arqc, arc: hex('303030') })],
    ['a card status of 3 bytes', 'DATA_LENGTH', () => arpcMethod2(key, { arqc, csu: hex('001200') })],
    ['a card status of 5 bytes', 'DATA_LENGTH', () => arpcMethod2(key, { arqc, csu: hex('0012000000') })],
    ['proprietary data of 9 bytes', 'DATA_LENGTH', () => arpcMethod2(key, { arqc, csu, proprietary: Buffer.alloc(9) })],
  ])('refuses %s', (_, code, act) => {
    expect(act).toThrow(expect.objectContaining({ code }));
  });
});
