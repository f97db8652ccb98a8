import { IBM_3624, P0, PAN, PEK, usePins, V1 } from '../../../support/pin.js';
import * as oracle from '../../../support/pin-oracle.js';

const strict = usePins();
const lenient = usePins({ KEYBLOCK_WEAK_DECIMALIZATION: 'allow' });

const ZEROS = '0000000000000000';
const MESSAGE =
  'DecimalizationTable must have at least 8 different digits, and none more than 4 times: other tables reveal PINs. ' +
  'The operator can allow them with KEYBLOCK_WEAK_DECIMALIZATION.';
const EncryptedPinBlock = oracle.format0(PEK, '4711', PAN);

async function generation({ key }: typeof strict, GenerationAttributes: object) {
  return {
    GenerationKeyIdentifier: (await key(V1, PEK)).arn,
    EncryptionKeyIdentifier: (await key(P0, PEK)).arn,
    GenerationAttributes,
    PrimaryAccountNumber: PAN,
    PinBlockFormat: 'ISO_FORMAT_0',
  };
}

async function verification({ key }: typeof strict, DecimalizationTable: string, PinOffset: string) {
  return {
    VerificationKeyIdentifier: (await key(V1, PEK)).arn,
    EncryptionKeyIdentifier: (await key(P0, PEK)).arn,
    VerificationAttributes: { Ibm3624Pin: { ...IBM_3624, DecimalizationTable, PinOffset } },
    EncryptedPinBlock,
    PrimaryAccountNumber: PAN,
    PinBlockFormat: 'ISO_FORMAT_0',
  };
}

describe.each([
  ['sixteen zeros, under which the offset is the PIN', ZEROS],
  ['zeros and a one', '0000000000000001'],
  ['seven different digits', '0123456012345601'],
  ['five equal digits', '0000012345670123'],
])('a table of %s is refused', (_, DecimalizationTable) => {
  const weak = { ...IBM_3624, DecimalizationTable };

  test.each<[string, object]>([
    ['Ibm3624PinOffset', { EncryptedPinBlock }],
    ['Ibm3624NaturalPin', {}],
    ['Ibm3624RandomPin', {}],
    ['Ibm3624PinFromOffset', { PinOffset: '1234' }],
  ])('by GeneratePinData with %s', async (variant, more) => {
    const input = await generation(strict, { [variant]: { ...weak, ...more } });
    await strict.expectInvalid('pindata/generate', input, new RegExp(`^${MESSAGE}$`));
  });

  test('by VerifyPinData, whether the PIN is right or not', async () => {
    for (const offset of ['4711', '0000'])
      await strict.expectInvalid('pindata/verify', await verification(strict, DecimalizationTable, offset), MESSAGE);
  });
});

test('accepts a usual table', async () => {
  const input = await generation(strict, { Ibm3624PinOffset: { ...IBM_3624, EncryptedPinBlock } });
  const { PinData } = await strict.expectOk<{ PinData: { PinOffset: string } }>('pindata/generate', input);
  await strict.expectOk('pindata/verify', await verification(strict, IBM_3624.DecimalizationTable, PinData.PinOffset));
});

test('accepts weak tables if the operator allows them', async () => {
  const Ibm3624PinOffset = { ...IBM_3624, DecimalizationTable: ZEROS, EncryptedPinBlock };
  const { PinData } = await lenient.expectOk<{ PinData: { PinOffset: string } }>(
    'pindata/generate',
    await generation(lenient, { Ibm3624PinOffset }),
  );
  expect(PinData.PinOffset).toBe('4711');
  await lenient.expectOk('pindata/verify', await verification(lenient, ZEROS, '4711'));
});
