import { constants, publicEncrypt } from 'node:crypto';
import { GetParametersForImportCommand, GetPublicKeyCertificateCommand } from '@aws-sdk/client-payment-cryptography';
import { wrapWorkingKey } from '../../../../src/crypto/as2805.js';
import { ecdhKey } from '../../../../src/crypto/ecdh.js';
import { certificateOf } from '../../../../src/payment/exchange/certificate-text.js';
import { apiOf, useService } from '../../../support/api.js';
import { ecParty, importKeys, type KeyImports, importMaterial, importRoot, keyBlock } from '../../../support/import.js';
import { createKey } from '../../../support/keys.js';
import { storeRoot } from '../../../support/known-pairs.js';
import { hex } from '../../../support/vectors.js';

const service = useService();
let imports: KeyImports;
beforeAll(async () => {
  await storeRoot(service);
  imports = await importKeys(service);
});

const CIPHER = ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap'] as const;
const MODES = { Encrypt: true, Decrypt: true, Wrap: true, Unwrap: true };
const [D0, P0] = ['TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY', 'TR31_P0_PIN_ENCRYPTION_KEY'] as const;
const [GOOD, OTHER] = ['0123456789ABCDEF', 'FEDCBA9876543210'];
const REFUSAL = 'The TDES key is weak: no part of it may be a weak or semi-weak DES key';

/** Weak keys, which the service never generates, with and without odd parity. */
const WEAK = {
  'equal halves': GOOD + GOOD,
  'halves that differ in parity only': `${GOOD}0022446688AACCEE`,
  'all zeros': '0'.repeat(32),
  'all ones': 'F'.repeat(32),
  'a weak part': `${GOOD}1F1F1F1F0E0E0E0E`,
  'a weak part without parity': `1E1E1E1E0F0F0F0F${GOOD}`,
  'a semi-weak part': `E01FE01FF10EF10E${GOOD}`,
  'three parts, the outer ones equal': GOOD + OTHER + GOOD,
  'three parts, the last semi-weak': `${GOOD}${OTHER}01FE01FE01FE01FE`,
};
const weak = Object.entries(WEAK).map(([what, clear]) => ({
  what,
  clear,
  algorithm: clear.length === 32 ? ('TDES_2KEY' as const) : ('TDES_3KEY' as const),
}));

const refused = (material: Record<string, object>) =>
  expect(importMaterial(service, material)).rejects.toMatchObject({
    name: 'ValidationException',
    message: expect.stringContaining(REFUSAL),
  });

const { answerTo } = apiOf(service);
const isRefused: unknown = expect.objectContaining({
  __type: 'ValidationException',
  message: expect.stringContaining(REFUSAL),
});

const blockUnderKek = (key: (typeof weak)[number], usage: typeof D0 | typeof P0) =>
  keyBlock({ algorithm: 'AES', key: imports.kek.clear }, { ...key, usage, modes: CIPHER });

describe('ImportKey', () => {
  test.each(weak)('refuses a weak TDES key in a TR-31 key block: $what', async (key) => {
    await refused({
      Tr31KeyBlock: { WrappingKeyIdentifier: imports.kek.KeyArn, WrappedKeyBlock: blockUnderKek(key, D0) },
    });
  });

  test.each(weak)('refuses a weak TDES key in an AS 2805 cryptogram: $what', async ({ clear, algorithm }) => {
    const kek = `${OTHER}133457799BBCDFF1${GOOD}`;
    const { KeyArn } = await imports.importKey({
      clear: kek,
      usage: 'TR31_K0_KEY_ENCRYPTION_KEY',
      algorithm: 'TDES_3KEY',
      modes: CIPHER,
    });
    const variant = 'DATA_ENCRYPTION_KEY_VARIANT_22';
    await refused({
      As2805KeyCryptogram: {
        As2805KeyVariant: variant,
        KeyModesOfUse: MODES,
        KeyAlgorithm: algorithm,
        Exportable: true,
        WrappingKeyIdentifier: KeyArn,
        WrappedKeyCryptogram: wrapWorkingKey({ kek: hex(kek), variant }, hex(clear))
          .toString('hex')
          .toUpperCase(),
      },
    });
  });

  test('refuses a weak TDES key in an RSA cryptogram', async () => {
    const { WrappingKeyCertificate = '', ImportToken } = await service.controlPlane.send(
      new GetParametersForImportCommand({ KeyMaterialType: 'KEY_CRYPTOGRAM', WrappingKeyAlgorithm: 'RSA_2048' }),
    );
    const key = { key: certificateOf(WrappingKeyCertificate).publicKey, format: 'der', type: 'spki' } as const;
    for (const { clear, algorithm } of weak) {
      const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' };
      await refused({
        KeyCryptogram: {
          KeyAttributes: {
            KeyUsage: D0,
            KeyClass: 'SYMMETRIC_KEY',
            KeyAlgorithm: algorithm,
            KeyModesOfUse: MODES,
          },
          Exportable: true,
          ImportToken,
          WrappedKeyCryptogram: publicEncrypt({ ...key, ...padding }, hex(clear))
            .toString('hex')
            .toUpperCase(),
        },
      });
    }
  });

  test('accepts a TDES key without parity, and an AES key whose halves are equal', async () => {
    const key = { usage: D0, modes: CIPHER } as const;
    await imports.importKey({ ...key, clear: '0022446688AACCEEFFDDBB9977553311', algorithm: 'TDES_2KEY' });
    await imports.importKey({ ...key, clear: GOOD + GOOD, algorithm: 'AES_128' });
  });
});

