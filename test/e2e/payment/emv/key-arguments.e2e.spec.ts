import { type KeyUsage, StopKeyUsageCommand } from '@aws-sdk/client-payment-cryptography';
import type { SymmetricKeyAlgorithm } from '../../../../src/payment/keys/key-attributes.js';
import { expectError } from '../../../support/api.js';
import { B0, C0, E0, E1, E2, E4, E6, M3, P0, PAN, useCards, type Json } from '../../../support/cards.js';
import { createKey, MISSING_KEY } from '../../../support/keys.js';
import type { RawResponse } from '../../../support/service.js';

const { service, post } = useCards();

describe('Key arguments of card, EMV and issuer-script operations', () => {
  const create = async (usage: string, algorithm: string, mode: string): Promise<string> => {
    const modes: Record<string, Json> = {
      X: { DeriveKey: true },
      N: { NoRestrictions: true },
      G: { Generate: true },
      V: { Verify: true },
      GV: { Generate: true, Verify: true },
      EW: { Encrypt: true, Wrap: true },
      DU: { Decrypt: true, Unwrap: true },
    };
    const { KeyArn } = await createKey(service, {
      KeyAttributes: {
        KeyUsage: usage as KeyUsage,
        KeyClass: 'SYMMETRIC_KEY',
        KeyAlgorithm: algorithm as SymmetricKeyAlgorithm,
        KeyModesOfUse: modes[mode],
      },
    });
    return KeyArn;
  };

  const card = { PrimaryAccountNumber: PAN, PanSequenceNumber: '00' };
  const chip = { PanSequenceNumber: '00', UnpredictableNumber: '01020304', ApplicationTransactionCounter: '0001' };
  const dukpt = { KeySerialNumber: 'FFFF9876543210E00001', DukptKeyVariant: 'REQUEST' };
  const VARIANTS: Record<'mac' | 'card', Record<string, Json>> = {
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
      DynamicCardVerificationValue: {
        DynamicCardVerificationValue: { ...chip, CardExpiryDate: '2809', ServiceCode: '201' },
      },
      DiscoverDynamicCardVerificationCode: { DiscoverDynamicCardVerificationCode: { ...chip, CardExpiryDate: '2809' } },
    },
  };

  type Keys = (argument: string) => string;
  const withKey = (path: string, input: Json) => (key: Keys) =>
    post(path, { KeyIdentifier: key('KeyIdentifier'), ...input });
  const message = { MessageData: '00'.repeat(8) };
  const mac = (variant: string) => withKey('mac/generate', { ...message, GenerationAttributes: VARIANTS.mac[variant] });
  const verifyMac = (variant: string) =>
    withKey('mac/verify', { ...message, Mac: '00000000', VerificationAttributes: VARIANTS.mac[variant] });
  const pan = { PrimaryAccountNumber: PAN };
  const value = (variant: string) =>
    withKey('cardvalidationdata/generate', { ...pan, GenerationAttributes: VARIANTS.card[variant] });
  const verifyValue = (variant: string) =>
    withKey('cardvalidationdata/verify', {
      ...pan,
      ValidationData: '000',
      VerificationAttributes: VARIANTS.card[variant],
    });
  const transaction = {
    TransactionData: '00',
    MajorKeyDerivationMode: 'EMV_OPTION_A',
    SessionKeyDerivationAttributes: { Visa: card },
  };
  const arqc = withKey('cryptogram/generate', transaction);
  const verifyArqc = withKey('cryptogram/verify', { ...transaction, AuthRequestCryptogram: '00'.repeat(8) });
  const pinChange = (PinBlockFormat: string) => (key: Keys) =>
    post('macemvpinchange/generate', {
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

  /** Valid keys as usage, algorithm and mode, for the arguments that are not under test. */
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
  // An issuer master key has no mode of use that is invalid here.
  const imk = (usage: string) => ({ right: [usage, 'TDES_2KEY', 'N'], algorithm: [usage, 'AES_128', 'X'] });
  const cvk = (mode: string) => ({
    right: [C0, 'TDES_2KEY', mode],
    algorithm: [C0, 'TDES_3KEY', mode],
    mode: [C0, 'TDES_2KEY', mode === 'G' ? 'V' : 'G'],
  });
  // Amex codes take a TDES key of either length, and a key of this usage has no other algorithm.
  const csck = (mode: string) => ({
    right: [C0, 'TDES_3KEY', mode],
    mode: [C0, 'TDES_2KEY', mode === 'G' ? 'V' : 'G'],
  });
  // A base derivation key has no mode of use that is invalid here.
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
    ask: (key: Keys) => Promise<RawResponse>;
    keys: { right: string[]; algorithm?: string[]; mode?: string[] };
  }
  const one = (name: string, ask: Case['ask'], keys: Case['keys'], argument = 'KeyIdentifier'): Case => ({
    name,
    argument,
    ask,
    keys,
  });
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

  test.each(cases)('$name: accepts a valid $argument and rejects any other', async ({ argument, ask, keys }) => {
    const others = Object.fromEntries(
      await Promise.all(Object.entries(RIGHT).map(async ([name, key]) => [name, await shared(key)] as const)),
    );
    const asked = (arn: string) => ask((name) => (name === argument ? arn : others[name]!));
    /**
     * Returns true if the key passed its checks: the call succeeds, or fails because its MAC, value, cryptogram or
     * block is made up.
     */
    const passes = ({ status, json }: RawResponse) =>
      status === 200 ||
      json['__type'] === 'VerificationFailedException' ||
      (json['message'] as string).startsWith('Pin block provided is invalid');
    const right = await create(...(keys.right as [string, string, string]));
    expect(passes(await asked(right))).toBe(true);

    const wrong = { KeyUsage: OTHER_USAGE, KeyAlgorithm: keys.algorithm, KeyModesOfUse: keys.mode };
    for (const [attribute, key] of Object.entries(wrong)) {
      if (!key) continue;
      const arn = await shared(key as [string, string, string]);
      expectError(await asked(arn), {
        name: 'ValidationException',
        message: `${attribute} of the input key ${arn} is invalid for the operation.`,
      });
    }
    await service.controlPlane.send(new StopKeyUsageCommand({ KeyIdentifier: right }));
    const notEnabled = `Key ${right} is not in an enabled state.`;
    expectError(await asked(right), { name: 'ValidationException', message: notEnabled });
    expectError(await asked(MISSING_KEY), { name: 'ResourceNotFoundException', status: 404 });
  });
});
