import { apiOf, useService } from '../../../support/api.js';
import { createKey } from '../../../support/keys.js';

const service = useService();

const { answerTo } = apiOf(service);

/** A published client sends PaddingType with a symmetric key, and AWS returns whole blocks. */
test.each(['PKCS1', 'OAEP_SHA1', 'OAEP_SHA256', 'OAEP_SHA512'])(
  'PaddingType %s has no effect on a symmetric key',
  async (PaddingType) => {
    const { KeyArn } = await createKey(service, {
      KeyAttributes: {
        KeyUsage: 'TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY',
        KeyClass: 'SYMMETRIC_KEY',
        KeyAlgorithm: 'AES_128',
        KeyModesOfUse: { Encrypt: true, Decrypt: true, Wrap: true, Unwrap: true },
      },
    });
    const at = `keys/${encodeURIComponent(KeyArn)}`;
    const padded = { Symmetric: { Mode: 'CBC', PaddingType } };
    const PlainText = '00112233445566778899AABBCCDDEEFF';

    const encrypted = await answerTo(`${at}/encrypt`, {
      PlainText,
      EncryptionAttributes: { Symmetric: { Mode: 'CBC' } },
    });
    expect(await answerTo(`${at}/encrypt`, { PlainText, EncryptionAttributes: padded })).toEqual(encrypted);
    const { CipherText } = encrypted;
    expect(await answerTo(`${at}/decrypt`, { CipherText, DecryptionAttributes: padded })).toMatchObject({ PlainText });
    expect(
      await answerTo(`${at}/reencrypt`, {
        CipherText,
        OutgoingKeyIdentifier: KeyArn,
        IncomingEncryptionAttributes: padded,
        OutgoingEncryptionAttributes: padded,
      }),
    ).toEqual(encrypted);

    for (const PlainText of ['00', '00'.repeat(15), '00'.repeat(17)])
      expect(await answerTo(`${at}/encrypt`, { PlainText, EncryptionAttributes: padded })).toMatchObject({
        __type: 'ValidationException',
        message: expect.stringContaining('multiple of 16 bytes'),
      });
  },
);
