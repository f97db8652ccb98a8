import { altered } from '../../../support/altered.js';
import {
  P0,
  V1,
  V2,
  PEK,
  AES_PEK,
  PAN,
  VISA,
  UNDECODABLE,
  translation,
  usePins,
  type Format,
} from '../../../support/pin.js';
import { vectors } from '../../../support/vectors.js';
import * as oracle from '../../../support/pin-oracle.js';
import pinblock from '../../../vectors/pinblock.json' with { type: 'json' };

const { service, key, expectInvalid } = usePins({ KEYBLOCK_WEAK_DECIMALIZATION: 'allow' });

describe('GeneratePinData and VerifyPinData with published vectors', () => {
  interface Pvv {
    pvk: string;
    pan: string;
    pvki: number;
    pin: string;
    expected: { pvv: string };
  }

  test.each(vectors<Pvv>('pin', 'Visa PVV'))('match $id, PVV: $source', async ({ pvk, pan, pvki, pin, expected }) => {
    const generation = await key(V2, pvk);
    const encryption = await key(P0, PEK);
    const EncryptedPinBlock = oracle.format0(PEK, pin, pan);
    const common = {
      EncryptionKeyIdentifier: encryption.arn,
      PrimaryAccountNumber: pan,
      PinBlockFormat: 'ISO_FORMAT_0',
    };
    const generated = await service.dataPlane
      .generatePinData({
        ...common,
        GenerationKeyIdentifier: generation.arn,
        GenerationAttributes: { VisaPinVerificationValue: { EncryptedPinBlock, PinVerificationKeyIndex: pvki } },
      })
      .promise();
    expect(generated).toEqual({
      GenerationKeyArn: generation.arn,
      GenerationKeyCheckValue: generation.kcv,
      EncryptionKeyArn: encryption.arn,
      EncryptionKeyCheckValue: encryption.kcv,
      EncryptedPinBlock,
      PinData: { VerificationValue: expected.pvv },
    });

    const verify = (VerificationValue: string) =>
      service.dataPlane
        .verifyPinData({
          ...common,
          VerificationKeyIdentifier: generation.arn,
          EncryptedPinBlock,
          VerificationAttributes: { VisaPin: { PinVerificationKeyIndex: pvki, VerificationValue } },
        })
        .promise();
    expect(await verify(expected.pvv)).toEqual({
      VerificationKeyArn: generation.arn,
      VerificationKeyCheckValue: generation.kcv,
      EncryptionKeyArn: encryption.arn,
      EncryptionKeyCheckValue: encryption.kcv,
    });
    await expect(verify(altered(expected.pvv))).rejects.toMatchObject({
      code: 'VerificationFailedException',
      statusCode: 400,
      message: 'Pin block verification failed.',
    });
  });

  interface Ibm3624 {
    pvk: string;
    validationData: string;
    padCharacter: string;
    decimalizationTable: string;
    expected: { naturalPin: string; offset: string; pin: string };
  }

  test.each(vectors<Ibm3624>('pin', 'IBM 3624'))('match $id, IBM 3624: $source', async (vector) => {
    const { expected } = vector;
    const generation = await key(V1, vector.pvk);
    const encryption = await key(P0, PEK);
    const ibm = {
      DecimalizationTable: vector.decimalizationTable,
      PinValidationDataPadCharacter: vector.padCharacter,
      PinValidationData: vector.validationData,
    };
    const common = {
      EncryptionKeyIdentifier: encryption.arn,
      PrimaryAccountNumber: PAN,
      PinBlockFormat: 'ISO_FORMAT_0',
    };
    const generate = async (GenerationAttributes: object, PinDataLength?: number) => {
      const generated = await service.dataPlane
        .generatePinData({ ...common, GenerationKeyIdentifier: generation.arn, GenerationAttributes, PinDataLength })
        .promise();
      return { block: generated.EncryptedPinBlock, offset: generated.PinData.PinOffset };
    };
    const blockOf = (pin: string) => oracle.format0(PEK, pin, PAN);
    const block = blockOf(expected.pin);

    expect(await generate({ Ibm3624NaturalPin: ibm }, expected.naturalPin.length)).toEqual({
      block: blockOf(expected.naturalPin),
      offset: '0'.repeat(expected.naturalPin.length),
    });
    const byOffset = { block, offset: expected.offset };
    expect(await generate({ Ibm3624PinOffset: { ...ibm, EncryptedPinBlock: block } })).toEqual(byOffset);
    expect(await generate({ Ibm3624PinFromOffset: { ...ibm, PinOffset: expected.offset } })).toEqual(byOffset);

    const verify = (PinOffset: string) =>
      service.dataPlane
        .verifyPinData({
          ...common,
          VerificationKeyIdentifier: generation.arn,
          EncryptedPinBlock: block,
          VerificationAttributes: { Ibm3624Pin: { ...ibm, PinOffset } },
        })
        .promise();
    await verify(expected.offset);
    const ofAnotherLength = expected.offset.length === 12 ? expected.offset.slice(0, -1) : `${expected.offset}0`;
    for (const wrong of [expected.offset.replace(/^./, (digit) => `${(Number(digit) + 9) % 10}`), ofAnotherLength])
      await expect(verify(wrong)).rejects.toMatchObject({ code: 'VerificationFailedException' });

    const random = await generate({ Ibm3624RandomPin: ibm }, 12);
    const digits = oracle.pinField(PEK, random.block, PAN).slice(2, 14);
    const fromOffset = await generate({ Ibm3624PinFromOffset: { ...ibm, PinOffset: random.offset } });
    expect(oracle.pinField(PEK, fromOffset.block, PAN).slice(2, 14)).toBe(digits);
  });
});

