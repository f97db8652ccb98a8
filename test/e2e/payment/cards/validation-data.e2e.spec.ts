import type { KeyUsage } from '../../../../src/payment/keys/key-attributes.js';
import { invalid, failed } from '../../../support/api.js';
import { altered } from '../../../support/altered.js';
import { C0, E4, E6, CLEAR, PANS, PAN, named, useCards, type Json } from '../../../support/cards.js';
import { vectors, hex } from '../../../support/vectors.js';
import * as oracle from '../../../support/card-oracle.js';

const { service, keyOf, post, expectInvalid } = useCards();

describe('GenerateCardValidationData and VerifyCardValidationData', () => {
  const generate = (KeyIdentifier: string, PrimaryAccountNumber: string, attributes: Json, length?: number) =>
    service.dataPlane
      .generateCardValidationData({
        KeyIdentifier,
        PrimaryAccountNumber,
        GenerationAttributes: attributes,
        ValidationDataLength: length,
      })
      .promise();
  const verify = (KeyIdentifier: string, PrimaryAccountNumber: string, attributes: Json, ValidationData: string) =>
    service.dataPlane
      .verifyCardValidationData({
        KeyIdentifier,
        PrimaryAccountNumber,
        VerificationAttributes: attributes,
        ValidationData,
      })
      .promise();
  const FAILED = failed('Card validation data verification failed.');

  interface CardVector {
    cvk?: string;
    imk: string;
    pan: string;
    panSequenceNumber: string;
    majorKeyDerivation?: string;
    expiry: string;
    serviceCode: string;
    atc: string;
    un: string;
    trackData: string;
    expected: { value: string; digits5: string; cvc3?: string; csc3?: string; csc4: string; csc5: string };
  }
  const attributesOf: Record<string, (vector: CardVector) => Json> = {
    CVV: ({ expiry, serviceCode }) => ({
      CardVerificationValue1: { CardExpiryDate: expiry, ServiceCode: serviceCode },
    }),
    CVV2: ({ expiry }) => ({ CardVerificationValue2: { CardExpiryDate: expiry } }),
    'Amex CSC version 1': ({ expiry }) => ({ AmexCardSecurityCodeVersion1: { CardExpiryDate: expiry } }),
    'Visa dCVV': ({ expiry, serviceCode, panSequenceNumber, atc }) => ({
      DynamicCardVerificationValue: {
        PanSequenceNumber: panSequenceNumber,
        CardExpiryDate: expiry,
        ServiceCode: serviceCode,
        ApplicationTransactionCounter: atc,
      },
    }),
    'Mastercard CVC3 (dynamic CVC)': ({ un, panSequenceNumber, atc, trackData }) => ({
      DynamicCardVerificationCode: {
        UnpredictableNumber: un,
        PanSequenceNumber: panSequenceNumber,
        ApplicationTransactionCounter: atc,
        TrackData: trackData,
      },
    }),
  };
  const usageOf = (algorithm: string) =>
    algorithm === 'Visa dCVV' ? E6 : algorithm.startsWith('Mastercard') ? E4 : C0;
  /** Returns a value for each length: CVC3 truncates on the left, Amex computes each length anew, the others truncate on the right. */
  const expectedOf = ({ value, digits5, cvc3, csc3, csc4, csc5 }: CardVector['expected']) =>
    csc3 !== undefined
      ? { 3: csc3, 4: csc4, 5: csc5 }
      : cvc3 !== undefined
        ? { 3: value, 4: cvc3.slice(1), 5: cvc3 }
        : { 3: value, 4: digits5.slice(0, 4), 5: digits5 };

  // The operations derive the card key by option A only.
  const all = vectors<CardVector>('cardvalidation').filter(
    ({ majorKeyDerivation }) => majorKeyDerivation !== 'EMV_OPTION_B',
  );

  test.each(all)('match $id: $algorithm, $source', async (vector) => {
    const { algorithm, pan } = vector;
    const { KeyArn, KeyCheckValue } = await keyOf(vector.cvk ?? vector.imk, usageOf(algorithm));
    const attributes = (attributesOf[algorithm] ?? attributesOf['CVV']!)(vector);
    const values = expectedOf(vector.expected);
    expect(await generate(KeyArn, pan, attributes)).toEqual({ KeyArn, KeyCheckValue, ValidationData: values[3] });
    for (const [length, value] of Object.entries(values)) {
      expect((await generate(KeyArn, pan, attributes, Number(length))).ValidationData).toBe(value);
      expect(await verify(KeyArn, pan, attributes, value)).toEqual({ KeyArn, KeyCheckValue });
      await expect(verify(KeyArn, pan, attributes, altered(value))).rejects.toEqual(FAILED);
    }
  });

  const CARD = { CardExpiryDate: '2809', ServiceCode: '201' };
  const CHIP = { UnpredictableNumber: '9E3A01C7', PanSequenceNumber: '03', ApplicationTransactionCounter: '1A2F' };
  const DCVV = { ...CARD, PanSequenceNumber: '03', ApplicationTransactionCounter: '1A2F' };
  const TRACK = '5413339000001513D25126010001000000000F';

  describe.each(PANS)('compute values for the PAN %s', (pan) => {
    const icc = oracle.cardKey(hex(CLEAR), 'A', pan, '03');
    const cvc3 = oracle.cvc3(icc, hex(TRACK), hex('9E3A01C7'), hex('1A2F'));
    test.each([
      ['CardVerificationValue1', C0, CARD, oracle.verificationValue(hex(CLEAR), `${pan}2809201`)],
      ['CardVerificationValue2', C0, { CardExpiryDate: '2809' }, oracle.verificationValue(hex(CLEAR), `${pan}2809000`)],
      ['DynamicCardVerificationValue', E6, DCVV, oracle.verificationValue(icc, `1A2F${pan.slice(4)}2809201`)],
      ['CardHolderVerificationValue', E6, CHIP, oracle.verificationValue(icc, `${pan}1A2F9E3A01C7`)],
      ['DynamicCardVerificationCode', E4, { ...CHIP, TrackData: TRACK }, cvc3],
    ] as [string, KeyUsage, Json, string][])('with %s', async (member, usage, attributes, digits) => {
      const { KeyArn } = await keyOf(CLEAR, usage);
      const { ValidationData } = await generate(KeyArn, pan, { [member]: attributes }, 5);
      expect(ValidationData).toBe(digits);
      await verify(KeyArn, pan, { [member]: attributes }, digits);
    });

    test('with DiscoverDynamicCardVerificationCode', async () => {
      const { KeyArn } = await keyOf(CLEAR, E4);
      const value = oracle.verificationValue(
        oracle.cardKey(hex(CLEAR), 'A', pan, '00'),
        `1A2F${pan.slice(4)}28099E3A01C7`,
      );
      const { PanSequenceNumber: _, ...attributes } = { ...CHIP, CardExpiryDate: '2809' };
      const given = { DiscoverDynamicCardVerificationCode: attributes };
      expect(await verify(KeyArn, pan, given, value)).toEqual(named(await keyOf(CLEAR, E4)));
      await expect(verify(KeyArn, pan, given, altered(value))).rejects.toEqual(FAILED);
    });
  });

  test('compute AmexCardSecurityCodeVersion2 in each length, under a key of either length', async () => {
    for (const clear of [CLEAR, `${CLEAR}89ABCDEF01234567`]) {
      const { KeyArn } = await keyOf(clear, C0);
      const of = (ServiceCode: string) => ({
        AmexCardSecurityCodeVersion2: { CardExpiryDate: '2809', ServiceCode },
      });
      const codes = await Promise.all(
        [3, 4, 5].map(async (length) => (await generate(KeyArn, '371234567890123', of('702'), length)).ValidationData),
      );
      expect(codes.map((code) => code.length)).toEqual([3, 4, 5]);
      for (const code of codes) {
        await verify(KeyArn, '371234567890123', of('702'), code);
        await expect(verify(KeyArn, '371234567890123', of('999'), code)).rejects.toEqual(FAILED);
      }
    }
  });

  test('pad short and odd hexadecimal numbers with zeros on the left, in either case', async () => {
    const { KeyArn } = await keyOf(CLEAR, E4);
    const code = async (UnpredictableNumber: string, ApplicationTransactionCounter: string) => {
      const attributes = {
        UnpredictableNumber,
        ApplicationTransactionCounter,
        PanSequenceNumber: '00',
        TrackData: TRACK.toLowerCase(),
      };
      return (await generate(KeyArn, PAN, { DynamicCardVerificationCode: attributes }, 5)).ValidationData;
    };
    const icc = oracle.cardKey(hex(CLEAR), 'A', PAN, '00');
    const expected = oracle.cvc3(icc, hex(TRACK), hex('00000ABC'), hex('005E'));
    expect(await code('00000ABC', '005E')).toBe(expected);
    expect(await code('abc', '5e')).toBe(expected);
    expect(await code('0aBC', '05E')).toBe(expected);
  });

  test('accept track data of the maximum length', async () => {
    const { KeyArn } = await keyOf(CLEAR, E4);
    const icc = oracle.cardKey(hex(CLEAR), 'A', PAN, '03');
    const attributes = { ...CHIP, TrackData: 'B5'.repeat(80) };
    const { ValidationData } = await generate(KeyArn, PAN, { DynamicCardVerificationCode: attributes }, 5);
    expect(ValidationData).toBe(oracle.cvc3(icc, hex('B5'.repeat(80)), hex('9E3A01C7'), hex('1A2F')));
  });

  test('answer a failed verification with its reason only', async () => {
    const { KeyArn } = await keyOf(CLEAR, C0);
    const input = {
      KeyIdentifier: KeyArn,
      PrimaryAccountNumber: PAN,
      VerificationAttributes: { CardVerificationValue1: CARD },
    };
    const right = oracle.verificationValue(hex(CLEAR), `${PAN}2809201`).slice(0, 3);
    const answers = await Promise.all(
      ['000', '111', altered(right)].map((ValidationData) =>
        post('cardvalidationdata/verify', { ...input, ValidationData }),
      ),
    );
    for (const { status, json } of answers)
      expect({ status, json }).toEqual({
        status: 400,
        json: {
          __type: 'VerificationFailedException',
          message: 'Card validation data verification failed.',
          Message: 'Card validation data verification failed.',
          Reason: 'INVALID_VALIDATION_DATA',
        },
      });
  });

  test.each([
    ['a PAN of 11 digits', '1'.repeat(11), { CardVerificationValue1: CARD }, 'PrimaryAccountNumber'],
    ['a PAN of 20 digits', '1'.repeat(20), { CardVerificationValue1: CARD }, 'PrimaryAccountNumber'],
    ['a PAN with a letter', '411111111111111F', { CardVerificationValue1: CARD }, 'PrimaryAccountNumber'],
    ['a missing expiry date', PAN, { CardVerificationValue1: { ServiceCode: '201' } }, 'CardExpiryDate is required'],
    ['a service code of 2 digits', PAN, { CardVerificationValue1: { ...CARD, ServiceCode: '20' } }, 'ServiceCode'],
    ['a missing variant', PAN, {}, 'exactly one member'],
    ['two variants', PAN, { CardVerificationValue1: CARD, CardVerificationValue2: CARD }, 'exactly one member'],
    [
      'track data with half a byte',
      PAN,
      { DynamicCardVerificationCode: { ...CHIP, TrackData: '541' } },
      'TrackData must be an even number of hexadecimal digits',
    ],
    [
      'track data over 80 bytes',
      PAN,
      { DynamicCardVerificationCode: { ...CHIP, TrackData: '00'.repeat(81) } },
      'TrackData',
    ],
    [
      'a counter of one digit',
      PAN,
      { CardHolderVerificationValue: { ...CHIP, ApplicationTransactionCounter: '1' } },
      'ApplicationTransactionCounter',
    ],
  ])('reject %s', async (_, PrimaryAccountNumber, attributes, complaint) => {
    const { KeyArn: KeyIdentifier } = await keyOf(CLEAR, C0);
    const input = { KeyIdentifier, PrimaryAccountNumber };
    const verification = { ...input, VerificationAttributes: attributes, ValidationData: '000' };
    await expectInvalid('cardvalidationdata/generate', { ...input, GenerationAttributes: attributes }, complaint);
    await expectInvalid('cardvalidationdata/verify', verification, complaint);
  });

  test.each([2, 6])('reject validation data of %i digits', async (length) => {
    const { KeyArn } = await keyOf(CLEAR, C0);
    const attributes = { CardVerificationValue1: CARD };
    await expect(generate(KeyArn, PAN, attributes, length)).rejects.toEqual(invalid('ValidationDataLength'));
    await expect(verify(KeyArn, PAN, attributes, '0'.repeat(length))).rejects.toEqual(invalid('ValidationData'));
  });

  test('do not generate Discover codes', async () => {
    const { KeyArn } = await keyOf(CLEAR, E4);
    const GenerationAttributes = { DiscoverDynamicCardVerificationCode: { ...CHIP, CardExpiryDate: '2809' } };
    const body = { KeyIdentifier: KeyArn, PrimaryAccountNumber: PAN, GenerationAttributes };
    await expectInvalid('cardvalidationdata/generate', body, 'exactly one member');
  });
});
