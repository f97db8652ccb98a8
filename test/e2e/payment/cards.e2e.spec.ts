import { CreateKeyCommand, type KeyUsage, StopKeyUsageCommand } from '@aws-sdk/client-payment-cryptography';
import { tdes } from '../../../src/crypto/des.js';
import { encryptPinBlock } from '../../../src/crypto/pin-block.js';
import type { SymmetricKeyAlgorithm } from '../../../src/payment/keys/key-attributes.js';
import * as oracle from '../../support/card-oracle.js';
import { importKeys } from '../../support/import.js';
import { MISSING_KEY } from '../../support/keys.js';
import { startTestService, type TestService } from '../../support/service.js';
import { hex, vectors } from '../../support/vectors.js';

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
  const { importKey } = await importKeys(service);
  imports = (clear, usage, modes) => importKey({ clear, usage, algorithm: algorithmOf(clear, usage), modes });
}, 60_000);
afterAll(() => service.stop());

const B0 = 'TR31_B0_BASE_DERIVATION_KEY';
const C0 = 'TR31_C0_CARD_VERIFICATION_KEY';
const E0 = 'TR31_E0_EMV_MKEY_APP_CRYPTOGRAMS';
const E1 = 'TR31_E1_EMV_MKEY_CONFIDENTIALITY';
const E2 = 'TR31_E2_EMV_MKEY_INTEGRITY';
const E4 = 'TR31_E4_EMV_MKEY_DYNAMIC_NUMBERS';
const E6 = 'TR31_E6_EMV_MKEY_OTHER';
const P0 = 'TR31_P0_PIN_ENCRYPTION_KEY';
const M3 = 'TR31_M3_ISO_9797_3_MAC_KEY';

const MODES = {
  [B0]: ['DeriveKey'],
  [C0]: ['Generate', 'Verify'],
  [P0]: ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap'],
} as const;

interface KnownKey {
  KeyArn: string;
  KeyCheckValue: string;
}
let imports: (clear: string, usage: KeyUsage, modes: readonly 'DeriveKey'[]) => Promise<KnownKey>;

/** BDKs of the vectors whose mode is AES are AES keys; every other key is TDES. */
const aesBdks = new Set<string>();
function algorithmOf(clear: string, usage: KeyUsage): SymmetricKeyAlgorithm {
  if (usage === B0 && aesBdks.has(clear)) return clear.length === 32 ? 'AES_128' : 'AES_256';
  return clear.length === 32 ? 'TDES_2KEY' : 'TDES_3KEY';
}

/** Each known key is imported once. */
const known = new Map<string, Promise<KnownKey>>();
function keyOf(clear: string, usage: KeyUsage): Promise<KnownKey> {
  const name = `${usage} ${clear}`;
  const found = known.get(name);
  if (found) return found;
  const modes = (MODES as Record<string, readonly string[]>)[usage] ?? ['DeriveKey'];
  const imported = imports(clear, usage, modes as ['DeriveKey']);
  known.set(name, imported);
  return imported;
}

type Body = Record<string, unknown>;

/** A signed call, for the operations and members that the SDK doesn't know; fails as the SDK does. */
async function call(path: string, body: Body): Promise<Body> {
  const { status, json } = await service.send({ path, body: JSON.stringify(body) });
  if (status === 200) return json;
  throw Object.assign(new Error(json['message'] as string), { code: json['__type'], statusCode: status, json });
}

const invalid = (message: RegExp | string): unknown =>
  expect.objectContaining({ code: 'ValidationException', statusCode: 400, message: expect.stringMatching(message) });
const failed = (message: string): unknown =>
  expect.objectContaining({ code: 'VerificationFailedException', statusCode: 400, message });
const echo = ({ KeyArn, KeyCheckValue }: KnownKey) => ({ KeyArn, KeyCheckValue });

const anotherDigit = (text: string) => text.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'));

const K1 = '0123456789ABCDEFFEDCBA9876543210';
const PANS = Array.from({ length: 8 }, (_, i) => '4916271834950283647'.slice(0, 12 + i));

describe('GenerateMac and VerifyMac under DUKPT', () => {
  interface DukptVector {
    mode: 'TDES' | 'AES';
    bdk: string;
    ksn: string;
    variant: string;
    derivationType?: string;
    message: string;
    expected: { mac: string };
  }
  /** TDES DUKPT has no key of both directions: test/e2e/payment/mac/dukpt-direction.e2e.spec.ts. */
  const all = vectors<DukptVector>('mac').filter(
    ({ algorithm, mode, variant }) =>
      algorithm.startsWith('DUKPT') && !(mode === 'TDES' && variant === 'BIDIRECTIONAL'),
  );
  for (const { mode, bdk } of all) if (mode === 'AES') aesBdks.add(bdk);
  const X9_24_3_BDK = 'FEDCBA9876543210F1F1F1F1F1F1F1F1';
  aesBdks.add(X9_24_3_BDK);

  const attributesOf = ({ algorithm, ksn, variant, derivationType }: DukptVector & { algorithm: string }) => {
    const member = algorithm.includes('CMAC') ? 'DukptCmac' : `DukptIso9797Algorithm${algorithm.slice(-1)}`;
    return {
      [member]: { KeySerialNumber: ksn, DukptKeyVariant: variant, DukptDerivationType: derivationType },
    };
  };

  test('has vectors for every variant', () => {
    expect(all).toHaveLength(15);
  });

  test.each(all)('$id: $algorithm, $variant, $source', async (vector) => {
    const key = await keyOf(vector.bdk, B0);
    const input = { KeyIdentifier: key.KeyArn, MessageData: vector.message };
    const GenerationAttributes = attributesOf(vector);
    const { mac } = vector.expected;
    const whole = await service.dataPlane.generateMac({ ...input, GenerationAttributes, MacLength: 32 }).promise();
    expect(whole).toEqual({ ...echo(key), Mac: mac });
    const usual = await service.dataPlane.generateMac({ ...input, GenerationAttributes }).promise();
    expect(usual.Mac).toBe(vector.algorithm.includes('CMAC') ? mac : mac.slice(0, 8));

    const verify = (Mac: string, MessageData = vector.message) =>
      service.dataPlane
        .verifyMac({ ...input, MessageData, Mac, VerificationAttributes: GenerationAttributes })
        .promise();
    expect(await verify(mac.toLowerCase())).toEqual(echo(key));
    expect(await verify(mac.slice(0, 8))).toEqual(echo(key));
    await expect(verify(anotherDigit(mac))).rejects.toEqual(failed('Mac verification failed.'));
    await expect(verify(mac, anotherDigit(vector.message))).rejects.toEqual(failed('Mac verification failed.'));
  });

  const macOf = async (bdk: string, attributes: Body, MessageData: string, MacLength = 8) => {
    const { KeyArn: KeyIdentifier } = await keyOf(bdk, B0);
    return call('/mac/generate', { KeyIdentifier, MessageData, GenerationAttributes: attributes, MacLength });
  };
  const KSN = 'FFFF9876543210E00001';
  const MESSAGE = '0102030405060708090A0B0C0D0E0F10';
  const request = { KeySerialNumber: KSN, DukptKeyVariant: 'REQUEST' };

  test('answers as AWS did for a published key', async () => {
    expect((await macOf(K1, { DukptIso9797Algorithm3: request }, MESSAGE))['Mac']).toBe('AF59E7E8A06F01B2');
  });

  test('takes a KSN of 16 digits for one with FFFF before it, and either case', async () => {
    const { Mac } = await macOf(K1, { DukptIso9797Algorithm3: { ...request, KeySerialNumber: KSN.slice(4).toLowerCase() } }, MESSAGE); // prettier-ignore
    expect(Mac).toBe('AF59E7E8A06F01B2');
  });

  const AES_KSN = '123456789012345600000001';
  test.each([
    ['a message under 8 bytes', K1, { DukptCmac: request }, '01020304050607', 'MessageData must be at least 8 bytes'],
    ['part of a block, algorithm 1', K1, { DukptIso9797Algorithm1: request }, '01'.repeat(9), 'MessageData must be a multiple of 8 bytes'],
    ['part of a block, algorithm 3', K1, { DukptIso9797Algorithm3: request }, '01'.repeat(15), 'MessageData must be a multiple of 8 bytes'],
    ['an AES key for ISO 9797-1', X9_24_3_BDK, { DukptIso9797Algorithm3: { ...request, KeySerialNumber: AES_KSN } }, MESSAGE, 'needs a TDES key, not AES_128: DukptDerivationType must be TDES_2KEY'],
    ['a key stronger than its BDK', X9_24_3_BDK, { DukptCmac: { ...request, KeySerialNumber: AES_KSN, DukptDerivationType: 'AES_256' } }, MESSAGE, 'stronger'],
    ['an AES key of a TDES BDK', K1, { DukptCmac: { ...request, DukptDerivationType: 'AES_128' } }, MESSAGE, 'AES_128 is invalid for a base derivation key of TDES_2KEY'],
    ['a KSN of AES for a TDES BDK', K1, { DukptCmac: { ...request, KeySerialNumber: AES_KSN } }, MESSAGE, 'key serial number of a TDES'],
    ['a KSN of TDES for an AES BDK', X9_24_3_BDK, { DukptCmac: request }, MESSAGE, 'key serial number of an AES'],
    ['a KSN of 18 digits', K1, { DukptCmac: { ...request, KeySerialNumber: KSN.slice(2) } }, MESSAGE, 'KeySerialNumber must be 16, 20 or 24'],
    ['no variant of the key', K1, { DukptCmac: { KeySerialNumber: KSN } }, MESSAGE, 'DukptKeyVariant is required'],
    ['two members', K1, { DukptCmac: request, Algorithm: 'CMAC' }, MESSAGE, 'exactly one member'],
  ])('refuses %s', async (_, bdk, attributes, message, complaint) => {
    await expect(macOf(bdk, attributes, message)).rejects.toEqual(invalid(complaint));
  }); // prettier-ignore
});

