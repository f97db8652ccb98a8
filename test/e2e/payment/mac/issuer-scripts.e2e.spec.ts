import { failed } from '../../../support/api.js';
import { altered } from '../../../support/altered.js';
import { E2, CLEAR, PANS, PAN, named, useCards, type Json } from '../../../support/cards.js';
import { vectors, hex } from '../../../support/vectors.js';
import * as oracle from '../../../support/card-oracle.js';

const { service, keyOf, expectOk, expectInvalid } = useCards();

describe('GenerateMac and VerifyMac for issuer scripts', () => {
  interface ScriptVector {
    imkSmi: string;
    majorKeyDerivation: string;
    pan: string;
    panSequenceNumber: string;
    sessionKeyDerivation: keyof typeof SCRIPT_SCHEMES;
    paddedMessage: string;
    atc?: string;
    applicationCryptogram?: string;
    expected: { mac: string };
  }
  const SCRIPT_SCHEMES = {
    EMV_COMMON_SM: ['EMV_COMMON_SESSION_KEY', 'MASTERCARD_SESSION_KEY'],
    VISA_SM: ['VISA'],
    AMEX_SM: ['AMEX'],
    EMV2000: ['EMV2000'],
  };
  const all = vectors<ScriptVector>('emv', 'Script MAC').flatMap((vector) =>
    SCRIPT_SCHEMES[vector.sessionKeyDerivation].map((scheme) => ({ ...vector, scheme })),
  );

  const attributes = (scheme: string, pan: string, value: Json, option = 'EMV_OPTION_A', psn = '00') => ({
    EmvMac: {
      MajorKeyDerivationMode: option,
      PrimaryAccountNumber: pan,
      PanSequenceNumber: psn,
      SessionKeyDerivationMode: scheme,
      SessionKeyDerivationValue: value,
    },
  });

  test.each(all)('match $id: $scheme, $source', async (vector) => {
    const key = await keyOf(vector.imkSmi, E2);
    const { scheme, atc, applicationCryptogram, majorKeyDerivation, pan, panSequenceNumber } = vector;
    const value = applicationCryptogram
      ? { ApplicationCryptogram: applicationCryptogram }
      : { ApplicationTransactionCounter: atc };
    const GenerationAttributes = attributes(scheme, pan, value, majorKeyDerivation, panSequenceNumber);
    const input = { KeyIdentifier: key.KeyArn, MessageData: vector.paddedMessage };
    const { mac } = vector.expected;
    const whole = await service.dataPlane.generateMac({ ...input, GenerationAttributes, MacLength: 8 }).promise();
    expect(whole).toEqual({ ...named(key), Mac: mac });
    expect((await service.dataPlane.generateMac({ ...input, GenerationAttributes }).promise()).Mac).toBe(
      mac.slice(0, 8),
    );

    const verify = (Mac: string) =>
      service.dataPlane.verifyMac({ ...input, Mac, VerificationAttributes: GenerationAttributes }).promise();
    expect(await verify(mac)).toEqual(named(key));
    expect(await verify(mac.slice(0, 8))).toEqual(named(key));
    await expect(verify(altered(mac))).rejects.toEqual(failed('Mac verification failed.'));
  });

  const inputOf = async (GenerationAttributes: Json, MessageData: string) => ({
    KeyIdentifier: (await keyOf(CLEAR, E2)).KeyArn,
    MessageData,
    GenerationAttributes,
    MacLength: 8,
  });
  const macOf = async (...input: Parameters<typeof inputOf>) =>
    (await expectOk('mac/generate', await inputOf(...input)))['Mac'];

  test.each(['84240002', '8424000208001C24CCF3DEE3158C70', 'AB'.repeat(4096)])(
    'pad UnionPay messages with zeros only: message %#',
    async (message) => {
      const sessionKey = oracle.unionPaySessionKey(oracle.cardKey(hex(CLEAR), 'A', PAN, '00'), hex('001C'));
      const counter = { ApplicationTransactionCounter: '001c' };
      expect(await macOf(attributes('UNION_PAY', PAN, counter), message)).toBe(
        oracle.retailMac(sessionKey, hex(message)).toString('hex').toUpperCase(),
      );
    },
  );

  const byOption = PANS.flatMap((pan) => (pan.length > 16 ? ['A', 'B'] : ['A']).map((option) => [pan, option]));
  test.each(byOption as [string, 'A' | 'B'][])('derive the card key of PAN %s by option %s', async (pan, option) => {
    const r = hex('24CCF3DEE3158C70');
    const sessionKey = oracle.commonSessionKey(oracle.cardKey(hex(CLEAR), option, pan, '07'), r);
    const value = { ApplicationCryptogram: '24CCF3DEE3158C70' };
    const given = attributes('EMV_COMMON_SESSION_KEY', pan, value, `EMV_OPTION_${option}`, '07');
    expect(await macOf(given, '8424000208001C80')).toBe(
      oracle.retailMac(sessionKey, hex('8424000208001C80')).toString('hex').toUpperCase(),
    );
  });

  const ATC = { ApplicationTransactionCounter: '001C' };
  const CRYPTOGRAM = { ApplicationCryptogram: '24CCF3DEE3158C70' };
  const BY_CRYPTOGRAM = ['EMV_COMMON_SESSION_KEY', 'MASTERCARD_SESSION_KEY'];
  const BY_COUNTER = ['EMV2000', 'AMEX', 'VISA', 'UNION_PAY'];
  test.each([
    ...BY_CRYPTOGRAM.map((mode) => [mode, ATC, 'must be ApplicationCryptogram for']),
    ...BY_COUNTER.map((mode) => [mode, CRYPTOGRAM, 'must be ApplicationTransactionCounter for']),
    ['VISA', {}, 'exactly one member'],
    ['VISA', { ...ATC, ...CRYPTOGRAM }, 'exactly one member'],
    ['VISA', { ApplicationTransactionCounter: '1C' }, 'at least 4'],
    ['DISCOVER', ATC, 'must be one of'],
  ] as [string, Json, string][])('reject %s with %j', async (mode, value, complaint) => {
    await expectInvalid('mac/generate', await inputOf(attributes(mode, PAN, value), '00'.repeat(8)), complaint);
  });

  test('reject option B for a PAN of 16 digits', async () => {
    const input = await inputOf(attributes('VISA', PAN, ATC, 'EMV_OPTION_B'), '00'.repeat(8));
    const awsMessage = /^PAN length is invalid for EMV major key derivation mode EMV_OPTION_B$/;
    await expectInvalid('mac/generate', input, awsMessage);
  });
});
