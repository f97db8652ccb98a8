import { tdes } from '../../../../src/crypto/des.js';
import { encryptPinBlock } from '../../../../src/crypto/pin-block.js';
import { E0, E1, E2, P0, CLEAR, useCards, type Json } from '../../../support/cards.js';
import { vectors, hex } from '../../../support/vectors.js';
import * as oracle from '../../../support/card-oracle.js';
import { UNDECODABLE } from '../../../support/pin.js';

const { keyOf, expectOk, expectInvalid } = useCards();

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
  /** The derivation methods that produce the script of a vector, by session key derivation and encipherment. */
  const METHODS: Record<string, [string, Json][]> = {
    'VISA_SM VISA': [['Visa', {}]],
    'AMEX_SM VISA': [['Amex', {}]],
    'EMV2000 EMV': [['Emv2000', {}]],
    'EMV_COMMON_SM MASTERCARD': [
      ['Mastercard', {}],
      ['EmvCommon', COMMON],
    ],
    'EMV_COMMON_SM EMV': [['EmvCommon', { ...COMMON, PinBlockPaddingType: 'ISO_IEC_7816_4' }]],
  };
  // One vector combines a VIS PIN block with a common session key, which no derivation method does.
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

  test.each(all)('matches $id: $method, $source', async (vector) => {
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
    // AWS accepts no message under 8 bytes, so shorter ones are extended and their MAC is computed anew.
    const short = vector.apduHeader + vector.messageBetweenHeaderAndPin;
    const message = short.length < 16 ? `${short}001C24CCF3DEE3158C70` : short;

    const answer = await expectOk('macemvpinchange/generate', {
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
  const emvCommon = (changes: Json) => ({
    EmvCommon: {
      MajorKeyDerivationMode: 'EMV_OPTION_A',
      PrimaryAccountNumber: PAN,
      PanSequenceNumber: '06',
      ApplicationCryptogram: CRYPTOGRAM,
      ...COMMON,
      ...changes,
    },
  });
  const visa = (changes: Json) => ({
    Visa: {
      MajorKeyDerivationMode: 'EMV_OPTION_A',
      PrimaryAccountNumber: PAN,
      PanSequenceNumber: '06',
      ApplicationTransactionCounter: '001C',
      ...changes,
    },
  });
  const inputOf = async (DerivationMethodAttributes: Json, changes: Json = {}) => ({
    NewPinPekIdentifier: (await keyOf(NEW_PEK, P0)).KeyArn,
    NewEncryptedPinBlock: pinBlock(NEW_PEK, 'ISO_FORMAT_0', '123456', PAN),
    PinBlockFormat: 'ISO_FORMAT_0',
    SecureMessagingIntegrityKeyIdentifier: (await keyOf(SMI, E2)).KeyArn,
    SecureMessagingConfidentialityKeyIdentifier: (await keyOf(SMC, E1)).KeyArn,
    MessageData: '8424000210001C24',
    DerivationMethodAttributes,
    ...changes,
  });
  const generate = async (...input: Parameters<typeof inputOf>) =>
    expectOk('macemvpinchange/generate', await inputOf(...input));

  test.each([
    ['ECB', 'NO_PADDING', 'NONE', '26123456FFFFFFFF'],
    ['CBC', 'NO_PADDING', 'NONE', '26123456FFFFFFFF'],
    ['ECB', 'ISO_IEC_7816_4', 'NONE', '26123456FFFFFFFF8000000000000000'],
    ['CBC', 'ISO_IEC_7816_4', 'NONE', '26123456FFFFFFFF8000000000000000'],
    ['ECB', 'ISO_IEC_7816_4', 'FRONT_OF_PIN_BLOCK', '0826123456FFFFFFFF80000000000000'],
    ['CBC', 'ISO_IEC_7816_4', 'FRONT_OF_PIN_BLOCK', '0826123456FFFFFFFF80000000000000'],
  ])('EmvCommon encrypts in %s with %s and length %s', async (Mode, padding, position, clear) => {
    const sessionKey = (imk: string) =>
      oracle.commonSessionKey(oracle.cardKey(hex(imk), 'A', PAN, '06'), hex(CRYPTOGRAM));
    const encipher = Mode === 'ECB' ? oracle.tdesEcb : oracle.tdesCbc;
    const block = encipher(sessionKey(SMC), hex(clear)).toString('hex').toUpperCase();
    const answer = await generate(emvCommon({ Mode, PinBlockPaddingType: padding, PinBlockLengthPosition: position }));
    const message = oracle.padded(hex(`8424000210001C24${block}`));
    expect(answer).toMatchObject({
      EncryptedPinBlock: block,
      Mac: oracle.retailMac(sessionKey(SMI), message).toString('hex').toUpperCase(),
    });
  });

  test('accepts a message of the maximum length and a PIN of 12 digits', async () => {
    const MessageData = 'a7'.repeat(512);
    const NewEncryptedPinBlock = pinBlock(NEW_PEK, 'ISO_FORMAT_0', '123456789012', PAN);
    const { EncryptedPinBlock, Mac } = await generate(emvCommon({}), { MessageData, NewEncryptedPinBlock });
    const sessionKey = (imk: string) =>
      oracle.commonSessionKey(oracle.cardKey(hex(imk), 'A', PAN, '06'), hex(CRYPTOGRAM));
    const block = oracle.tdesCbc(sessionKey(SMC), hex('2C123456789012FF'));
    expect(EncryptedPinBlock).toBe(block.toString('hex').toUpperCase());
    const mac = oracle.retailMac(sessionKey(SMI), oracle.padded(Buffer.concat([hex(MessageData), block])));
    expect(Mac).toBe(mac.toString('hex').toUpperCase());
  });

  test('gives the same answer for an invalid new and an invalid current PIN block', async () => {
    const { KeyArn: AuthorizationRequestKeyIdentifier } = await keyOf(CLEAR, E0);
    const { KeyArn: CurrentPinPekIdentifier } = await keyOf(CURRENT_PEK, P0);
    const current = (CurrentEncryptedPinBlock: string) =>
      visa({
        AuthorizationRequestKeyIdentifier,
        CurrentPinAttributes: { CurrentPinPekIdentifier, CurrentEncryptedPinBlock },
      });
    const right = pinBlock(CURRENT_PEK, 'ISO_FORMAT_0', '9876', PAN);
    expect(await generate(current(right))).toHaveProperty('Mac');
    for (const input of [
      inputOf(current(right), { NewEncryptedPinBlock: '0000000000000000' }),
      inputOf(current(right), { PinBlockFormat: 'ISO_FORMAT_3' }),
      inputOf(current('0000000000000000')),
      inputOf(current(pinBlock(NEW_PEK, 'ISO_FORMAT_0', '9876', PAN))),
    ])
      await expectInvalid('macemvpinchange/generate', await input, UNDECODABLE);
  });

  test.each([
    [
      'a length before the PIN block without padding',
      emvCommon({ PinBlockLengthPosition: 'FRONT_OF_PIN_BLOCK' }),
      {},
      'FRONT_OF_PIN_BLOCK needs ISO_IEC_7816_4 padding',
    ],
    [
      'option B for a PAN of 16 digits',
      emvCommon({ MajorKeyDerivationMode: 'EMV_OPTION_B' }),
      {},
      'PAN length is invalid for EMV major key derivation mode EMV_OPTION_B',
    ],
    ['a message of 7 bytes', emvCommon({}), { MessageData: '84240002080000' }, 'MessageData'],
    ['a message over 512 bytes', emvCommon({}), { MessageData: '00'.repeat(513) }, 'MessageData'],
    ['an AES PIN block', emvCommon({}), { NewEncryptedPinBlock: '00'.repeat(16) }, 'NewEncryptedPinBlock'],
    [
      'PIN block format 4',
      emvCommon({}),
      { PinBlockFormat: 'ISO_FORMAT_4' },
      'PinBlockFormat must be one of ISO_FORMAT_0, ISO_FORMAT_1, ISO_FORMAT_3',
    ],
    ['CFB mode', emvCommon({ Mode: 'CFB' }), {}, 'Mode must be one of ECB, CBC'],
    [
      'Visa without the key of its application cryptograms',
      visa({}),
      {},
      'AuthorizationRequestKeyIdentifier is required',
    ],
    ['a missing derivation method', {}, {}, 'exactly one member'],
  ])('rejects %s', async (_, method, changes, complaint) => {
    await expectInvalid('macemvpinchange/generate', await inputOf(method, changes), complaint);
  });
});
