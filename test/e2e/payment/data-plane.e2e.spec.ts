import { CreateKeyCommand, type KeyAttributes, StopKeyUsageCommand } from '@aws-sdk/client-payment-cryptography';
import { startTestService, type TestService } from '../../support/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
}, 60_000);
afterAll(() => service.stop());

type Modes = NonNullable<KeyAttributes['KeyModesOfUse']>;
const MAC: Modes = { Generate: true, Verify: true };
const CIPHER: Modes = { Encrypt: true, Decrypt: true, Wrap: true, Unwrap: true };

/** Creates a key of `usage/algorithm` and answers its ARN and check value. */
async function create(usage: string, algorithm: string, modes: Modes) {
  const { Key: key } = await service.controlPlane.send(
    new CreateKeyCommand({
      KeyAttributes: {
        KeyUsage: usage as KeyAttributes['KeyUsage'],
        KeyClass: algorithm.startsWith('RSA') ? 'ASYMMETRIC_KEY_PAIR' : 'SYMMETRIC_KEY',
        KeyAlgorithm: algorithm as KeyAttributes['KeyAlgorithm'],
        KeyModesOfUse: modes,
      },
      Exportable: true,
    }),
  );
  return { arn: key!.KeyArn!, kcv: key!.KeyCheckValue! };
}

const M1 = 'TR31_M1_ISO_9797_1_MAC_KEY';
const M3 = 'TR31_M3_ISO_9797_3_MAC_KEY';
const M6 = 'TR31_M6_ISO_9797_5_CMAC_KEY';
const M7 = 'TR31_M7_HMAC_KEY';
const M0 = 'TR31_M0_ISO_16609_MAC_KEY';
const D0 = 'TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY';
const D1 = 'TR31_D1_ASYMMETRIC_KEY_FOR_DATA_ENCRYPTION';

const generateMac = (KeyIdentifier: string, Algorithm: string, MessageData: string, MacLength?: number) =>
  service.dataPlane
    .generateMac({ KeyIdentifier, MessageData, MacLength, GenerationAttributes: { Algorithm } })
    .promise();
const verifyMac = (KeyIdentifier: string, Algorithm: string, MessageData: string, Mac: string, MacLength?: number) =>
  service.dataPlane
    .verifyMac({ KeyIdentifier, MessageData, Mac, MacLength, VerificationAttributes: { Algorithm } })
    .promise();

