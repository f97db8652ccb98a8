import { P0, V1, V2, PEK, OTHER_PEK, AES_PEK, PAN, VISA, IBM_3624, usePins } from '../../../support/pin.js';
import * as oracle from '../../../support/pin-oracle.js';

const { key, post, expectOk, expectInvalid } = usePins();

describe('GeneratePinData', () => {
  const generation = async (variant: object, more: object = {}) => ({
    GenerationKeyIdentifier: (await key('VisaPin' in variant ? V2 : V1, PEK)).arn,
    EncryptionKeyIdentifier: (await key(P0, OTHER_PEK)).arn,
    GenerationAttributes: variant,
    PrimaryAccountNumber: PAN,
    PinBlockFormat: 'ISO_FORMAT_0',
    ...more,
  });
  const VISA_PIN = { VisaPin: VISA };
  const NATURAL_PIN = { Ibm3624NaturalPin: IBM_3624 };
  const NO_PAN = { PrimaryAccountNumber: undefined };

  test.each(['ISO_FORMAT_0', 'ISO_FORMAT_1', 'ISO_FORMAT_3', 'ISO_FORMAT_4'])(
    'generates random PINs in %s that verify',
    async (PinBlockFormat) => {
      const EncryptionKeyIdentifier = (await key(P0, AES_PEK, PinBlockFormat === 'ISO_FORMAT_4' ? 'AES' : 'TDES')).arn;
      for (const PinDataLength of [undefined, 5, 8, 11, 12]) {
        const more = { EncryptionKeyIdentifier, PinBlockFormat, PinDataLength };
        const input = await generation(VISA_PIN, more);
        const { EncryptedPinBlock, PinData } = (await expectOk('pindata/generate', input)) as unknown as {
          EncryptedPinBlock: string;
          PinData: { VerificationValue: string };
        };
        const verification = {
          VerificationKeyIdentifier: input.GenerationKeyIdentifier,
          EncryptionKeyIdentifier,
          VerificationAttributes: { VisaPin: { ...VISA, ...PinData } },
          EncryptedPinBlock,
          PrimaryAccountNumber: PAN,
          PinBlockFormat,
        };
        await expectOk('pindata/verify', verification);
        await expectOk('pindata/verify', { ...verification, PinDataLength: PinDataLength ?? 4 });
        const other = (PinDataLength ?? 4) === 12 ? 11 : (PinDataLength ?? 4) + 1;
        const { status, json } = await post('pindata/verify', { ...verification, PinDataLength: other });
        expect({ status, reason: json['Reason'] }).toEqual({ status: 400, reason: 'INVALID_PIN' });
      }
    },
  );

  test('generates a different PIN each time', async () => {
    const input = await generation(VISA_PIN, { PinDataLength: 12 });
    const blocks = new Set<string>();
    for (let i = 0; i < 20; i++) blocks.add((await expectOk('pindata/generate', input))['EncryptedPinBlock']!);
    expect(blocks.size).toBe(20);
  });

  test('needs no PAN for IBM 3624 in format 1', async () => {
    const input = await generation(NATURAL_PIN, { ...NO_PAN, PinBlockFormat: 'ISO_FORMAT_1' });
    const { EncryptedPinBlock, PinData } = await expectOk('pindata/generate', input);
    expect(PinData).toEqual({ PinOffset: '0000' });
    expect(oracle.pinField(OTHER_PEK, EncryptedPinBlock!)).toMatch(/^148037/);
  });

  test.each([
    [
      'a missing PAN in format 0',
      NATURAL_PIN,
      NO_PAN,
      'PrimaryAccountNumber is required for PIN block format ISO_FORMAT_0.',
    ],
    [
      'a missing PAN in format 3',
      VISA_PIN,
      { ...NO_PAN, PinBlockFormat: 'ISO_FORMAT_3' },
      'PrimaryAccountNumber is required for PIN block format ISO_FORMAT_3.',
    ],
    [
      'a missing PAN for a PVV',
      VISA_PIN,
      { ...NO_PAN, PinBlockFormat: 'ISO_FORMAT_1' },
      'PrimaryAccountNumber is required for a PIN verification value.',
    ],
    [
      'a PAN of 11 digits',
      VISA_PIN,
      { PrimaryAccountNumber: '55555555512' },
      '/PrimaryAccountNumber must be at least 12',
    ],
    [
      'a PAN of 20 digits',
      VISA_PIN,
      { PrimaryAccountNumber: '55555555555555512345' },
      '/PrimaryAccountNumber must be at most 19',
    ],
    ['a PIN of 3 digits', VISA_PIN, { PinDataLength: 3 }, '/PinDataLength must be at least 4'],
    ['a PIN of 13 digits', VISA_PIN, { PinDataLength: 13 }, '/PinDataLength must be at most 12'],
    [
      'a PVKI of 7',
      { VisaPin: { PinVerificationKeyIndex: 7 } },
      {},
      '/GenerationAttributes/VisaPin/PinVerificationKeyIndex must be at most 6',
    ],
    ['PIN block format 2', VISA_PIN, { PinBlockFormat: 'ISO_FORMAT_2' }, '/PinBlockFormat must be one of'],
    [
      'a pad character in lower case',
      { Ibm3624NaturalPin: { ...IBM_3624, PinValidationDataPadCharacter: 'f' } },
      {},
      'PinValidationDataPadCharacter must be',
    ],
    [
      'a decimalization table of 15 digits',
      { Ibm3624NaturalPin: { ...IBM_3624, DecimalizationTable: '012345678901234' } },
      {},
      'DecimalizationTable must be at least 16',
    ],
    [
      'an offset with hexadecimal digits',
      { Ibm3624PinFromOffset: { ...IBM_3624, PinOffset: '12FF' } },
      {},
      'PinOffset must be digits',
    ],
    ['two variants', { ...VISA_PIN, ...NATURAL_PIN }, {}, '/GenerationAttributes must have exactly one member'],
    ['a missing variant', {}, {}, '/GenerationAttributes must have exactly one member'],
  ])('rejects %s', async (_, variant, more, message) => {
    await expectInvalid('pindata/generate', await generation(variant, more), message);
  });
});