describe('a weak TDES key in a data-plane call is refused', () => {
  test.each(weak)('by EncryptData and ReEncryptData: $what', async (key) => {
    const kek = encodeURIComponent(imports.kek.KeyArn);
    const WrappedKey = { WrappedKeyMaterial: { Tr31KeyBlock: blockUnderKek(key, D0) } };
    const attributes = { Symmetric: { Mode: 'ECB' } };
    const data = '0102030405060708';
    expect(
      await answerTo(`keys/${kek}/encrypt`, { PlainText: data, EncryptionAttributes: attributes, WrappedKey }),
    ).toEqual(isRefused);
    expect(
      await answerTo(`keys/${kek}/reencrypt`, {
        OutgoingKeyIdentifier: imports.kek.KeyArn,
        CipherText: data.repeat(2),
        IncomingEncryptionAttributes: attributes,
        OutgoingEncryptionAttributes: attributes,
        IncomingWrappedKey: WrappedKey,
        OutgoingWrappedKey: WrappedKey,
      }),
    ).toEqual(isRefused);
  });

  test.each(weak)('by TranslatePinData: $what', async (key) => {
    const WrappedKey = { WrappedKeyMaterial: { Tr31KeyBlock: blockUnderKek(key, P0) } };
    expect(
      await answerTo('pindata/translate', {
        IncomingKeyIdentifier: imports.kek.KeyArn,
        OutgoingKeyIdentifier: imports.kek.KeyArn,
        IncomingTranslationAttributes: { IsoFormat0: { PrimaryAccountNumber: '4000001234567899' } },
        OutgoingTranslationAttributes: { IsoFormat0: { PrimaryAccountNumber: '4000001234567899' } },
        EncryptedPinBlock: 'AC17DC148BDA645E',
        IncomingWrappedKey: WrappedKey,
        OutgoingWrappedKey: WrappedKey,
      }),
    ).toEqual(isRefused);
  });

  test('by TranslateKeyMaterial', async () => {
    const pair = await createKey(service, {
      KeyAttributes: {
        KeyUsage: 'TR31_K3_ASYMMETRIC_KEY_FOR_KEY_AGREEMENT',
        KeyClass: 'ASYMMETRIC_KEY_PAIR',
        KeyAlgorithm: 'ECC_NIST_P256',
        KeyModesOfUse: { DeriveKey: true },
      },
      DeriveKeyUsage: 'TR31_K1_KEY_BLOCK_PROTECTION_KEY',
    });
    const { KeyCertificate = '' } = await service.controlPlane.send(
      new GetPublicKeyCertificateCommand({ KeyIdentifier: pair.KeyArn }),
    );
    const partner = ecParty('P-256');
    const authority = await importRoot(service, partner.text);
    const kbpk = ecdhKey(
      { privateKey: partner.privateKey, peerPublicKey: certificateOf(KeyCertificate).publicKey },
      { kdf: 'NIST_SP800', hash: 'SHA_256', sharedInfo: hex('C0FFEE'), length: 32 },
    );
    for (const key of weak) {
      const answer = await answerTo('keymaterial/translate', {
        IncomingKeyMaterial: {
          DiffieHellmanTr31KeyBlock: {
            PrivateKeyIdentifier: pair.KeyArn,
            CertificateAuthorityPublicKeyIdentifier: authority.KeyArn,
            PublicKeyCertificate: partner.text,
            DeriveKeyAlgorithm: 'AES_256',
            KeyDerivationFunction: 'NIST_SP800',
            KeyDerivationHashAlgorithm: 'SHA_256',
            DerivationData: { SharedInformation: 'C0FFEE' },
            WrappedKeyBlock: keyBlock({ algorithm: 'AES', key: kbpk }, { ...key, usage: P0, modes: CIPHER }),
          },
        },
        OutgoingKeyMaterial: { Tr31KeyBlock: { WrappingKeyIdentifier: imports.kek.KeyArn } },
      });
      expect(answer).toEqual(isRefused);
    }
  });
});