const invalid = (message: RegExp | string = ''): unknown =>
  expect.objectContaining({ code: 'ValidationException', statusCode: 400, message: expect.stringMatching(message) });

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
  ])('%s with a key of %s, %s', async (algorithm, usage, keyAlgorithm, wholeBytes, defaultBytes) => {
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

    const wrong = usual.Mac.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'));
    await expect(verifyMac(arn, algorithm, MESSAGE, wrong)).rejects.toMatchObject({
      code: 'VerificationFailedException',
      statusCode: 400,
      message: 'Mac verification failed.',
    });
    await expect(verifyMac(arn, algorithm, `${MESSAGE}00FF`, usual.Mac)).rejects.toMatchObject({
      code: 'VerificationFailedException',
    });
  });

  test('tells the reason of a failed verification', async () => {
    const { arn } = await create(M6, 'AES_128', MAC);
    const body = JSON.stringify({
      KeyIdentifier: arn,
      MessageData: MESSAGE,
      Mac: '00000000',
      VerificationAttributes: { Algorithm: 'CMAC' },
    });
    const { json } = await service.send({ path: '/mac/verify', body });
    expect(json).toMatchObject({ Reason: 'INVALID_MAC', Message: 'Mac verification failed.' });
  });

  /** The check value of these keys is the MAC of a block of zeros, by other code than the MAC's. */
  test.each([
    ['CMAC', M6, 'AES_256', 16],
    ['ISO9797_ALGORITHM1', M1, 'TDES_3KEY', 8],
    ['ISO9797_ALGORITHM3', M3, 'TDES_2KEY', 8],
    ['AS2805_4_1', M0, 'TDES_2KEY', 8],
  ])('%s of zeros begins with the check value of its key', async (algorithm, usage, keyAlgorithm, blockBytes) => {
    const { arn, kcv } = await create(usage, keyAlgorithm, MAC);
    expect((await generateMac(arn, algorithm, '00'.repeat(blockBytes), 4)).Mac.slice(0, 6)).toBe(kcv);
  });

  test('takes the longest message there may be', async () => {
    const { arn } = await create(M3, 'TDES_2KEY', MAC);
    const { Mac } = await generateMac(arn, 'ISO9797_ALGORITHM3', 'AB'.repeat(4096), 8);
    await verifyMac(arn, 'ISO9797_ALGORITHM3', 'ab'.repeat(4096), Mac);
    await expect(generateMac(arn, 'ISO9797_ALGORITHM3', 'AB'.repeat(4097))).rejects.toEqual(invalid('MessageData'));
  });

  test.each([
    ['a key of another usage', M3, 'TDES_2KEY', MAC, 'CMAC', 'KeyUsage of the input key ARN is invalid for the operation.'],
    ['an HMAC of another hash', M7, 'HMAC_SHA256', MAC, 'HMAC_SHA384', 'KeyAlgorithm of the input key ARN is invalid for the operation.'],
    ['a key that may only verify', M6, 'AES_128', { Verify: true }, 'CMAC', 'KeyModesOfUse of the input key ARN is invalid for the operation.'],
  ])('refuses %s', async (_, usage, algorithm, modes, asked, message) => {
    const { arn } = await create(usage, algorithm, modes);
    await expect(generateMac(arn, asked, MESSAGE)).rejects.toMatchObject({
      code: 'ValidationException',
      message: message.replace('ARN', arn),
    });
  }); // prettier-ignore

  test('a key that may only generate does not verify', async () => {
    const { arn } = await create(M6, 'AES_128', { Generate: true });
    const { Mac } = await generateMac(arn, 'CMAC', MESSAGE);
    await expect(verifyMac(arn, 'CMAC', MESSAGE, Mac)).rejects.toEqual(invalid('KeyModesOfUse'));
  });

  test('a key without restrictions does both', async () => {
    const { arn } = await create(M6, 'AES_128', { NoRestrictions: true });
    await verifyMac(arn, 'CMAC', MESSAGE, (await generateMac(arn, 'CMAC', MESSAGE)).Mac);
  });

  test('a stopped key is refused at once', async () => {
    const { arn } = await create(M6, 'AES_128', MAC);
    await generateMac(arn, 'CMAC', MESSAGE);
    await service.controlPlane.send(new StopKeyUsageCommand({ KeyIdentifier: arn }));
    await expect(generateMac(arn, 'CMAC', MESSAGE)).rejects.toEqual(invalid(`Key ${arn} is not in an enabled state.`));
  });

  test.each([
    ['CMAC of a message under 8 bytes', M6, 'AES_128', 'CMAC', '01020304050607'],
    ['an odd number of digits', M3, 'TDES_2KEY', 'ISO9797_ALGORITHM3', '010'],
    ['an empty message', M3, 'TDES_2KEY', 'ISO9797_ALGORITHM3', ''],
    ['no hexadecimal', M3, 'TDES_2KEY', 'ISO9797_ALGORITHM3', 'GG'],
  ])('refuses %s', async (_, usage, algorithm, asked, message) => {
    const { arn } = await create(usage, algorithm, MAC);
    await expect(generateMac(arn, asked, message)).rejects.toEqual(invalid('MessageData'));
  });

  test.each([
    ['6 bytes of a TDES MAC', M3, 'TDES_2KEY', 'ISO9797_ALGORITHM3', '00'.repeat(6), undefined],
    ['more than a TDES MAC', M3, 'TDES_2KEY', 'ISO9797_ALGORITHM3', '00'.repeat(9), undefined],
    ['2 bytes', M6, 'AES_128', 'CMAC', '0000', undefined],
    ['more than an AES CMAC', M6, 'AES_128', 'CMAC', '00'.repeat(17), undefined],
    ['a MacLength that is not its own', M6, 'AES_128', 'CMAC', '00'.repeat(16), 8],
  ])('does not verify %s', async (_, usage, algorithm, asked, mac, length) => {
    const { arn } = await create(usage, algorithm, MAC);
    await expect(verifyMac(arn, asked, MESSAGE, mac, length)).rejects.toEqual(invalid(/Mac/));
  });

  test.each([3, 33])('refuses a MacLength of %i', async (length) => {
    const { arn } = await create(M6, 'AES_128', MAC);
    await expect(generateMac(arn, 'CMAC', MESSAGE, length)).rejects.toEqual(invalid('MacLength'));
  });
});

