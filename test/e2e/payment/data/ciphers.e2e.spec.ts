import { useService, invalid, CIPHER, ENCRYPT, MAC } from '../../../support/api.js';
import { createKeyOf } from '../../../support/keys.js';

const service = useService();

const D0 = 'TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY';
const D1 = 'TR31_D1_ASYMMETRIC_KEY_FOR_DATA_ENCRYPTION';
const M6 = 'TR31_M6_ISO_9797_5_CMAC_KEY';

const create = (usage: string, algorithm: string, modes: readonly string[]) =>
  createKeyOf(service, { usage, algorithm, modes });

describe('EncryptData and DecryptData with a symmetric key', () => {
  const encrypt = (KeyIdentifier: string, PlainText: string, Symmetric: Record<string, string>) =>
    service.dataPlane
      .encryptData({ KeyIdentifier, PlainText, EncryptionAttributes: { Symmetric: Symmetric as { Mode: string } } })
      .promise();
  const decrypt = (KeyIdentifier: string, CipherText: string, Symmetric: Record<string, string>) =>
    service.dataPlane
      .decryptData({ KeyIdentifier, CipherText, DecryptionAttributes: { Symmetric: Symmetric as { Mode: string } } })
      .promise();

  const MODES = ['ECB', 'CBC', 'CFB', 'CFB1', 'CFB8', 'CFB64', 'OFB'];
  test.each(['TDES_2KEY', 'TDES_3KEY', 'AES_128', 'AES_192', 'AES_256'])(
    'encrypt and decrypt in every mode with %s',
    async (algorithm) => {
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
      // CFB is CFB64 with TDES and CFB128 with AES.
      expect(seen.size).toBe(blockBytes === 16 ? MODES.length : MODES.length - 1);
    },
  );

  test('encrypt zeros to the check value of a TDES key, in ECB and in CBC with the default IV', async () => {
    const { arn, kcv } = await create(D0, 'TDES_3KEY', CIPHER);
    const zeros = '00'.repeat(8);
    expect((await encrypt(arn, zeros, { Mode: 'ECB' })).CipherText.slice(0, 6)).toBe(kcv);
    expect((await encrypt(arn, zeros, { Mode: 'CBC' })).CipherText.slice(0, 6)).toBe(kcv);
  });

  test('accept data of the maximum length', async () => {
    const { arn } = await create(D0, 'AES_128', CIPHER);
    const { CipherText } = await encrypt(arn, 'AB'.repeat(2048), { Mode: 'CBC' });
    expect((await decrypt(arn, CipherText, { Mode: 'CBC' })).PlainText).toBe('AB'.repeat(2048));
    await expect(encrypt(arn, 'AB'.repeat(2064), { Mode: 'CBC' })).rejects.toEqual(invalid('PlainText'));
  });

  const SHORT_IV = { Mode: 'CBC', InitializationVector: '00'.repeat(8) };
  test.each([
    ['a partial block', 'AES_128', '00'.repeat(15), { Mode: 'ECB' }, 'multiple of 16'],
    ['a partial block in a streaming mode', 'TDES_2KEY', '00'.repeat(9), { Mode: 'OFB' }, 'multiple of 8'],
    ['an IV of another block size', 'AES_128', '00'.repeat(16), SHORT_IV, 'must be 16 bytes'],
    ['CFB128 with TDES', 'TDES_2KEY', '00'.repeat(16), { Mode: 'CFB128' }, 'CFB128'],
    [
      'a partial block with an RSA padding',
      'AES_128',
      '00'.repeat(15),
      { Mode: 'ECB', PaddingType: 'PKCS1' },
      'multiple of 16',
    ],
  ])('reject %s', async (_, algorithm, data, attributes, message) => {
    const { arn } = await create(D0, algorithm, CIPHER);
    await expect(encrypt(arn, data, attributes)).rejects.toEqual(invalid(message));
    await expect(decrypt(arn, data, attributes)).rejects.toEqual(invalid(message));
  });

  test('do not decrypt with a key that may only encrypt', async () => {
    const { arn } = await create(D0, 'AES_128', ENCRYPT);
    const { CipherText } = await encrypt(arn, '00'.repeat(16), { Mode: 'ECB' });
    await expect(decrypt(arn, CipherText, { Mode: 'ECB' })).rejects.toEqual(invalid('KeyModesOfUse'));
  });

  test('reject a key with another usage', async () => {
    const { arn } = await create(M6, 'AES_128', MAC);
    await expect(encrypt(arn, '00'.repeat(16), { Mode: 'ECB' })).rejects.toEqual(
      invalid(`KeyUsage of the input key ${arn}`),
    );
  });
});

describe('EncryptData and DecryptData with an RSA key pair', () => {
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
  ])('encrypt and decrypt with %s up to %i digits', async (padding, limit) => {
    for (const plain of ['C0FFEE', 'AB'.repeat(limit / 2)]) {
      const { CipherText, ...answered } = await encrypt(key.arn, plain, padding);
      expect(answered).toEqual({ KeyArn: key.arn, KeyCheckValue: key.kcv });
      expect(CipherText).toMatch(/^[0-9A-F]{512}$/);
      expect((await decrypt(key.arn, CipherText, padding)).PlainText).toBe(plain);
    }
    await expect(encrypt(key.arn, 'AB'.repeat(limit / 2 + 1), padding)).rejects.toEqual(invalid('at most'));
  });

  test('return the message with leading zeros when there is no padding', async () => {
    const { CipherText } = await encrypt(key.arn, 'C0FFEE');
    expect((await decrypt(key.arn, CipherText)).PlainText).toBe('C0FFEE'.padStart(512, '0'));
    await expect(encrypt(key.arn, 'FF'.repeat(256))).rejects.toEqual(invalid('smaller than the modulus'));
  });

  test('give the same error for every undecryptable input', async () => {
    const { CipherText } = await encrypt(key.arn, 'C0FFEE', 'OAEP_SHA256');
    const tampered = CipherText.replace(/..$/, (byte) => (byte === '00' ? '01' : '00'));
    // OAEP may by chance encode to valid padding of PKCS1.
    const { CipherText: unpadded } = await encrypt(key.arn, 'C0FFEE');
    const { arn: other } = await create(D1, 'RSA_2048', CIPHER);
    const messages = new Set<string>();
    for (const [arn, text, padding] of [
      [key.arn, tampered, 'OAEP_SHA256'],
      [key.arn, CipherText, 'OAEP_SHA1'],
      [key.arn, unpadded, 'PKCS1'],
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
