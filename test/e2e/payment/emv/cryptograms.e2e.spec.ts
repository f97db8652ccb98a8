import { expectError } from '../../../support/api.js';
import { altered } from '../../../support/altered.js';
import { E0, CLEAR, PANS, PAN, named, useCards, type Json } from '../../../support/cards.js';
import { vectors, hex } from '../../../support/vectors.js';
import * as oracle from '../../../support/card-oracle.js';

const { service, keyOf, post, expectOk, expectInvalid } = useCards();

describe('GenerateAuthRequestCryptogram and VerifyAuthRequestCryptogram', () => {
  const SCHEMES = {
    EMV_COMMON: 'EmvCommon',
    MASTERCARD: 'Mastercard',
    EMV2000: 'Emv2000',
    AMEX: 'Amex',
    VISA: 'Visa',
    UNIONPAY: 'UnionPay',
  };
  interface CryptogramVector {
    imk: string;
    majorKeyDerivation: string;
    pan: string;
    panSequenceNumber: string;
    sessionKeyDerivation: keyof typeof SCHEMES;
    atc?: string;
    un?: string;
    paddedTransactionData: string;
    arpcMethod?: 1 | 2;
    arpcKey?: 'SESSION' | 'ICC_MASTER';
    arc?: string;
    csu?: string;
    proprietaryAuthData?: string;
    expected: { arqc: string; arpc?: string };
  }
  // The operations do not take a diversification value from the caller.
  const all = vectors<CryptogramVector>('emv', 'ARQC', 'ARQC and ARPC').filter(
    ({ sessionKeyDerivation }) => sessionKeyDerivation in SCHEMES,
  );
  const FAILED = {
    name: 'VerificationFailedException',
    message: 'Authorization request cryptogram verification failed.',
  };

  const derivation = ({ sessionKeyDerivation, pan, panSequenceNumber, atc, un }: CryptogramVector) => {
    const needsAtc = sessionKeyDerivation !== 'VISA' && sessionKeyDerivation !== 'AMEX';
    return {
      [SCHEMES[sessionKeyDerivation]]: {
        PrimaryAccountNumber: pan,
        PanSequenceNumber: panSequenceNumber,
        ...(needsAtc && { ApplicationTransactionCounter: atc }),
        ...(un !== undefined && { UnpredictableNumber: un }),
      },
    };
  };
  const responseOf = ({ arpcMethod, arc, csu, proprietaryAuthData }: CryptogramVector) => {
    if (arpcMethod === 1) return { ArpcMethod1: { AuthResponseCode: arc } };
    const pad = proprietaryAuthData ? { ProprietaryAuthenticationData: proprietaryAuthData } : {};
    return arpcMethod === 2 ? { ArpcMethod2: { CardStatusUpdate: csu, ...pad } } : undefined;
  };

  test('have vectors for every session key derivation and both ARPC methods', () => {
    expect(new Set(all.map(({ sessionKeyDerivation }) => sessionKeyDerivation))).toEqual(new Set(Object.keys(SCHEMES)));
    expect(all).toHaveLength(20);
  });

  test.each(all)('match $id: $sessionKeyDerivation, method $arpcMethod, $source', async (vector) => {
    const key = await keyOf(vector.imk, E0);
    const input = {
      KeyIdentifier: key.KeyArn,
      TransactionData: vector.paddedTransactionData,
      MajorKeyDerivationMode: vector.majorKeyDerivation,
      SessionKeyDerivationAttributes: derivation(vector),
    };
    const { arqc, arpc } = vector.expected;
    expect(await expectOk('cryptogram/generate', input)).toEqual({ ...named(key), AuthRequestCryptogram: arqc });

    const verification = { ...input, AuthRequestCryptogram: arqc, AuthResponseAttributes: responseOf(vector) };
    const lowerCase = { ...input, AuthRequestCryptogram: arqc.toLowerCase() };
    expect(await expectOk('cryptogram/verify', lowerCase)).toEqual(named(key));
    const otherArqc = { ...verification, AuthRequestCryptogram: altered(arqc) };
    expectError(await post('cryptogram/verify', otherArqc), FAILED);
    const otherData = { ...verification, TransactionData: altered(input.TransactionData) };
    expectError(await post('cryptogram/verify', otherData), FAILED);

    // One vector computes the ARPC with the session key, but M/Chip uses the card key.
    const response = await expectOk('cryptogram/verify', verification);
    const otherKey = vector.sessionKeyDerivation === 'MASTERCARD' && vector.arpcKey === 'SESSION';
    if (otherKey) expect(response['AuthResponseValue']).not.toBe(arpc);
    else expect(response).toEqual({ ...named(key), ...(arpc && { AuthResponseValue: arpc }) });
  });

  const TRANSACTION = '00000000170000000000000008400080008000084016051700000000093800000B03011203000000';
  test('verify a cryptogram through the SDK and return the ARPC', async () => {
    const { KeyArn } = await keyOf(CLEAR, E0);
    const answer = await service.dataPlane
      .verifyAuthRequestCryptogram({
        KeyIdentifier: KeyArn,
        TransactionData: TRANSACTION,
        AuthRequestCryptogram: 'D791093C8A921769',
        MajorKeyDerivationMode: 'EMV_OPTION_A',
        SessionKeyDerivationAttributes: { Visa: { PrimaryAccountNumber: '9137631040001422', PanSequenceNumber: '01' } },
        AuthResponseAttributes: { ArpcMethod1: { AuthResponseCode: '3030' } },
      })
      .promise();
    const icc = oracle.cardKey(hex(CLEAR), 'A', '9137631040001422', '01');
    const arpc = oracle.tdesEcb(icc, hex('D791093C8A921769').map((byte, i) => (i < 2 ? byte ^ 0x30 : byte)) as Buffer);
    expect(answer).toMatchObject({ KeyArn, AuthResponseValue: arpc.toString('hex').toUpperCase() });
  });

  const DATA = '00000000170000000000000008400080';
  const inputOf = async (changes: Json, common: Json = {}) => ({
    KeyIdentifier: (await keyOf(CLEAR, E0)).KeyArn,
    TransactionData: DATA,
    MajorKeyDerivationMode: 'EMV_OPTION_A',
    SessionKeyDerivationAttributes: {
      EmvCommon: {
        PrimaryAccountNumber: PAN,
        PanSequenceNumber: '01',
        ApplicationTransactionCounter: '000B',
        ...common,
      },
    },
    ...changes,
  });
  const generate = async (...input: Parameters<typeof inputOf>) =>
    (await expectOk('cryptogram/generate', await inputOf(...input)))['AuthRequestCryptogram'];
  const arqcOf = (option: 'A' | 'B', pan: string, data: string) => {
    const sessionKey = oracle.commonSessionKey(oracle.cardKey(hex(CLEAR), option, pan, '01'), hex('000B000000000000'));
    return oracle.retailMac(sessionKey, hex(data)).toString('hex').toUpperCase();
  };

  test.each(PANS)('derive the card key of the PAN %s', async (pan) => {
    const options = pan.length > 16 ? (['A', 'B'] as const) : (['A'] as const);
    for (const option of options) {
      const mode = { MajorKeyDerivationMode: `EMV_OPTION_${option}` };
      expect(await generate(mode, { PrimaryAccountNumber: pan })).toBe(arqcOf(option, pan, DATA));
    }
  });

  test.each([
    ['one byte', '8F'],
    ['a partial block', `${DATA}800000`],
    ['the maximum length', 'C3'.repeat(512)],
  ])('pad data of %s with zeros only', async (_, data) => {
    expect(await generate({ TransactionData: data.toLowerCase() })).toBe(arqcOf('A', PAN, data));
  });

  test('answer a failed verification with its reason only', async () => {
    const { KeyArn: KeyIdentifier } = await keyOf(CLEAR, E0);
    const body = {
      KeyIdentifier,
      TransactionData: DATA,
      AuthRequestCryptogram: '0000000000000000',
      MajorKeyDerivationMode: 'EMV_OPTION_A',
      SessionKeyDerivationAttributes: { Visa: { PrimaryAccountNumber: PAN, PanSequenceNumber: '01' } },
      AuthResponseAttributes: { ArpcMethod1: { AuthResponseCode: '3030' } },
    };
    const { json } = await post('cryptogram/verify', body);
    expect(json).toEqual({
      __type: 'VerificationFailedException',
      message: 'Authorization request cryptogram verification failed.',
      Message: 'Authorization request cryptogram verification failed.',
      Reason: 'INVALID_AUTH_REQUEST_CRYPTOGRAM',
    });
  });

  const MASTERCARD = { PrimaryAccountNumber: PAN, PanSequenceNumber: '01', ApplicationTransactionCounter: '000B' };
  test.each([
    [
      'data with half a byte',
      { TransactionData: '123' },
      'TransactionData must be an even number of hexadecimal digits',
    ],
    ['empty data', { TransactionData: '' }, 'TransactionData'],
    ['data over 512 bytes', { TransactionData: '00'.repeat(513) }, 'TransactionData'],
    [
      'option B for a PAN of 16 digits',
      { MajorKeyDerivationMode: 'EMV_OPTION_B' },
      'PAN length is invalid for EMV major key derivation mode EMV_OPTION_B',
    ],
    ['an unknown option', { MajorKeyDerivationMode: 'EMV_OPTION_C' }, 'MajorKeyDerivationMode must be one of'],
    [
      'Mastercard without an unpredictable number',
      { SessionKeyDerivationAttributes: { Mastercard: MASTERCARD } },
      'UnpredictableNumber is required',
    ],
    [
      'an unknown session key derivation',
      { SessionKeyDerivationAttributes: { MastercardSessionKey: MASTERCARD } },
      'exactly one member',
    ],
    [
      'a counter of 2 digits',
      { SessionKeyDerivationAttributes: { UnionPay: { ...MASTERCARD, ApplicationTransactionCounter: '0B' } } },
      'ApplicationTransactionCounter',
    ],
  ])('GenerateAuthRequestCryptogram rejects %s', async (_, changes, complaint) => {
    await expectInvalid('cryptogram/generate', await inputOf(changes), complaint);
  });

  const METHOD_1 = { ArpcMethod1: { AuthResponseCode: '3030' } };
  const method2 = (ProprietaryAuthenticationData: string) => ({
    ArpcMethod2: { CardStatusUpdate: '00000000', ProprietaryAuthenticationData },
  });
  test.each([
    ['a cryptogram of 7 bytes', { AuthRequestCryptogram: '00'.repeat(7) }, 'AuthRequestCryptogram'],
    [
      'proprietary data with half a byte',
      { AuthResponseAttributes: method2('123') },
      'ProprietaryAuthenticationData must be an even number of hexadecimal digits',
    ],
    [
      'proprietary data over 8 bytes',
      { AuthResponseAttributes: method2('00'.repeat(9)) },
      'ProprietaryAuthenticationData',
    ],
    ['both methods', { AuthResponseAttributes: { ...METHOD_1, ...method2('00') } }, 'exactly one member'],
    [
      'a response code of 1 byte',
      { AuthResponseAttributes: { ArpcMethod1: { AuthResponseCode: '30' } } },
      'AuthResponseCode',
    ],
  ])('VerifyAuthRequestCryptogram rejects %s', async (_, changes, complaint) => {
    const { KeyArn: KeyIdentifier } = await keyOf(CLEAR, E0);
    const body = {
      KeyIdentifier,
      TransactionData: DATA,
      AuthRequestCryptogram: '00'.repeat(8),
      MajorKeyDerivationMode: 'EMV_OPTION_A',
      SessionKeyDerivationAttributes: { UnionPay: MASTERCARD },
      ...changes,
    };
    await expectInvalid('cryptogram/verify', body, complaint);
  });
});
