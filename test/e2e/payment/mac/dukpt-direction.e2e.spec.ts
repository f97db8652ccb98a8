import { apiOf, useService } from '../../../support/api.js';
import { importKeys } from '../../../support/import.js';

const service = useService();
let tdes: string;
let aes: string;
let pek: string;
beforeAll(async () => {
  const { importKey } = await importKeys(service);
  const bdk = { usage: 'TR31_B0_BASE_DERIVATION_KEY', modes: ['DeriveKey'] } as const;
  const clear = '0123456789ABCDEFFEDCBA9876543210';
  tdes = (await importKey({ ...bdk, algorithm: 'TDES_2KEY', clear })).KeyArn;
  aes = (await importKey({ ...bdk, algorithm: 'AES_128', clear })).KeyArn;
  const cipher = ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap'] as const;
  pek = (await importKey({ usage: 'TR31_P0_PIN_ENCRYPTION_KEY', algorithm: 'TDES_2KEY', clear, modes: cipher })).KeyArn;
});

const DATA = '00112233445566778899AABBCCDDEEFF';
const KSN = { TDES: 'FFFF9876543210E00001', AES: '123456789012345600000001' };
type Variant = 'REQUEST' | 'RESPONSE' | 'BIDIRECTIONAL';

const { answerTo } = apiOf(service);
const keyPath = (key: string, what: string) => `keys/${encodeURIComponent(key)}/${what}`;
const mac = (algorithm: string) => ({
  generate: (key: string, dukpt: object) =>
    answerTo('mac/generate', {
      KeyIdentifier: key,
      MessageData: DATA,
      GenerationAttributes: { [algorithm]: { DukptDerivationType: 'TDES_2KEY', ...dukpt } },
    }),
  verify: (key: string, dukpt: object) =>
    answerTo('mac/verify', {
      KeyIdentifier: key,
      MessageData: DATA,
      Mac: '00000000',
      VerificationAttributes: { [algorithm]: { DukptDerivationType: 'TDES_2KEY', ...dukpt } },
    }),
});
const PAN = { PrimaryAccountNumber: '4000001234567899' };
const TYPE = { DukptKeyDerivationType: 'TDES_2KEY' };
const translate = (side: 'Incoming' | 'Outgoing') => (key: string, dukpt: object) =>
  answerTo('pindata/translate', {
    IncomingKeyIdentifier: pek,
    OutgoingKeyIdentifier: pek,
    [`${side}KeyIdentifier`]: key,
    IncomingTranslationAttributes: { IsoFormat0: PAN },
    OutgoingTranslationAttributes: { IsoFormat0: PAN },
    EncryptedPinBlock: 'AC17DC148BDA645E',
    [`${side}DukptAttributes`]: { ...TYPE, ...dukpt },
  });
const reEncrypt = (key: string, attributes: object) =>
  answerTo(keyPath(key, 'reencrypt'), {
    CipherText: DATA,
    OutgoingKeyIdentifier: key,
    IncomingEncryptionAttributes: attributes,
    OutgoingEncryptionAttributes: attributes,
  });

/** Every use of a DUKPT key, with a call for it. */
const USES: Record<string, (key: string, dukpt: object) => Promise<Record<string, unknown>>> = {
  EncryptData: (key, dukpt) =>
    answerTo(keyPath(key, 'encrypt'), { PlainText: DATA, EncryptionAttributes: { Dukpt: { ...TYPE, ...dukpt } } }),
  DecryptData: (key, dukpt) =>
    answerTo(keyPath(key, 'decrypt'), { CipherText: DATA, DecryptionAttributes: { Dukpt: { ...TYPE, ...dukpt } } }),
  ReEncryptData: (key, dukpt) => reEncrypt(key, { Dukpt: { ...TYPE, ...dukpt } }),
  'GenerateMac, algorithm 1': mac('DukptIso9797Algorithm1').generate,
  'GenerateMac, algorithm 3': mac('DukptIso9797Algorithm3').generate,
  'GenerateMac, CMAC': mac('DukptCmac').generate,
  'VerifyMac, algorithm 1': mac('DukptIso9797Algorithm1').verify,
  'VerifyMac, algorithm 3': mac('DukptIso9797Algorithm3').verify,
  'VerifyMac, CMAC': mac('DukptCmac').verify,
  'TranslatePinData, incoming': translate('Incoming'),
  'TranslatePinData, outgoing': translate('Outgoing'),
};

const isRefused = (key: string): unknown =>
  expect.objectContaining({
    __type: 'ValidationException',
    message: `DukptKeyVariant BIDIRECTIONAL is invalid for a base derivation key of ${key}: use REQUEST or RESPONSE.`,
  });

describe.each(Object.entries(USES))('%s', (_, use) => {
  test('refuses BIDIRECTIONAL for a TDES base derivation key', async () => {
    expect(await use(tdes, { KeySerialNumber: KSN.TDES, DukptKeyVariant: 'BIDIRECTIONAL' })).toEqual(
      isRefused('TDES_2KEY'),
    );
  });

  test.each(['REQUEST', 'RESPONSE', 'BIDIRECTIONAL'] as Variant[])(
    'accepts %s for an AES base derivation key',
    async (variant) => {
      const answer = await use(aes, { KeySerialNumber: KSN.AES, DukptKeyVariant: variant });
      expect(JSON.stringify(answer)).not.toContain('DukptKeyVariant');
    },
  );
});

test('an AES base derivation key has a different key for each direction', async () => {
  const { EncryptData, 'GenerateMac, CMAC': generateMac } = USES;
  for (const [use, member] of [
    [EncryptData!, 'CipherText'],
    [generateMac!, 'Mac'],
  ] as const) {
    const results = ['REQUEST', 'RESPONSE', 'BIDIRECTIONAL'].map((DukptKeyVariant) =>
      use(aes, { KeySerialNumber: KSN.AES, DukptKeyVariant }),
    );
    const values = (await Promise.all(results)).map((answer) => answer[member]);
    expect(values).not.toContain(undefined);
    expect(new Set(values).size).toBe(3);
  }
});
