import { P0, V2, B0, PEK, VISA, UNDECODABLE, usePins } from '../../../support/pin.js';
import * as oracle from '../../../support/pin-oracle.js';

const { service, key, post, expectOk, expectInvalid } = usePins();

describe('VerifyPinData', () => {
  const pin = '1234';
  const verification = async (more: object = {}) => ({
    VerificationKeyIdentifier: (await key(V2, PEK)).arn,
    EncryptionKeyIdentifier: (await key(P0, PEK)).arn,
    VerificationAttributes: { VisaPin: { ...VISA, VerificationValue: '6776' } },
    EncryptedPinBlock: oracle.format0(PEK, pin, '5432101234567890'),
    PrimaryAccountNumber: '5432101234567890',
    PinBlockFormat: 'ISO_FORMAT_0',
    ...more,
  });

  test('answers every wrong PIN with the same error', async () => {
    await expectOk('pindata/verify', await verification());
    const blockOf = (wrong: string) => oracle.format0(PEK, wrong, '5432101234567890');
    const answers = new Set<string>();
    for (const more of [
      { EncryptedPinBlock: blockOf('1235') },
      { EncryptedPinBlock: blockOf('9999') },
      { EncryptedPinBlock: blockOf('012345678901') },
      { PinDataLength: 5 },
      { EncryptedPinBlock: blockOf('1235'), PinDataLength: 5 },
      { VerificationAttributes: { VisaPin: { ...VISA, VerificationValue: '6777' } } },
      { VerificationAttributes: { VisaPin: { PinVerificationKeyIndex: 2, VerificationValue: '6776' } } },
    ]) {
      const { status, headers, text } = await post('pindata/verify', await verification(more));
      answers.add(`${status} ${headers.get('x-amzn-errortype')} ${text}`);
    }
    expect([...answers].map((text) => [text.slice(0, 31), JSON.parse(text.slice(31)) as object])).toEqual([
      [
        '400 VerificationFailedException',
        {
          __type: 'VerificationFailedException',
          Reason: 'INVALID_PIN',
          Message: 'Pin block verification failed.',
          message: 'Pin block verification failed.',
        },
      ],
    ]);
  });

  test('logs neither the PIN block nor the PAN nor the PIN verification value', async () => {
    const input = await verification();
    await expectOk('pindata/verify', input);
    await post('pindata/verify', await verification({ PinDataLength: 5 }));
    const log = JSON.stringify(service.log);
    for (const secret of [input.EncryptedPinBlock, input.PrimaryAccountNumber, '"6776"', PEK])
      expect(log).not.toContain(secret);
  });

  interface DukptPin {
    bdk: string;
    ksn: string;
    type: string;
    format: 0 | 4;
    block: string;
  }

  test.each<DukptPin>([
    {
      bdk: '67B3FB01DA1C078943087AADD0F12C58',
      ksn: 'FFFF9D4C5E72C96000C4',
      type: 'TDES_2KEY',
      format: 0,
      block: '0AEB2FD5BA279BEE',
    },
    {
      bdk: 'D1CA971B2C8CFCF276EE04AE6FEE6AE9',
      ksn: '33FAF55E1C7CE7F800000005',
      type: 'AES_128',
      format: 4,
      block: '62C6CD9367FB1ECD4F6D01D0A96CD251',
    },
    {
      bdk: 'D1CA971B2C8CFCF276EE04AE6FEE6AE9',
      ksn: '33FAF55E1C7CE7F800000005',
      type: 'TDES_2KEY',
      format: 0,
      block: '50F6715F068EEA06',
    },
  ])('verifies a PIN under DUKPT: $type in format $format', async ({ bdk, ksn, type, format, block }) => {
    const pan = '4338468788595647';
    const pvk = await key(V2, PEK);
    const pek = await key(P0, PEK);
    const { PinData } = (await expectOk('pindata/generate', {
      GenerationKeyIdentifier: pvk.arn,
      EncryptionKeyIdentifier: pek.arn,
      GenerationAttributes: {
        VisaPinVerificationValue: {
          EncryptedPinBlock: oracle.format0(PEK, '3882', pan),
          PinVerificationKeyIndex: 0,
        },
      },
      PrimaryAccountNumber: pan,
      PinBlockFormat: 'ISO_FORMAT_0',
    })) as unknown as { PinData: { VerificationValue: string } };
    const base = await key(B0, bdk, ksn.length === 24 ? 'AES' : 'TDES');
    const verify = (DukptAttributes?: object) => ({
      VerificationKeyIdentifier: pvk.arn,
      EncryptionKeyIdentifier: base.arn,
      VerificationAttributes: { VisaPin: { PinVerificationKeyIndex: 0, ...PinData } },
      EncryptedPinBlock: block,
      PrimaryAccountNumber: pan,
      PinBlockFormat: `ISO_FORMAT_${format}`,
      DukptAttributes,
    });
    expect(
      await expectOk('pindata/verify', verify({ KeySerialNumber: ksn.toLowerCase(), DukptDerivationType: type })),
    ).toEqual({
      VerificationKeyArn: pvk.arn,
      VerificationKeyCheckValue: pvk.kcv,
      EncryptionKeyArn: base.arn,
      EncryptionKeyCheckValue: base.kcv,
    });
    const next = ksn.replace(/.$/, (digit) => (digit === '6' ? '7' : '6'));
    await expectInvalid('pindata/verify', verify({ KeySerialNumber: next, DukptDerivationType: type }), UNDECODABLE);
    await expectInvalid('pindata/verify', verify(), `KeyUsage of the input key ${base.arn} is invalid`);
    await expectInvalid('pindata/verify', verify({ KeySerialNumber: ksn }), 'DukptDerivationType is required');
  });

  const visaPin = (VerificationValue: string) => ({
    VerificationAttributes: { VisaPin: { ...VISA, VerificationValue } },
  });
  test.each([
    [
      'a missing PAN',
      { PrimaryAccountNumber: undefined },
      'PrimaryAccountNumber is required for PIN block format ISO_FORMAT_0.',
    ],
    ['a PVV of 5 digits', visaPin('67760'), 'VerificationValue must have 4 digits'],
    ['a PVV of 3 digits', visaPin('677'), 'VerificationValue must be at least 4'],
    [
      'both variants',
      { VerificationAttributes: { ...visaPin('6776').VerificationAttributes, Ibm3624Pin: {} } },
      '/VerificationAttributes',
    ],
    [
      'a block that is not hexadecimal',
      { EncryptedPinBlock: 'G'.repeat(16) },
      '/EncryptedPinBlock must be hexadecimal digits',
    ],
    [
      'DUKPT attributes for a PEK',
      { DukptAttributes: { KeySerialNumber: 'FFFF9D4C5E72C96000C4', DukptDerivationType: 'TDES_2KEY' } },
      'KeyUsage of the input key',
    ],
  ])('rejects %s', async (_, more, message) => {
    await expectInvalid('pindata/verify', await verification(more), message);
  });
});