describe('EncryptData and DecryptData, symmetric', () => {
  const encrypt = (KeyIdentifier: string, PlainText: string, Symmetric: Record<string, string>) =>
    service.dataPlane
      .encryptData({ KeyIdentifier, PlainText, EncryptionAttributes: { Symmetric: Symmetric as { Mode: string } } })
      .promise();
  const decrypt = (KeyIdentifier: string, CipherText: string, Symmetric: Record<string, string>) =>
    service.dataPlane
      .decryptData({ KeyIdentifier, CipherText, DecryptionAttributes: { Symmetric: Symmetric as { Mode: string } } })
      .promise();

  const MODES = ['ECB', 'CBC', 'CFB', 'CFB1', 'CFB8', 'CFB64', 'OFB'];
  test.each(['TDES_2KEY', 'TDES_3KEY', 'AES_128', 'AES_192', 'AES_256'])('every mode with %s', async (algorithm) => {
    const { arn, kcv } = await create(D0, algorithm, CIPHER);
    const blockBytes = algorithm.startsWith('TDES') ? 8 : 16;
    const plain = '0123456789ABCDEF'.repeat(4);
    const seen = new Set<string>();
    for (const Mode of blockBytes === 16 ? [...MODES, 'CFB128'] : MODES) {
      const iv = { InitializationVector: '0F'.repeat(blockBytes) };
      const { CipherText, ...key } = await encrypt(arn, plain, { Mode, ...iv });
      expect(key).toEqual({ KeyArn: arn, KeyCheckValue: kcv });
      expect(CipherText).toMatch(/^[0-9A-F]{64}$/);
      expect(await decrypt(arn, CipherText.toLowerCase(), { Mode, ...iv })).toEqual({ ...key, PlainText: plain });
      seen.add(CipherText);
    }
    // CFB is the full-block one: CFB64 of TDES, CFB128 of AES.
    expect(seen.size).toBe(blockBytes === 16 ? MODES.length : MODES.length - 1);
  });

  test('ECB of zeros begins with the check value of a TDES key, and the vector is zeros unless given', async () => {
    const { arn, kcv } = await create(D0, 'TDES_3KEY', CIPHER);
    const zeros = '00'.repeat(8);
    expect((await encrypt(arn, zeros, { Mode: 'ECB' })).CipherText.slice(0, 6)).toBe(kcv);
    expect((await encrypt(arn, zeros, { Mode: 'CBC' })).CipherText.slice(0, 6)).toBe(kcv);
  });

  test('takes the longest data there may be', async () => {
    const { arn } = await create(D0, 'AES_128', CIPHER);
    const { CipherText } = await encrypt(arn, 'AB'.repeat(2048), { Mode: 'CBC' });
    expect((await decrypt(arn, CipherText, { Mode: 'CBC' })).PlainText).toBe('AB'.repeat(2048));
    await expect(encrypt(arn, 'AB'.repeat(2064), { Mode: 'CBC' })).rejects.toEqual(invalid('PlainText'));
  });

  test.each([
    ['part of a block', 'AES_128', '00'.repeat(15), { Mode: 'ECB' }, 'multiple of 16'],
    ['part of a block in a streaming mode', 'TDES_2KEY', '00'.repeat(9), { Mode: 'OFB' }, 'multiple of 8'],
    ['a vector of another block', 'AES_128', '00'.repeat(16), { Mode: 'CBC', InitializationVector: '00'.repeat(8) }, 'must be 16 bytes'],
    ['CFB128 of TDES', 'TDES_2KEY', '00'.repeat(16), { Mode: 'CFB128' }, 'CFB128'],
    ['part of a block with a padding of RSA', 'AES_128', '00'.repeat(15), { Mode: 'ECB', PaddingType: 'PKCS1' }, 'multiple of 16'],
  ])('refuses %s', async (_, algorithm, data, attributes, message) => {
    const { arn } = await create(D0, algorithm, CIPHER);
    await expect(encrypt(arn, data, attributes)).rejects.toEqual(invalid(message));
    await expect(decrypt(arn, data, attributes)).rejects.toEqual(invalid(message));
  }); // prettier-ignore

  test('a key that only encrypts does not decrypt', async () => {
    const { arn } = await create(D0, 'AES_128', { Encrypt: true, Wrap: true });
    const { CipherText } = await encrypt(arn, '00'.repeat(16), { Mode: 'ECB' });
    await expect(decrypt(arn, CipherText, { Mode: 'ECB' })).rejects.toEqual(invalid('KeyModesOfUse'));
  });

  test('a key of another usage is refused', async () => {
    const { arn } = await create(M6, 'AES_128', MAC);
    await expect(encrypt(arn, '00'.repeat(16), { Mode: 'ECB' })).rejects.toEqual(
      invalid(`KeyUsage of the input key ${arn}`),
    );
  });
});

