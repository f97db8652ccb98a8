import { StopKeyUsageCommand } from '@aws-sdk/client-payment-cryptography';
import { altered } from '../../../support/altered.js';
import { useService, apiOf, invalid, MAC } from '../../../support/api.js';
import { createKeyOf } from '../../../support/keys.js';

const service = useService();

const M1 = 'TR31_M1_ISO_9797_1_MAC_KEY';
const M3 = 'TR31_M3_ISO_9797_3_MAC_KEY';
const M6 = 'TR31_M6_ISO_9797_5_CMAC_KEY';
const M7 = 'TR31_M7_HMAC_KEY';
const M0 = 'TR31_M0_ISO_16609_MAC_KEY';

const create = (usage: string, algorithm: string, modes: readonly string[]) =>
  createKeyOf(service, { usage, algorithm, modes });

const generateMac = (KeyIdentifier: string, Algorithm: string, MessageData: string, MacLength?: number) =>
  service.dataPlane
    .generateMac({ KeyIdentifier, MessageData, MacLength, GenerationAttributes: { Algorithm } })
    .promise();
const verifyMac = (KeyIdentifier: string, Algorithm: string, MessageData: string, Mac: string, MacLength?: number) =>
  service.dataPlane
    .verifyMac({ KeyIdentifier, MessageData, Mac, MacLength, VerificationAttributes: { Algorithm } })
    .promise();

const MESSAGE = '0102030405060708090A0B0C0D0E0F1011';