describe('GenerateMac and VerifyMac of issuer scripts', () => {
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

  const attributes = (scheme: string, pan: string, value: Body, option = 'EMV_OPTION_A', psn = '00') => ({
    EmvMac: {
      MajorKeyDerivationMode: option,
      PrimaryAccountNumber: pan,
      PanSequenceNumber: psn,
      SessionKeyDerivationMode: scheme,
      SessionKeyDerivationValue: value,
    },
  });

  test.each(all)('$id: $scheme, $source', async (vector) => {
    const key = await keyOf(vector.imkSmi, E2);
    const { scheme, atc, applicationCryptogram, majorKeyDerivation, pan, panSequenceNumber } = vector;
    const value = applicationCryptogram
      ? { ApplicationCryptogram: applicationCryptogram }
      : { ApplicationTransactionCounter: atc };
    const GenerationAttributes = attributes(scheme, pan, value, majorKeyDerivation, panSequenceNumber);
    const input = { KeyIdentifier: key.KeyArn, MessageData: vector.paddedMessage };
    const { mac } = vector.expected;
    const whole = await service.dataPlane.generateMac({ ...input, GenerationAttributes, MacLength: 8 }).promise();
    expect(whole).toEqual({ ...echo(key), Mac: mac });
    expect((await service.dataPlane.generateMac({ ...input, GenerationAttributes }).promise()).Mac).toBe(
      mac.slice(0, 8),
    );

    const verify = (Mac: string) =>
      service.dataPlane.verifyMac({ ...input, Mac, VerificationAttributes: GenerationAttributes }).promise();
    expect(await verify(mac)).toEqual(echo(key));
    expect(await verify(mac.slice(0, 8))).toEqual(echo(key));
    await expect(verify(anotherDigit(mac))).rejects.toEqual(failed('Mac verification failed.'));
  });

  const macOf = async (attributes: Body, MessageData: string) => {
    const { KeyArn: KeyIdentifier } = await keyOf(K1, E2);
    return call('/mac/generate', { KeyIdentifier, MessageData, GenerationAttributes: attributes, MacLength: 8 });
  };

  test.each(['84240002', '8424000208001C24CCF3DEE3158C70', 'AB'.repeat(4096)])(
    'adds only zeros, with UnionPay: message %#',
    async (message) => {
      const sessionKey = oracle.unionPaySessionKey(oracle.cardKey(hex(K1), 'A', PANS[4]!, '00'), hex('001C'));
      const { Mac } = await macOf(
        attributes('UNION_PAY', PANS[4]!, { ApplicationTransactionCounter: '001c' }),
        message,
      );
      expect(Mac).toBe(oracle.retailMac(sessionKey, hex(message)).toString('hex').toUpperCase());
    },
  );

  test.each(PANS.flatMap((pan) => (pan.length > 16 ? [[pan, 'A'], [pan, 'B']] : [[pan, 'A']]) as [string, 'A' | 'B'][]))(
    'derives the key of PAN %s by option %s',
    async (pan, option) => {
      const r = hex('24CCF3DEE3158C70');
      const sessionKey = oracle.commonSessionKey(oracle.cardKey(hex(K1), option, pan, '07'), r);
      const value = { ApplicationCryptogram: '24CCF3DEE3158C70' };
      const given = attributes('EMV_COMMON_SESSION_KEY', pan, value, `EMV_OPTION_${option}`, '07');
      expect((await macOf(given, '8424000208001C80'))['Mac']).toBe(
        oracle.retailMac(sessionKey, hex('8424000208001C80')).toString('hex').toUpperCase(),
      );
    },
  ); // prettier-ignore

  const ATC = { ApplicationTransactionCounter: '001C' };
  const CRYPTOGRAM = { ApplicationCryptogram: '24CCF3DEE3158C70' };
  test.each([
    ...['EMV_COMMON_SESSION_KEY', 'MASTERCARD_SESSION_KEY'].map((mode) => [mode, ATC, 'must be ApplicationCryptogram for']),
    ...['EMV2000', 'AMEX', 'VISA', 'UNION_PAY'].map((mode) => [mode, CRYPTOGRAM, 'must be ApplicationTransactionCounter for']),
    ['VISA', {}, 'exactly one member'],
    ['VISA', { ...ATC, ...CRYPTOGRAM }, 'exactly one member'],
    ['VISA', { ApplicationTransactionCounter: '1C' }, 'at least 4'],
    ['DISCOVER', ATC, 'must be one of'],
  ] as [string, Body, string][])('refuses %s with %j', async (mode, value, complaint) => {
    await expect(macOf(attributes(mode, PANS[4]!, value), '00'.repeat(8))).rejects.toEqual(invalid(complaint));
  }); // prettier-ignore

  test('refuses option B for a PAN of 16 digits', async () => {
    await expect(macOf(attributes('VISA', PANS[4]!, ATC, 'EMV_OPTION_B'), '00'.repeat(8))).rejects.toEqual(
      invalid('PAN length is invalid for EMV major key derivation mode EMV_OPTION_B'),
    );
  });
});