describe('EncryptData and DecryptData, asymmetric', () => {
  const encrypt = (KeyIdentifier: string, PlainText: string, PaddingType?: string) =>
    service.dataPlane
      .encryptData({ KeyIdentifier, PlainText, EncryptionAttributes: { Asymmetric: { PaddingType } } })
      .promise();
  const decrypt = (KeyIdentifier: string, CipherText: string, PaddingType?: string) =>
    service.dataPlane
      .decryptData({ KeyIdentifier, CipherText, DecryptionAttributes: { Asymmetric: { PaddingType } } })
      .promise();

  let key: { arn: string; kcv: string };
  beforeAll(async () => {
    key = await create(D1, 'RSA_2048', CIPHER);
  });

  test.each([
    ['OAEP_SHA1', 428],
    ['OAEP_SHA256', 380],
    ['OAEP_SHA512', 252],
    ['PKCS1', 488],
  ])('%s up to %i digits', async (padding, limit) => {
    for (const plain of ['C0FFEE', 'AB'.repeat(limit / 2)]) {
      const { CipherText, ...answered } = await encrypt(key.arn, plain, padding);
      expect(answered).toEqual({ KeyArn: key.arn, KeyCheckValue: key.kcv });
      expect(CipherText).toMatch(/^[0-9A-F]{512}$/);
      expect((await decrypt(key.arn, CipherText, padding)).PlainText).toBe(plain);
    }
    await expect(encrypt(key.arn, 'AB'.repeat(limit / 2 + 1), padding)).rejects.toEqual(invalid('at most'));
  });

  test('without padding the message comes back with zeros before it', async () => {
    const { CipherText } = await encrypt(key.arn, 'C0FFEE');
    expect((await decrypt(key.arn, CipherText)).PlainText).toBe('C0FFEE'.padStart(512, '0'));
    await expect(encrypt(key.arn, 'FF'.repeat(256))).rejects.toEqual(invalid('smaller than the modulus'));
  });

  test('what does not decrypt looks alike', async () => {
    const { CipherText } = await encrypt(key.arn, 'C0FFEE', 'OAEP_SHA256');
    const tampered = CipherText.replace(/..$/, (byte) => (byte === '00' ? '01' : '00'));
    const { arn: other } = await create(D1, 'RSA_2048', CIPHER);
    const messages = new Set<string>();
    for (const [arn, text, padding] of [
      [key.arn, tampered, 'OAEP_SHA256'],
      [key.arn, CipherText, 'OAEP_SHA1'],
      [key.arn, CipherText, 'PKCS1'],
      [other, CipherText, 'OAEP_SHA256'],
    ] as const) {
      const refused = await decrypt(arn, text, padding).catch((error: unknown) => error as Error);
      expect(refused).toMatchObject({ code: 'ValidationException' });
      messages.add((refused as Error).message);
    }
    expect(messages.size).toBe(1);
    await expect(decrypt(key.arn, '00'.repeat(255), 'PKCS1')).rejects.toEqual(invalid('256 bytes'));
  });
});
