import type { KeyUsage } from '../../../../src/payment/keys/key-attributes.js';
import { useService } from '../../../support/api.js';
import { importKeys, keyBlock, type KeyImports } from '../../../support/import.js';

const service = useService();
let imports: KeyImports;
beforeAll(async () => {
  imports = await importKeys(service);
});

const CLEAR = '0123456789ABCDEFFEDCBA9876543210';
/** Imports a key with mode of use N, as exported by HSMs that do not distinguish modes. */
const unrestricted = async (usage: KeyUsage) =>
  (await imports.importKey({ clear: CLEAR, usage, algorithm: 'TDES_2KEY', modes: ['NoRestrictions'] })).KeyArn;
const derivation = async (usage: KeyUsage) =>
  (await imports.importKey({ clear: CLEAR, usage, algorithm: 'TDES_2KEY', modes: ['DeriveKey'] })).KeyArn;
/** Returns the answer without the ARN, which differs between keys with the same value. */
const post = async (path: string, body: object) => {
  const { json } = await service.send({ path, body: JSON.stringify(body) });
  delete json['KeyArn'];
  return json;
};

const PAN = '9137631040001422';
const CARD = { MajorKeyDerivationMode: 'EMV_OPTION_A', PrimaryAccountNumber: PAN, PanSequenceNumber: '01' };
const TRANSACTION = { PrimaryAccountNumber: PAN, PanSequenceNumber: '01', ApplicationTransactionCounter: '000B' };

const EMV: Record<string, { usage: KeyUsage; path: (key: string) => string; body: (key: string) => object }> = {
  EncryptData: {
    usage: 'TR31_E1_EMV_MKEY_CONFIDENTIALITY',
    path: (key) => `/keys/${encodeURIComponent(key)}/encrypt`,
    body: () => ({
      PlainText: '00112233445566778899AABBCCDDEEFF',
      EncryptionAttributes: { Emv: { ...CARD, SessionDerivationData: '000B000000000000' } },
    }),
  },
  GenerateMac: {
    usage: 'TR31_E2_EMV_MKEY_INTEGRITY',
    path: () => '/mac/generate',
    body: (KeyIdentifier) => ({
      KeyIdentifier,
      MessageData: '0011223344556677',
      GenerationAttributes: {
        EmvMac: {
          ...CARD,
          SessionKeyDerivationMode: 'EMV_COMMON_SESSION_KEY',
          SessionKeyDerivationValue: { ApplicationCryptogram: '000B000000000000' },
        },
      },
    }),
  },
  GenerateAuthRequestCryptogram: {
    usage: 'TR31_E0_EMV_MKEY_APP_CRYPTOGRAMS',
    path: () => '/cryptogram/generate',
    body: (KeyIdentifier) => ({
      KeyIdentifier,
      TransactionData: '00112233',
      MajorKeyDerivationMode: 'EMV_OPTION_A',
      SessionKeyDerivationAttributes: { EmvCommon: TRANSACTION },
    }),
  },
  'GenerateCardValidationData, CVC3': {
    usage: 'TR31_E4_EMV_MKEY_DYNAMIC_NUMBERS',
    path: () => '/cardvalidationdata/generate',
    body: (KeyIdentifier) => ({
      KeyIdentifier,
      PrimaryAccountNumber: PAN,
      GenerationAttributes: {
        DynamicCardVerificationCode: {
          UnpredictableNumber: '00000899',
          PanSequenceNumber: '00',
          ApplicationTransactionCounter: '005E',
          TrackData: '5123456789012345D35121010000000000000F',
        },
      },
    }),
  },
  'GenerateCardValidationData, dCVV': {
    usage: 'TR31_E6_EMV_MKEY_OTHER',
    path: () => '/cardvalidationdata/generate',
    body: (KeyIdentifier) => ({
      KeyIdentifier,
      PrimaryAccountNumber: PAN,
      GenerationAttributes: {
        DynamicCardVerificationValue: {
          PanSequenceNumber: '00',
          CardExpiryDate: '3012',
          ServiceCode: '101',
          ApplicationTransactionCounter: '005E',
        },
      },
    }),
  },
};

test.each(Object.entries(EMV))('%s derives from a key with NoRestrictions', async (_, { usage, path, body }) => {
  const [free, bound] = [await unrestricted(usage), await derivation(usage)];
  const answer = await post(path(free), body(free));
  expect(answer).toEqual(await post(path(bound), body(bound)));
  expect(answer).toMatchObject({ KeyCheckValue: '08D7B4' });
});

test('GenerateAs2805KekValidation accepts a KEK with NoRestrictions, for requests and responses', async () => {
  const KeyIdentifier = await unrestricted('TR31_K0_KEY_ENCRYPTION_KEY');
  const validate = (KekValidationType: object) =>
    post('/as2805kekvalidation/generate', {
      KeyIdentifier,
      KekValidationType,
      RandomKeySendVariantMask: 'VARIANT_MASK_82',
    });
  const sent = await validate({ KekValidationRequest: { DeriveKeyAlgorithm: 'TDES_2KEY' } });
  expect(await validate({ KekValidationResponse: { RandomKeySend: sent['RandomKeySend'] } })).toEqual(sent);
});

test('a KEK with NoRestrictions unwraps a key in a data-plane call', async () => {
  const kek = await unrestricted('TR31_K1_KEY_BLOCK_PROTECTION_KEY');
  const working = {
    clear: 'FEDCBA98765432100123456789ABCDEF',
    usage: 'TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY',
    algorithm: 'TDES_2KEY',
    modes: ['NoRestrictions'],
  } as const;
  const block = keyBlock({ algorithm: 'TDES', key: Buffer.from(CLEAR, 'hex') }, working);
  const body = { PlainText: '0011223344556677', EncryptionAttributes: { Symmetric: { Mode: 'ECB' } } };
  const WrappedKey = { WrappedKeyMaterial: { Tr31KeyBlock: block } };
  const stored = await imports.importKey(working);
  expect(await post(`/keys/${encodeURIComponent(kek)}/encrypt`, { ...body, WrappedKey })).toEqual(
    await post(`/keys/${encodeURIComponent(stored.KeyArn)}/encrypt`, body),
  );
});

test('ReEncryptData refuses a data key with NoRestrictions', async () => {
  const key = await unrestricted('TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY');
  const attributes = { Symmetric: { Mode: 'ECB' } };
  expect(
    await post(`/keys/${encodeURIComponent(key)}/reencrypt`, {
      OutgoingKeyIdentifier: key,
      CipherText: '00112233445566770011223344556677',
      IncomingEncryptionAttributes: attributes,
      OutgoingEncryptionAttributes: attributes,
    }),
  ).toMatchObject({ message: expect.stringMatching(/^KeyUsages not allowed/) });
});