describe('A PIN block without a valid PIN', () => {
  interface InvalidBlock {
    id: string;
    format: Format;
    pan?: string;
    defect: string;
    key: string;
    encryptedPinBlock: string;
  }

  test.each(pinblock.invalid as InvalidBlock[])(
    'is refused: $id, format $format, $defect',
    async ({ format, pan = PAN, key: clear, encryptedPinBlock }) => {
      const { arn } = await key(P0, clear, format === 4 ? 'AES' : 'TDES');
      const { arn: pvk } = await key(V2, PEK);
      const side = { arn, format, pan };
      const common = {
        EncryptionKeyIdentifier: arn,
        PrimaryAccountNumber: pan,
        PinBlockFormat: `ISO_FORMAT_${format}`,
      };
      await expectInvalid('pindata/translate', translation(encryptedPinBlock, side, side), UNDECODABLE);
      await expectInvalid(
        'pindata/verify',
        {
          ...common,
          VerificationKeyIdentifier: pvk,
          EncryptedPinBlock: encryptedPinBlock,
          VerificationAttributes: { VisaPin: { ...VISA, VerificationValue: '0000' } },
        },
        UNDECODABLE,
      );
      await expectInvalid(
        'pindata/generate',
        {
          ...common,
          GenerationKeyIdentifier: pvk,
          GenerationAttributes: { VisaPinVerificationValue: { ...VISA, EncryptedPinBlock: encryptedPinBlock } },
        },
        UNDECODABLE,
      );
    },
  );

  test.each<[Format, string]>([
    [0, '0'.repeat(17)],
    [0, '0'.repeat(32)],
    [1, '0'.repeat(18)],
    [3, '0'.repeat(31)],
    [4, '0'.repeat(16)],
    [4, '0'.repeat(31)],
  ])('is refused without the length of format %i: %s', async (format, block) => {
    const { arn } = await key(P0, format === 4 ? AES_PEK : PEK, format === 4 ? 'AES' : 'TDES');
    const { arn: pvk } = await key(V2, PEK);
    const message = `EncryptedPinBlock must have ${format === 4 ? 32 : 16} hexadecimal digits in ISO_FORMAT_${format}.`;
    const common = { EncryptionKeyIdentifier: arn, PrimaryAccountNumber: PAN, PinBlockFormat: `ISO_FORMAT_${format}` };
    await expectInvalid(
      'pindata/verify',
      {
        ...common,
        VerificationKeyIdentifier: pvk,
        EncryptedPinBlock: block,
        VerificationAttributes: { VisaPin: { ...VISA, VerificationValue: '0000' } },
      },
      message,
    );
    await expectInvalid(
      'pindata/generate',
      {
        ...common,
        GenerationKeyIdentifier: pvk,
        GenerationAttributes: { VisaPinVerificationValue: { EncryptedPinBlock: block, ...VISA } },
      },
      message,
    );
    const side = { arn, format, pan: PAN };
    await expectInvalid(
      'pindata/translate',
      translation(block, side, side),
      block.length % 2 === 0 ? message : '/EncryptedPinBlock must be an even number of hexadecimal digits',
    );
  });
});