describe('GenerateMac and VerifyMac', () => {
  test.each([
    ['ISO9797_ALGORITHM1', M1, 'TDES_2KEY', 8, 4],
    ['ISO9797_ALGORITHM1', M1, 'TDES_3KEY', 8, 4],
    ['ISO9797_ALGORITHM3', M3, 'TDES_2KEY', 8, 4],
    ['ISO9797_ALGORITHM3', M3, 'TDES_3KEY', 8, 4],
    ['AS2805_4_1', M0, 'TDES_2KEY', 8, 4],
    ['CMAC', M6, 'TDES_2KEY', 8, 8],
    ['CMAC', M6, 'TDES_3KEY', 8, 8],
    ['CMAC', M6, 'AES_128', 16, 16],
    ['CMAC', M6, 'AES_192', 16, 16],
    ['CMAC', M6, 'AES_256', 16, 16],
    ['HMAC', M7, 'HMAC_SHA224', 28, 28],
    ['HMAC', M7, 'HMAC_SHA256', 32, 32],
    ['HMAC_SHA256', M7, 'HMAC_SHA256', 32, 32],
    ['HMAC', M7, 'HMAC_SHA384', 48, 48],
    ['HMAC_SHA512', M7, 'HMAC_SHA512', 64, 64],
  ])(
    'generate and verify %s with a key of %s, %s',
    async (algorithm, usage, keyAlgorithm, wholeBytes, defaultBytes) => {
      const { arn, kcv } = await create(usage, keyAlgorithm, MAC);
      const whole = await generateMac(arn, algorithm, MESSAGE, 32);
      expect(whole).toMatchObject({ KeyArn: arn, KeyCheckValue: kcv });
      expect(whole.Mac).toMatch(/^[0-9A-F]+$/);
      expect(whole.Mac).toHaveLength(2 * Math.min(wholeBytes, 32));
      const usual = await generateMac(arn, algorithm, MESSAGE);
      expect(usual.Mac).toHaveLength(2 * defaultBytes);
      expect(usual.Mac.slice(0, 64)).toBe(whole.Mac.slice(0, 2 * defaultBytes));
      expect((await generateMac(arn, algorithm, MESSAGE, 4)).Mac).toBe(whole.Mac.slice(0, 8));

      for (const mac of [usual.Mac, usual.Mac.toLowerCase(), whole.Mac.slice(0, 8)])
        expect(await verifyMac(arn, algorithm, MESSAGE, mac)).toEqual({ KeyArn: arn, KeyCheckValue: kcv });
      expect(await verifyMac(arn, algorithm, MESSAGE, whole.Mac.slice(0, 8), 4)).toBeTruthy();

      await expect(verifyMac(arn, algorithm, MESSAGE, altered(usual.Mac))).rejects.toMatchObject({
        code: 'VerificationFailedException',
        statusCode: 400,
        message: 'Mac verification failed.',
      });
      await expect(verifyMac(arn, algorithm, `${MESSAGE}00FF`, usual.Mac)).rejects.toMatchObject({
        code: 'VerificationFailedException',
      });
    },
  );

  test('give the reason for a failed verification', async () => {
    const { arn } = await create(M6, 'AES_128', MAC);
    const { json } = await apiOf(service).post('mac/verify', {
      KeyIdentifier: arn,
      MessageData: MESSAGE,
      Mac: '00000000',
      VerificationAttributes: { Algorithm: 'CMAC' },
    });
    expect(json).toMatchObject({ Reason: 'INVALID_MAC', Message: 'Mac verification failed.' });
  });

  // The check value of these keys is the beginning of the MAC of a zero block, computed by other code.
  test.each([
    ['CMAC', M6, 'AES_256', 16],
    ['ISO9797_ALGORITHM1', M1, 'TDES_3KEY', 8],
    ['ISO9797_ALGORITHM3', M3, 'TDES_2KEY', 8],
    ['AS2805_4_1', M0, 'TDES_2KEY', 8],
  ])(
    'generate a %s of zeros that begins with the check value of the key',
    async (algorithm, usage, keyAlgorithm, blockBytes) => {
      const { arn, kcv } = await create(usage, keyAlgorithm, MAC);
      expect((await generateMac(arn, algorithm, '00'.repeat(blockBytes), 4)).Mac.slice(0, 6)).toBe(kcv);
    },
  );

  test('accept a message of the maximum length', async () => {
    const { arn } = await create(M3, 'TDES_2KEY', MAC);
    const { Mac } = await generateMac(arn, 'ISO9797_ALGORITHM3', 'AB'.repeat(4096), 8);
    await verifyMac(arn, 'ISO9797_ALGORITHM3', 'ab'.repeat(4096), Mac);
    await expect(generateMac(arn, 'ISO9797_ALGORITHM3', 'AB'.repeat(4097))).rejects.toEqual(invalid('MessageData'));
  });

  test.each([
    ['a key with another usage', M3, 'TDES_2KEY', MAC, 'CMAC', 'KeyUsage'],
    ['an HMAC of another hash', M7, 'HMAC_SHA256', MAC, 'HMAC_SHA384', 'KeyAlgorithm'],
    ['a key that may only verify', M6, 'AES_128', ['Verify'], 'CMAC', 'KeyModesOfUse'],
  ])('reject %s', async (_, usage, algorithm, modes, asked, attribute) => {
    const { arn } = await create(usage, algorithm, modes);
    await expect(generateMac(arn, asked, MESSAGE)).rejects.toMatchObject({
      code: 'ValidationException',
      message: `${attribute} of the input key ${arn} is invalid for the operation.`,
    });
  });

  test('do not verify with a key that may only generate', async () => {
    const { arn } = await create(M6, 'AES_128', ['Generate']);
    const { Mac } = await generateMac(arn, 'CMAC', MESSAGE);
    await expect(verifyMac(arn, 'CMAC', MESSAGE, Mac)).rejects.toEqual(invalid('KeyModesOfUse'));
  });

  test('accept a key with NoRestrictions', async () => {
    const { arn } = await create(M6, 'AES_128', ['NoRestrictions']);
    await verifyMac(arn, 'CMAC', MESSAGE, (await generateMac(arn, 'CMAC', MESSAGE)).Mac);
  });

  test('reject a stopped key at once', async () => {
    const { arn } = await create(M6, 'AES_128', MAC);
    await generateMac(arn, 'CMAC', MESSAGE);
    await service.controlPlane.send(new StopKeyUsageCommand({ KeyIdentifier: arn }));
    await expect(generateMac(arn, 'CMAC', MESSAGE)).rejects.toEqual(invalid(`Key ${arn} is not in an enabled state.`));
  });

  test.each([
    ['a CMAC of a message under 8 bytes', M6, 'AES_128', 'CMAC', '01020304050607'],
    ['an odd number of digits', M3, 'TDES_2KEY', 'ISO9797_ALGORITHM3', '010'],
    ['an empty message', M3, 'TDES_2KEY', 'ISO9797_ALGORITHM3', ''],
    ['characters that are not hexadecimal', M3, 'TDES_2KEY', 'ISO9797_ALGORITHM3', 'GG'],
  ])('reject %s', async (_, usage, algorithm, asked, message) => {
    const { arn } = await create(usage, algorithm, MAC);
    await expect(generateMac(arn, asked, message)).rejects.toEqual(invalid('MessageData'));
  });

  test.each([
    ['6 bytes of a TDES MAC', M3, 'TDES_2KEY', 'ISO9797_ALGORITHM3', '00'.repeat(6), undefined],
    ['more than a TDES MAC', M3, 'TDES_2KEY', 'ISO9797_ALGORITHM3', '00'.repeat(9), undefined],
    ['2 bytes', M6, 'AES_128', 'CMAC', '0000', undefined],
    ['more than an AES CMAC', M6, 'AES_128', 'CMAC', '00'.repeat(17), undefined],
    ['a MAC whose length is not MacLength', M6, 'AES_128', 'CMAC', '00'.repeat(16), 8],
  ])('do not verify %s', async (_, usage, algorithm, asked, mac, length) => {
    const { arn } = await create(usage, algorithm, MAC);
    await expect(verifyMac(arn, asked, MESSAGE, mac, length)).rejects.toEqual(invalid(/Mac/));
  });

  test.each([3, 33])('reject a MacLength of %i', async (length) => {
    const { arn } = await create(M6, 'AES_128', MAC);
    await expect(generateMac(arn, 'CMAC', MESSAGE, length)).rejects.toEqual(invalid('MacLength'));
  });
});