describe('GenerateCardValidationData and VerifyCardValidationData', () => {
  const generate = (KeyIdentifier: string, PrimaryAccountNumber: string, attributes: Body, length?: number) =>
    service.dataPlane
      .generateCardValidationData({
        KeyIdentifier,
        PrimaryAccountNumber,
        GenerationAttributes: attributes,
        ValidationDataLength: length,
      })
      .promise();
  const verify = (KeyIdentifier: string, PrimaryAccountNumber: string, attributes: Body, ValidationData: string) =>
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
  const attributesOf: Record<string, (vector: CardVector) => Body> = {
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
  /** By length: CVC3 are the rightmost digits, the codes of Amex have none in common, the others begin alike. */
  const expectedOf = ({ value, digits5, cvc3, csc3, csc4, csc5 }: CardVector['expected']) =>
    csc3 !== undefined
      ? { 3: csc3, 4: csc4, 5: csc5 }
      : cvc3 !== undefined
        ? { 3: value, 4: cvc3.slice(1), 5: cvc3 }
        : { 3: value, 4: digits5.slice(0, 4), 5: digits5 };

  // The key of the card comes by option A; one vector has another.
  const all = vectors<CardVector>('cardvalidation').filter(
    ({ majorKeyDerivation }) => majorKeyDerivation !== 'EMV_OPTION_B',
  );

  test.each(all)('$id: $algorithm, $source', async (vector) => {
    const { algorithm, pan } = vector;
    const { KeyArn, KeyCheckValue } = await keyOf(vector.cvk ?? vector.imk, usageOf(algorithm));
    const attributes = (attributesOf[algorithm] ?? attributesOf['CVV']!)(vector);
    const values = expectedOf(vector.expected);
    expect(await generate(KeyArn, pan, attributes)).toEqual({ KeyArn, KeyCheckValue, ValidationData: values[3] });
    for (const [length, value] of Object.entries(values)) {
      expect((await generate(KeyArn, pan, attributes, Number(length))).ValidationData).toBe(value);
      expect(await verify(KeyArn, pan, attributes, value)).toEqual({ KeyArn, KeyCheckValue });
      await expect(verify(KeyArn, pan, attributes, anotherDigit(value))).rejects.toEqual(FAILED);
    }
  });

  const CARD = { CardExpiryDate: '2809', ServiceCode: '201' };
  const CHIP = { UnpredictableNumber: '9E3A01C7', PanSequenceNumber: '03', ApplicationTransactionCounter: '1A2F' };
  const TRACK = '5413339000001513D25126010001000000000F';

  describe.each(PANS)('PAN %s', (pan) => {
    const icc = oracle.cardKey(hex(K1), 'A', pan, '03');
    test.each([
      ['CardVerificationValue1', C0, CARD, oracle.verificationValue(hex(K1), `${pan}2809201`)],
      ['CardVerificationValue2', C0, { CardExpiryDate: '2809' }, oracle.verificationValue(hex(K1), `${pan}2809000`)],
      ['DynamicCardVerificationValue', E6, { ...CARD, PanSequenceNumber: '03', ApplicationTransactionCounter: '1A2F' }, oracle.verificationValue(icc, `1A2F${pan.slice(4)}2809201`)],
      ['CardHolderVerificationValue', E6, CHIP, oracle.verificationValue(icc, `${pan}1A2F9E3A01C7`)],
      ['DynamicCardVerificationCode', E4, { ...CHIP, TrackData: TRACK }, oracle.cvc3(icc, hex(TRACK), hex('9E3A01C7'), hex('1A2F'))],
    ] as [string, KeyUsage, Body, string][])('%s', async (member, usage, attributes, digits) => {
      const { KeyArn } = await keyOf(K1, usage);
      const { ValidationData } = await generate(KeyArn, pan, { [member]: attributes }, 5);
      expect(ValidationData).toBe(digits);
      await verify(KeyArn, pan, { [member]: attributes }, digits);
    }); // prettier-ignore

    test('DiscoverDynamicCardVerificationCode', async () => {
      const { KeyArn } = await keyOf(K1, E4);
      const value = oracle.verificationValue(
        oracle.cardKey(hex(K1), 'A', pan, '00'),
        `1A2F${pan.slice(4)}28099E3A01C7`,
      );
      const { PanSequenceNumber: _, ...attributes } = { ...CHIP, CardExpiryDate: '2809' };
      const given = { DiscoverDynamicCardVerificationCode: attributes };
      expect(await verify(KeyArn, pan, given, value)).toEqual(echo(await keyOf(K1, E4)));
      await expect(verify(KeyArn, pan, given, anotherDigit(value))).rejects.toEqual(FAILED);
    });
  });

  test('AmexCardSecurityCodeVersion2 has three codes by length, and takes a key of either length', async () => {
    for (const clear of [K1, `${K1}89ABCDEF01234567`]) {
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

  test('short and odd numbers have zeros before them, in either case', async () => {
    const { KeyArn } = await keyOf(K1, E4);
    const code = async (UnpredictableNumber: string, ApplicationTransactionCounter: string) => {
      const attributes = { UnpredictableNumber, ApplicationTransactionCounter, PanSequenceNumber: '00', TrackData: TRACK.toLowerCase() }; // prettier-ignore
      return (await generate(KeyArn, PANS[4]!, { DynamicCardVerificationCode: attributes }, 5)).ValidationData;
    };
    const icc = oracle.cardKey(hex(K1), 'A', PANS[4]!, '00');
    const expected = oracle.cvc3(icc, hex(TRACK), hex('00000ABC'), hex('005E'));
    expect(await code('00000ABC', '005E')).toBe(expected);
    expect(await code('abc', '5e')).toBe(expected);
    expect(await code('0aBC', '05E')).toBe(expected);
  });

  test('takes the longest track data there may be', async () => {
    const { KeyArn } = await keyOf(K1, E4);
    const icc = oracle.cardKey(hex(K1), 'A', PANS[4]!, '03');
    const attributes = { ...CHIP, TrackData: 'B5'.repeat(80) };
    const { ValidationData } = await generate(KeyArn, PANS[4]!, { DynamicCardVerificationCode: attributes }, 5);
    expect(ValidationData).toBe(oracle.cvc3(icc, hex('B5'.repeat(80)), hex('9E3A01C7'), hex('1A2F')));
  });

  test('a failure tells its reason and nothing else', async () => {
    const { KeyArn } = await keyOf(K1, C0);
    const input = {
      KeyIdentifier: KeyArn,
      PrimaryAccountNumber: PANS[4],
      VerificationAttributes: { CardVerificationValue1: CARD },
    };
    const right = oracle.verificationValue(hex(K1), `${PANS[4]}2809201`).slice(0, 3);
    const answers = await Promise.all(
      ['000', '111', anotherDigit(right)].map((ValidationData) =>
        service.send({ path: '/cardvalidationdata/verify', body: JSON.stringify({ ...input, ValidationData }) }),
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
    ['no expiry date', PANS[4]!, { CardVerificationValue1: { ServiceCode: '201' } }, 'CardExpiryDate is required'],
    ['a service code of 2 digits', PANS[4]!, { CardVerificationValue1: { ...CARD, ServiceCode: '20' } }, 'ServiceCode'],
    ['no variant', PANS[4]!, {}, 'exactly one member'],
    ['two variants', PANS[4]!, { CardVerificationValue1: CARD, CardVerificationValue2: CARD }, 'exactly one member'],
    ['track data of half a byte', PANS[4]!, { DynamicCardVerificationCode: { ...CHIP, TrackData: '541' } }, 'TrackData must be hexadecimal digits of whole bytes'],
    ['track data over 80 bytes', PANS[4]!, { DynamicCardVerificationCode: { ...CHIP, TrackData: '00'.repeat(81) } }, 'TrackData'],
    ['a counter of one digit', PANS[4]!, { CardHolderVerificationValue: { ...CHIP, ApplicationTransactionCounter: '1' } }, 'ApplicationTransactionCounter'],
  ])('refuses %s', async (_, PrimaryAccountNumber, attributes, complaint) => {
    const { KeyArn: KeyIdentifier } = await keyOf(K1, C0);
    const input = { KeyIdentifier, PrimaryAccountNumber };
    await expect(
      call('/cardvalidationdata/generate', { ...input, GenerationAttributes: attributes }),
    ).rejects.toEqual(invalid(complaint));
    await expect(
      call('/cardvalidationdata/verify', { ...input, VerificationAttributes: attributes, ValidationData: '000' }),
    ).rejects.toEqual(invalid(complaint));
  }); // prettier-ignore

  test.each([2, 6])('refuses %i digits', async (length) => {
    const { KeyArn } = await keyOf(K1, C0);
    const attributes = { CardVerificationValue1: CARD };
    await expect(generate(KeyArn, PANS[4]!, attributes, length)).rejects.toEqual(invalid('ValidationDataLength'));
    await expect(verify(KeyArn, PANS[4]!, attributes, '0'.repeat(length))).rejects.toEqual(invalid('ValidationData'));
  });

  test("doesn't make a code of Discover", async () => {
    const { KeyArn } = await keyOf(K1, E4);
    const GenerationAttributes = { DiscoverDynamicCardVerificationCode: { ...CHIP, CardExpiryDate: '2809' } };
    const body = { KeyIdentifier: KeyArn, PrimaryAccountNumber: PANS[4], GenerationAttributes };
    await expect(call('/cardvalidationdata/generate', body)).rejects.toEqual(invalid('exactly one member'));
  });
});

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
  // Those with a diversification value of their own can't be asked for.
  const all = vectors<CryptogramVector>('emv', 'ARQC', 'ARQC and ARPC').filter(
    ({ sessionKeyDerivation }) => sessionKeyDerivation in SCHEMES,
  );
  const FAILED = failed('Authorization request cryptogram verification failed.');

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

  test('has vectors for every session key and both methods', () => {
    expect(new Set(all.map(({ sessionKeyDerivation }) => sessionKeyDerivation))).toEqual(new Set(Object.keys(SCHEMES)));
    expect(all).toHaveLength(20);
  });

  test.each(all)('$id: $sessionKeyDerivation, method $arpcMethod, $source', async (vector) => {
    const key = await keyOf(vector.imk, E0);
    const input = {
      KeyIdentifier: key.KeyArn,
      TransactionData: vector.paddedTransactionData,
      MajorKeyDerivationMode: vector.majorKeyDerivation,
      SessionKeyDerivationAttributes: derivation(vector),
    };
    const { arqc, arpc } = vector.expected;
    expect(await call('/cryptogram/generate', input)).toEqual({ ...echo(key), AuthRequestCryptogram: arqc });

    const verify = (AuthRequestCryptogram: string, AuthResponseAttributes?: Body, data = input.TransactionData) =>
      call('/cryptogram/verify', { ...input, TransactionData: data, AuthRequestCryptogram, AuthResponseAttributes });
    expect(await verify(arqc.toLowerCase())).toEqual(echo(key));
    await expect(verify(anotherDigit(arqc), responseOf(vector))).rejects.toEqual(FAILED);
    await expect(verify(arqc, responseOf(vector), anotherDigit(input.TransactionData))).rejects.toEqual(FAILED);

    // One vector has the session key where M/Chip has the key of the card.
    const response = await verify(arqc, responseOf(vector));
    const otherKey = vector.sessionKeyDerivation === 'MASTERCARD' && vector.arpcKey === 'SESSION';
    if (otherKey) expect(response['AuthResponseValue']).not.toBe(arpc);
    else expect(response).toEqual({ ...echo(key), ...(arpc && { AuthResponseValue: arpc }) });
  });

  test('through the SDK', async () => {
    const { KeyArn } = await keyOf(K1, E0);
    const answer = await service.dataPlane
      .verifyAuthRequestCryptogram({
        KeyIdentifier: KeyArn,
        TransactionData: '00000000170000000000000008400080008000084016051700000000093800000B03011203000000',
        AuthRequestCryptogram: 'D791093C8A921769',
        MajorKeyDerivationMode: 'EMV_OPTION_A',
        SessionKeyDerivationAttributes: { Visa: { PrimaryAccountNumber: '9137631040001422', PanSequenceNumber: '01' } },
        AuthResponseAttributes: { ArpcMethod1: { AuthResponseCode: '3030' } },
      })
      .promise();
    const icc = oracle.cardKey(hex(K1), 'A', '9137631040001422', '01');
    const arpc = oracle.tdesEcb(icc, hex('D791093C8A921769').map((byte, i) => (i < 2 ? byte ^ 0x30 : byte)) as Buffer);
    expect(answer).toMatchObject({ KeyArn, AuthResponseValue: arpc.toString('hex').toUpperCase() });
  });

  const DATA = '00000000170000000000000008400080';
  const ask = async (changes: Body, common: Body = {}) => {
    const { KeyArn: KeyIdentifier } = await keyOf(K1, E0);
    return call('/cryptogram/generate', {
      KeyIdentifier,
      TransactionData: DATA,
      MajorKeyDerivationMode: 'EMV_OPTION_A',
      SessionKeyDerivationAttributes: {
        EmvCommon: {
          PrimaryAccountNumber: PANS[4],
          PanSequenceNumber: '01',
          ApplicationTransactionCounter: '000B',
          ...common,
        },
      },
      ...changes,
    });
  };
  const arqcOf = (option: 'A' | 'B', pan: string, data: string) => {
    const sessionKey = oracle.commonSessionKey(oracle.cardKey(hex(K1), option, pan, '01'), hex('000B000000000000'));
    return oracle.retailMac(sessionKey, hex(data)).toString('hex').toUpperCase();
  };

  test.each(PANS)('PAN %s', async (pan) => {
    const options = pan.length > 16 ? (['A', 'B'] as const) : (['A'] as const);
    for (const option of options) {
      const answer = await ask({ MajorKeyDerivationMode: `EMV_OPTION_${option}` }, { PrimaryAccountNumber: pan });
      expect(answer['AuthRequestCryptogram']).toBe(arqcOf(option, pan, DATA));
    }
  });

  test.each([
    ['one byte', '8F'],
    ['part of a block', `${DATA}800000`],
    ['the longest', 'C3'.repeat(512)],
  ])('data of %s have only zeros added', async (_, data) => {
    const { AuthRequestCryptogram } = await ask({ TransactionData: data.toLowerCase() });
    expect(AuthRequestCryptogram).toBe(arqcOf('A', PANS[4]!, data));
  });

  test('a failure tells its reason and nothing else', async () => {
    const { KeyArn: KeyIdentifier } = await keyOf(K1, E0);
    const body = {
      KeyIdentifier,
      TransactionData: DATA,
      AuthRequestCryptogram: '0000000000000000',
      MajorKeyDerivationMode: 'EMV_OPTION_A',
      SessionKeyDerivationAttributes: { Visa: { PrimaryAccountNumber: PANS[4], PanSequenceNumber: '01' } },
      AuthResponseAttributes: { ArpcMethod1: { AuthResponseCode: '3030' } },
    };
    const { json } = await service.send({ path: '/cryptogram/verify', body: JSON.stringify(body) });
    expect(json).toEqual({
      __type: 'VerificationFailedException',
      message: 'Authorization request cryptogram verification failed.',
      Message: 'Authorization request cryptogram verification failed.',
      Reason: 'INVALID_AUTH_REQUEST_CRYPTOGRAM',
    });
  });

  const MASTERCARD = { PrimaryAccountNumber: PANS[4], PanSequenceNumber: '01', ApplicationTransactionCounter: '000B' };
  test.each([
    ['data of half a byte', { TransactionData: '123' }, 'TransactionData must be hexadecimal digits of whole bytes'],
    ['no data', { TransactionData: '' }, 'TransactionData'],
    ['data over 512 bytes', { TransactionData: '00'.repeat(513) }, 'TransactionData'],
    ['option B for 16 digits', { MajorKeyDerivationMode: 'EMV_OPTION_B' }, 'PAN length is invalid for EMV major key derivation mode EMV_OPTION_B'],
    ['another option', { MajorKeyDerivationMode: 'EMV_OPTION_C' }, 'MajorKeyDerivationMode must be one of'],
    ['Mastercard without unpredictable number', { SessionKeyDerivationAttributes: { Mastercard: MASTERCARD } }, 'UnpredictableNumber is required'],
    ['a session key of no scheme', { SessionKeyDerivationAttributes: { MastercardSessionKey: MASTERCARD } }, 'exactly one member'],
    ['a counter of 2 digits', { SessionKeyDerivationAttributes: { UnionPay: { ...MASTERCARD, ApplicationTransactionCounter: '0B' } } }, 'ApplicationTransactionCounter'],
  ])('refuses %s', async (_, changes, complaint) => {
    await expect(ask(changes)).rejects.toEqual(invalid(complaint));
  }); // prettier-ignore

  test.each([
    ['a cryptogram of 7 bytes', { AuthRequestCryptogram: '00'.repeat(7) }, 'AuthRequestCryptogram'],
    ['proprietary data of half a byte', { AuthResponseAttributes: { ArpcMethod2: { CardStatusUpdate: '00000000', ProprietaryAuthenticationData: '123' } } }, 'ProprietaryAuthenticationData must be hexadecimal digits of whole bytes'],
    ['proprietary data over 8 bytes', { AuthResponseAttributes: { ArpcMethod2: { CardStatusUpdate: '00000000', ProprietaryAuthenticationData: '00'.repeat(9) } } }, 'ProprietaryAuthenticationData'],
    ['both methods', { AuthResponseAttributes: { ArpcMethod1: { AuthResponseCode: '3030' }, ArpcMethod2: { CardStatusUpdate: '00000000' } } }, 'exactly one member'],
    ['a response code of 1 byte', { AuthResponseAttributes: { ArpcMethod1: { AuthResponseCode: '30' } } }, 'AuthResponseCode'],
  ])('does not verify %s', async (_, changes, complaint) => {
    const { KeyArn: KeyIdentifier } = await keyOf(K1, E0);
    const body = {
      KeyIdentifier,
      TransactionData: DATA,
      AuthRequestCryptogram: '00'.repeat(8),
      MajorKeyDerivationMode: 'EMV_OPTION_A',
      SessionKeyDerivationAttributes: { UnionPay: MASTERCARD },
      ...changes,
    };
    await expect(call('/cryptogram/verify', body)).rejects.toEqual(invalid(complaint));
  }); // prettier-ignore
});

describe('GenerateMacEmvPinChange', () => {
  interface PinChangeVector {
    imkSmi: string;
    imkSmc: string;
    imkAc?: string;
    majorKeyDerivation: string;
    pan: string;
    panSequenceNumber: string;
    sessionKeyDerivation: string;
    encryptionScheme: string;
    atc?: string;
    applicationCryptogram?: string;
    newPin: string;
    currentPin?: string;
    apduHeader: string;
    messageBetweenHeaderAndPin: string;
    expected: { encryptedPin: string; mac: string; integritySessionKey: string };
  }
  const COMMON = { Mode: 'CBC', PinBlockPaddingType: 'NO_PADDING', PinBlockLengthPosition: 'NONE' };
  /** By session key and encipherment: the derivation methods that make this script, and what they need besides. */
  const METHODS: Record<string, [string, Body][]> = {
    'VISA_SM VISA': [['Visa', {}]],
    'AMEX_SM VISA': [['Amex', {}]],
    'EMV2000 EMV': [['Emv2000', {}]],
    'EMV_COMMON_SM MASTERCARD': [['Mastercard', {}], ['EmvCommon', COMMON]],
    'EMV_COMMON_SM EMV': [['EmvCommon', { ...COMMON, PinBlockPaddingType: 'ISO_IEC_7816_4' }]],
  }; // prettier-ignore
  // One has the PIN block of VIS under common session keys, which can't be asked for.
  const all = vectors<PinChangeVector>('emv', 'PIN change').flatMap((vector) =>
    (METHODS[`${vector.sessionKeyDerivation} ${vector.encryptionScheme}`] ?? []).map(([method, more]) => ({
      ...vector,
      method,
      more,
    })),
  );

  const NEW_PEK = '1F1F1F1F1F1F1F1F0E0E0E0E0E0E0E0E';
  const CURRENT_PEK = '89898989898989896B6B6B6B6B6B6B6B1010101010101010';
  const FORMATS = { ISO_FORMAT_0: 0, ISO_FORMAT_1: 1, ISO_FORMAT_3: 3 } as const;
  type Format = keyof typeof FORMATS;
  const pinBlock = (pek: string, format: Format, pin: string, pan: string) => {
    using cipher = tdes(hex(pek));
    return encryptPinBlock(cipher, FORMATS[format], { pin, pan }).toString('hex').toUpperCase();
  };

  test('has vectors for every derivation method, with and without a current PIN', () => {
    expect(new Set(all.map(({ method }) => method)).size).toBe(5);
    expect(all.filter(({ currentPin }) => currentPin !== undefined)).toHaveLength(3);
    expect(all).toHaveLength(22);
  });

  test.each(all)('$id: $method, $source', async (vector) => {
    const { method, pan, panSequenceNumber, newPin, currentPin, imkAc, expected } = vector;
    const format = (['ISO_FORMAT_0', 'ISO_FORMAT_1', 'ISO_FORMAT_3'] as const)[Number(vector.id.slice(-2)) % 3]!;
    const [newPek, smi, smc] = [
      await keyOf(NEW_PEK, P0),
      await keyOf(vector.imkSmi, E2),
      await keyOf(vector.imkSmc, E1),
    ];
    const isVis = method === 'Visa' || method === 'Amex';
    const ac = isVis ? await keyOf(imkAc!, E0) : undefined;
    const currentPek = currentPin === undefined ? undefined : await keyOf(CURRENT_PEK, P0);
    // Messages that AWS takes have 8 bytes; a shorter one gets more, and its MAC is computed again.
    const short = vector.apduHeader + vector.messageBetweenHeaderAndPin;
    const message = short.length < 16 ? `${short}001C24CCF3DEE3158C70` : short;

    const answer = await call('/macemvpinchange/generate', {
      NewPinPekIdentifier: newPek.KeyArn,
      NewEncryptedPinBlock: pinBlock(NEW_PEK, format, newPin, pan),
      PinBlockFormat: format,
      SecureMessagingIntegrityKeyIdentifier: smi.KeyArn,
      SecureMessagingConfidentialityKeyIdentifier: smc.KeyArn,
      MessageData: message,
      DerivationMethodAttributes: {
        [method]: {
          MajorKeyDerivationMode: vector.majorKeyDerivation,
          PrimaryAccountNumber: pan,
          PanSequenceNumber: panSequenceNumber,
          ...(vector.atc && { ApplicationTransactionCounter: vector.atc }),
          ...(vector.applicationCryptogram && { ApplicationCryptogram: vector.applicationCryptogram }),
          ...(ac && { AuthorizationRequestKeyIdentifier: ac.KeyArn }),
          ...(currentPek && {
            CurrentPinAttributes: {
              CurrentPinPekIdentifier: currentPek.KeyArn,
              CurrentEncryptedPinBlock: pinBlock(CURRENT_PEK, format, currentPin!, pan),
            },
          }),
          ...vector.more,
        },
      },
    });

    const macInput = oracle.padded(hex(message + expected.encryptedPin));
    const computed = oracle.retailMac(hex(expected.integritySessionKey), macInput).toString('hex').toUpperCase();
    if (message === short) expect(computed).toBe(expected.mac);
    expect(answer).toEqual({
      NewPinPekArn: newPek.KeyArn,
      NewPinPekKeyCheckValue: newPek.KeyCheckValue,
      SecureMessagingIntegrityKeyArn: smi.KeyArn,
      SecureMessagingIntegrityKeyCheckValue: smi.KeyCheckValue,
      SecureMessagingConfidentialityKeyArn: smc.KeyArn,
      SecureMessagingConfidentialityKeyCheckValue: smc.KeyCheckValue,
      EncryptedPinBlock: expected.encryptedPin,
      Mac: computed,
      ...(ac && {
        VisaAmexDerivationOutputs: {
          AuthorizationRequestKeyArn: ac.KeyArn,
          AuthorizationRequestKeyCheckValue: ac.KeyCheckValue,
          ...(currentPek && {
            CurrentPinPekArn: currentPek.KeyArn,
            CurrentPinPekKeyCheckValue: currentPek.KeyCheckValue,
          }),
        },
      }),
    });
  });

  const PAN = '4407819862021700';
  const CRYPTOGRAM = '24CCF3DEE3158C70';
  const SMI = 'FEDCBA98765432100123456789ABCDEF';
  const SMC = '89ABCDEF0123456776543210FEDCBA98';
  const emvCommon = (changes: Body) => ({
    EmvCommon: {
      MajorKeyDerivationMode: 'EMV_OPTION_A',
      PrimaryAccountNumber: PAN,
      PanSequenceNumber: '06',
      ApplicationCryptogram: CRYPTOGRAM,
      ...COMMON,
      ...changes,
    },
  });
  const visa = (changes: Body) => ({
    Visa: {
      MajorKeyDerivationMode: 'EMV_OPTION_A',
      PrimaryAccountNumber: PAN,
      PanSequenceNumber: '06',
      ApplicationTransactionCounter: '001C',
      ...changes,
    },
  });
  const ask = async (DerivationMethodAttributes: Body, changes: Body = {}) =>
    call('/macemvpinchange/generate', {
      NewPinPekIdentifier: (await keyOf(NEW_PEK, P0)).KeyArn,
      NewEncryptedPinBlock: pinBlock(NEW_PEK, 'ISO_FORMAT_0', '123456', PAN),
      PinBlockFormat: 'ISO_FORMAT_0',
      SecureMessagingIntegrityKeyIdentifier: (await keyOf(SMI, E2)).KeyArn,
      SecureMessagingConfidentialityKeyIdentifier: (await keyOf(SMC, E1)).KeyArn,
      MessageData: '8424000210001C24',
      DerivationMethodAttributes,
      ...changes,
    });

  test.each([
    ['ECB', 'NO_PADDING', 'NONE', '26123456FFFFFFFF'],
    ['CBC', 'NO_PADDING', 'NONE', '26123456FFFFFFFF'],
    ['ECB', 'ISO_IEC_7816_4', 'NONE', '26123456FFFFFFFF8000000000000000'],
    ['CBC', 'ISO_IEC_7816_4', 'NONE', '26123456FFFFFFFF8000000000000000'],
    ['ECB', 'ISO_IEC_7816_4', 'FRONT_OF_PIN_BLOCK', '0826123456FFFFFFFF80000000000000'],
    ['CBC', 'ISO_IEC_7816_4', 'FRONT_OF_PIN_BLOCK', '0826123456FFFFFFFF80000000000000'],
  ])('EmvCommon enciphers in %s with %s and length %s', async (Mode, padding, position, clear) => {
    const sessionKey = (imk: string) =>
      oracle.commonSessionKey(oracle.cardKey(hex(imk), 'A', PAN, '06'), hex(CRYPTOGRAM));
    const encipher = Mode === 'ECB' ? oracle.tdesEcb : oracle.tdesCbc;
    const block = encipher(sessionKey(SMC), hex(clear)).toString('hex').toUpperCase();
    const answer = await ask(emvCommon({ Mode, PinBlockPaddingType: padding, PinBlockLengthPosition: position }));
    const message = oracle.padded(hex(`8424000210001C24${block}`));
    expect(answer).toMatchObject({
      EncryptedPinBlock: block,
      Mac: oracle.retailMac(sessionKey(SMI), message).toString('hex').toUpperCase(),
    });
  });

  test('takes the longest message, and a PIN of 12 digits', async () => {
    const MessageData = 'a7'.repeat(512);
    const NewEncryptedPinBlock = pinBlock(NEW_PEK, 'ISO_FORMAT_0', '123456789012', PAN);
    const { EncryptedPinBlock, Mac } = await ask(emvCommon({}), { MessageData, NewEncryptedPinBlock });
    const sessionKey = (imk: string) =>
      oracle.commonSessionKey(oracle.cardKey(hex(imk), 'A', PAN, '06'), hex(CRYPTOGRAM));
    const block = oracle.tdesCbc(sessionKey(SMC), hex('2C123456789012FF'));
    expect(EncryptedPinBlock).toBe(block.toString('hex').toUpperCase());
    const mac = oracle.retailMac(sessionKey(SMI), oracle.padded(Buffer.concat([hex(MessageData), block])));
    expect(Mac).toBe(mac.toString('hex').toUpperCase());
  });

  const UNDECODABLE = 'Pin block provided is invalid. Please check your input to ensure all field values are correct.';
  test('a PIN block that holds no PIN looks alike, new or current', async () => {
    const { KeyArn: AuthorizationRequestKeyIdentifier } = await keyOf(K1, E0);
    const { KeyArn: CurrentPinPekIdentifier } = await keyOf(CURRENT_PEK, P0);
    const current = (CurrentEncryptedPinBlock: string) =>
      visa({
        AuthorizationRequestKeyIdentifier,
        CurrentPinAttributes: { CurrentPinPekIdentifier, CurrentEncryptedPinBlock },
      });
    const right = pinBlock(CURRENT_PEK, 'ISO_FORMAT_0', '9876', PAN);
    expect(await ask(current(right))).toHaveProperty('Mac');
    for (const refused of [
      ask(current(right), { NewEncryptedPinBlock: '0000000000000000' }),
      ask(current(right), { PinBlockFormat: 'ISO_FORMAT_3' }),
      ask(current('0000000000000000')),
      ask(current(pinBlock(NEW_PEK, 'ISO_FORMAT_0', '9876', PAN))),
    ])
      await expect(refused).rejects.toEqual(invalid(UNDECODABLE));
  });

  test.each([
    ['a length in front without padding', emvCommon({ PinBlockLengthPosition: 'FRONT_OF_PIN_BLOCK' }), {}, 'FRONT_OF_PIN_BLOCK needs ISO_IEC_7816_4 padding'],
    ['option B for 16 digits', emvCommon({ MajorKeyDerivationMode: 'EMV_OPTION_B' }), {}, 'PAN length is invalid for EMV major key derivation mode EMV_OPTION_B'],
    ['a message of 7 bytes', emvCommon({}), { MessageData: '84240002080000' }, 'MessageData'],
    ['a message over 512 bytes', emvCommon({}), { MessageData: '00'.repeat(513) }, 'MessageData'],
    ['a PIN block of AES', emvCommon({}), { NewEncryptedPinBlock: '00'.repeat(16) }, 'NewEncryptedPinBlock'],
    ['PIN block format 4', emvCommon({}), { PinBlockFormat: 'ISO_FORMAT_4' }, 'PinBlockFormat must be one of ISO_FORMAT_0, ISO_FORMAT_1, ISO_FORMAT_3'],
    ['CFB', emvCommon({ Mode: 'CFB' }), {}, 'Mode must be one of ECB, CBC'],
    ['Visa without the key of its cryptograms', visa({}), {}, 'AuthorizationRequestKeyIdentifier is required'],
    ['no derivation method', {}, {}, 'exactly one member'],
  ])('refuses %s', async (_, method, changes, complaint) => {
    await expect(ask(method, changes)).rejects.toEqual(invalid(complaint));
  }); // prettier-ignore
});

describe('keys that do not serve', () => {
  const create = async (usage: string, algorithm: string, mode: string): Promise<string> => {
    const modes: Record<string, Body> = {
      X: { DeriveKey: true },
      N: { NoRestrictions: true },
      G: { Generate: true },
      V: { Verify: true },
      GV: { Generate: true, Verify: true },
      EW: { Encrypt: true, Wrap: true },
      DU: { Decrypt: true, Unwrap: true },
    };
    const { Key: key } = await service.controlPlane.send(
      new CreateKeyCommand({
        KeyAttributes: {
          KeyUsage: usage as KeyUsage,
          KeyClass: 'SYMMETRIC_KEY',
          KeyAlgorithm: algorithm as SymmetricKeyAlgorithm,
          KeyModesOfUse: modes[mode],
        },
        Exportable: true,
      }),
    );
    return key!.KeyArn!;
  };

  const card = { PrimaryAccountNumber: PANS[4], PanSequenceNumber: '00' };
  const chip = { PanSequenceNumber: '00', UnpredictableNumber: '01020304', ApplicationTransactionCounter: '0001' };
  const dukpt = { KeySerialNumber: 'FFFF9876543210E00001', DukptKeyVariant: 'REQUEST' };
  const VARIANTS: Record<'mac' | 'card', Record<string, Body>> = {
    mac: {
      EmvMac: {
        EmvMac: {
          ...card,
          MajorKeyDerivationMode: 'EMV_OPTION_A',
          SessionKeyDerivationMode: 'VISA',
          SessionKeyDerivationValue: { ApplicationTransactionCounter: '0001' },
        },
      },
      DukptIso9797Algorithm1: { DukptIso9797Algorithm1: dukpt },
      DukptIso9797Algorithm3: { DukptIso9797Algorithm3: dukpt },
      DukptCmac: { DukptCmac: dukpt },
    },
    card: {
      AmexCardSecurityCodeVersion1: { AmexCardSecurityCodeVersion1: { CardExpiryDate: '2809' } },
      AmexCardSecurityCodeVersion2: { AmexCardSecurityCodeVersion2: { CardExpiryDate: '2809', ServiceCode: '201' } },
      CardVerificationValue1: { CardVerificationValue1: { CardExpiryDate: '2809', ServiceCode: '201' } },
      CardVerificationValue2: { CardVerificationValue2: { CardExpiryDate: '2809' } },
      CardHolderVerificationValue: { CardHolderVerificationValue: chip },
      DynamicCardVerificationCode: { DynamicCardVerificationCode: { ...chip, TrackData: '5413' } },
      DynamicCardVerificationValue: { DynamicCardVerificationValue: { ...chip, CardExpiryDate: '2809', ServiceCode: '201' } },
      DiscoverDynamicCardVerificationCode: { DiscoverDynamicCardVerificationCode: { ...chip, CardExpiryDate: '2809' } },
    },
  }; // prettier-ignore

  type Keys = (argument: string) => string;
  const mac = (variant: string) => (key: Keys) =>
    call('/mac/generate', { KeyIdentifier: key('KeyIdentifier'), MessageData: '00'.repeat(8), GenerationAttributes: VARIANTS.mac[variant] }); // prettier-ignore
  const verifyMac = (variant: string) => (key: Keys) =>
    call('/mac/verify', { KeyIdentifier: key('KeyIdentifier'), MessageData: '00'.repeat(8), Mac: '00000000', VerificationAttributes: VARIANTS.mac[variant] }); // prettier-ignore
  const value = (variant: string) => (key: Keys) =>
    call('/cardvalidationdata/generate', { KeyIdentifier: key('KeyIdentifier'), PrimaryAccountNumber: PANS[4], GenerationAttributes: VARIANTS.card[variant] }); // prettier-ignore
  const verifyValue = (variant: string) => (key: Keys) =>
    call('/cardvalidationdata/verify', { KeyIdentifier: key('KeyIdentifier'), PrimaryAccountNumber: PANS[4], ValidationData: '000', VerificationAttributes: VARIANTS.card[variant] }); // prettier-ignore
  const transaction = { TransactionData: '00', MajorKeyDerivationMode: 'EMV_OPTION_A', SessionKeyDerivationAttributes: { Visa: card } }; // prettier-ignore
  const arqc = (key: Keys) => call('/cryptogram/generate', { KeyIdentifier: key('KeyIdentifier'), ...transaction });
  const verifyArqc = (key: Keys) =>
    call('/cryptogram/verify', { KeyIdentifier: key('KeyIdentifier'), ...transaction, AuthRequestCryptogram: '00'.repeat(8) }); // prettier-ignore
  const pinChange = (PinBlockFormat: string) => (key: Keys) =>
    call('/macemvpinchange/generate', {
      NewPinPekIdentifier: key('NewPinPekIdentifier'),
      NewEncryptedPinBlock: '0000000000000000',
      PinBlockFormat,
      SecureMessagingIntegrityKeyIdentifier: key('SecureMessagingIntegrityKeyIdentifier'),
      SecureMessagingConfidentialityKeyIdentifier: key('SecureMessagingConfidentialityKeyIdentifier'),
      MessageData: '8424000208000000',
      DerivationMethodAttributes: {
        Visa: {
          ...card,
          MajorKeyDerivationMode: 'EMV_OPTION_A',
          ApplicationTransactionCounter: '0001',
          AuthorizationRequestKeyIdentifier: key('AuthorizationRequestKeyIdentifier'),
          CurrentPinAttributes: {
            CurrentPinPekIdentifier: key('CurrentPinPekIdentifier'),
            CurrentEncryptedPinBlock: '0000000000000000',
          },
        },
      },
    });

  /** Right keys as usage, algorithm, mode: the same for every argument that isn't under test. */
  const RIGHT: Record<string, [string, string, string]> = {
    NewPinPekIdentifier: [P0, 'TDES_3KEY', 'DU'],
    CurrentPinPekIdentifier: [P0, 'TDES_2KEY', 'N'],
    SecureMessagingIntegrityKeyIdentifier: [E2, 'TDES_2KEY', 'N'],
    SecureMessagingConfidentialityKeyIdentifier: [E1, 'TDES_2KEY', 'X'],
    AuthorizationRequestKeyIdentifier: [E0, 'TDES_2KEY', 'X'],
  };
  const created = new Map<string, Promise<string>>();
  const shared = (key: [string, string, string]) => {
    const name = key.join();
    const arn = created.get(name) ?? create(...key);
    created.set(name, arn);
    return arn;
  };

  const OTHER_USAGE: [string, string, string] = [M3, 'TDES_2KEY', 'GV'];
  // Every mode of an issuer master key serves.
  const imk = (usage: string) => ({ right: [usage, 'TDES_2KEY', 'N'], algorithm: [usage, 'AES_128', 'X'] });
  const cvk = (mode: string) => ({
    right: [C0, 'TDES_2KEY', mode],
    algorithm: [C0, 'TDES_3KEY', mode],
    mode: [C0, 'TDES_2KEY', mode === 'G' ? 'V' : 'G'],
  });
  // Any TDES key makes codes of Amex, and there are no others of this usage.
  const csck = (mode: string) => ({
    right: [C0, 'TDES_3KEY', mode],
    mode: [C0, 'TDES_2KEY', mode === 'G' ? 'V' : 'G'],
  });
  // There is no mode of a base derivation key that doesn't serve.
  const bdk = { right: [B0, 'TDES_2KEY', 'N'], algorithm: [B0, 'TDES_3KEY', 'X'] };
  const pek = { right: [P0, 'TDES_2KEY', 'DU'], algorithm: [P0, 'AES_128', 'DU'], mode: [P0, 'TDES_2KEY', 'EW'] };
  const CSC = ['AmexCardSecurityCodeVersion1', 'AmexCardSecurityCodeVersion2'];
  const CVV = ['CardVerificationValue1', 'CardVerificationValue2'];
  const ISSUER: Record<string, string> = {
    CardHolderVerificationValue: E6,
    DynamicCardVerificationCode: E4,
    DynamicCardVerificationValue: E6,
  };

  interface Case {
    name: string;
    argument: string;
    ask: (key: Keys) => Promise<Body>;
    keys: { right: string[]; algorithm?: string[]; mode?: string[] };
  }
  const one = (name: string, ask: Case['ask'], keys: Case['keys'], argument = 'KeyIdentifier'): Case => ({ name, argument, ask, keys }); // prettier-ignore
  const cases: Case[] = [
    one('GenerateMac EmvMac', mac('EmvMac'), imk(E2)),
    one('VerifyMac EmvMac', verifyMac('EmvMac'), imk(E2)),
    ...['DukptIso9797Algorithm1', 'DukptIso9797Algorithm3', 'DukptCmac'].flatMap((variant) => [
      one(`GenerateMac ${variant}`, mac(variant), bdk),
      one(`VerifyMac ${variant}`, verifyMac(variant), bdk),
    ]),
    ...[...CSC.map((variant) => [variant, csck] as const), ...CVV.map((variant) => [variant, cvk] as const)].flatMap(
      ([variant, keys]) => [
        one(`GenerateCardValidationData ${variant}`, value(variant), keys('G')),
        one(`VerifyCardValidationData ${variant}`, verifyValue(variant), keys('V')),
      ],
    ),
    ...Object.entries(ISSUER).flatMap(([variant, usage]) => [
      one(`GenerateCardValidationData ${variant}`, value(variant), imk(usage)),
      one(`VerifyCardValidationData ${variant}`, verifyValue(variant), imk(usage)),
    ]),
    one('VerifyCardValidationData Discover', verifyValue('DiscoverDynamicCardVerificationCode'), imk(E4)),
    one('GenerateAuthRequestCryptogram', arqc, imk(E0)),
    one('VerifyAuthRequestCryptogram', verifyArqc, imk(E0)),
    ...['ISO_FORMAT_0', 'ISO_FORMAT_1', 'ISO_FORMAT_3'].flatMap((format) => [
      one(`GenerateMacEmvPinChange ${format}`, pinChange(format), pek, 'NewPinPekIdentifier'),
      one(`GenerateMacEmvPinChange ${format}`, pinChange(format), pek, 'CurrentPinPekIdentifier'),
    ]),
    one('GenerateMacEmvPinChange', pinChange('ISO_FORMAT_0'), imk(E2), 'SecureMessagingIntegrityKeyIdentifier'),
    one('GenerateMacEmvPinChange', pinChange('ISO_FORMAT_0'), imk(E1), 'SecureMessagingConfidentialityKeyIdentifier'),
    one('GenerateMacEmvPinChange', pinChange('ISO_FORMAT_0'), imk(E0), 'AuthorizationRequestKeyIdentifier'),
  ];

  test.each(cases)('$name, $argument', async ({ argument, ask, keys }) => {
    const others = Object.fromEntries(
      await Promise.all(Object.entries(RIGHT).map(async ([name, key]) => [name, await shared(key)] as const)),
    );
    const asked = (arn: string) => ask((name) => (name === argument ? arn : others[name]!));
    /** A right key passes to the computation: it answers, or finds the made-up MAC, value, cryptogram or block wrong. */
    const passes = (outcome: Body) =>
      outcome['code'] === undefined ||
      outcome['code'] === 'VerificationFailedException' ||
      (outcome['message'] as string).startsWith('Pin block provided is invalid');
    const right = await create(...(keys.right as [string, string, string]));
    expect(passes(await asked(right).catch((error: unknown) => error as Body))).toBe(true);

    const wrong = { KeyUsage: OTHER_USAGE, KeyAlgorithm: keys.algorithm, KeyModesOfUse: keys.mode };
    for (const [attribute, key] of Object.entries(wrong)) {
      if (!key) continue;
      const arn = await shared(key as [string, string, string]);
      await expect(asked(arn)).rejects.toMatchObject({
        code: 'ValidationException',
        message: `${attribute} of the input key ${arn} is invalid for the operation.`,
      });
    }
    await service.controlPlane.send(new StopKeyUsageCommand({ KeyIdentifier: right }));
    await expect(asked(right)).rejects.toEqual(invalid(`Key ${right} is not in an enabled state.`));
    await expect(asked(MISSING_KEY)).rejects.toMatchObject({ code: 'ResourceNotFoundException', statusCode: 404 });
  });
});
