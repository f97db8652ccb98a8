import { ExportKeyCommand, type ExportKeyInput } from '@aws-sdk/client-payment-cryptography';
import { wrapWorkingKey } from '../../../../src/crypto/as2805.js';
import { useService } from '../../../support/api.js';
import { importKeys, importMaterial, keyBlock, type KeyImports } from '../../../support/import.js';
import { hex } from '../../../support/vectors.js';

const service = useService();
let imports: KeyImports;
beforeAll(async () => {
  imports = await importKeys(service);
});

const CIPHER = ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap'] as const;
const KEK = '0123456789ABCDEFFEDCBA9876543210';
const [K0, D0] = ['TR31_K0_KEY_ENCRYPTION_KEY', 'TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY'] as const;
const kek = async (clear = KEK) =>
  (await imports.importKey({ clear, usage: K0, algorithm: 'TDES_2KEY', modes: CIPHER })).KeyArn;
const key = (clear: string, usage: typeof K0 | typeof D0 = D0) =>
  ({ clear, usage, algorithm: 'TDES_2KEY', modes: CIPHER }) as const;
const underKek = (of: ReturnType<typeof key>, versionId?: 'A' | 'B' | 'C') =>
  keyBlock({ algorithm: 'TDES', key: hex(KEK) }, of, versionId && { header: { versionId } });
const importBlock = async (WrappedKeyBlock: string) =>
  importMaterial(service, { Tr31KeyBlock: { WrappingKeyIdentifier: await kek(), WrappedKeyBlock } });
const encrypt = async (Tr31KeyBlock: string) =>
  (
    await service.send({
      path: `/keys/${encodeURIComponent(await kek())}/encrypt`,
      body: JSON.stringify({
        PlainText: '0011223344556677',
        EncryptionAttributes: { Symmetric: { Mode: 'ECB' } },
        WrappedKey: { WrappedKeyMaterial: { Tr31KeyBlock } },
      }),
    })
  ).json;

const OTHER = 'FEDCBA98765432100123456789ABCDEF';

describe.each(['A', 'C'] as const)('key block version %s', (version) => {
  const message =
    `Key block version ${version} is not accepted: use version B, or D under an AES key. The operator can allow it ` +
    'with KEYBLOCK_TR31_LEGACY.';

  test('is refused by ImportKey and in data-plane calls', async () => {
    const block = underKek(key(OTHER), version);
    await expect(importBlock(block)).rejects.toMatchObject({ name: 'ValidationException', message });
    expect(await encrypt(block)).toMatchObject({ __type: 'ValidationException', message });
  });
});

test('key block version B is accepted by ImportKey and in data-plane calls', async () => {
  const block = underKek(key(OTHER), 'B');
  const { KeyCheckValue } = await importBlock(block);
  expect(await encrypt(block)).toMatchObject({ KeyCheckValue });
});

describe('a key wrapped under itself', () => {
  const message = 'A key may not be wrapped under itself: use another key to wrap it.';
  /** The same key with other parity bits. */
  const SAME = '0022446688AACCEEFFDDBB9977553311';

  test.each([KEK, SAME])('%s is refused in a key block', async (clear) => {
    await expect(importBlock(underKek(key(clear, K0)))).rejects.toMatchObject({
      name: 'ValidationException',
      message,
    });
    expect(await encrypt(underKek(key(clear)))).toMatchObject({ __type: 'ValidationException', message });
  });

  test.each([KEK, SAME])('%s is refused in an AS 2805 cryptogram', async (clear) => {
    const variant = 'TERMINAL_MAJOR_KEY_VARIANT_00';
    const material = {
      As2805KeyVariant: variant,
      KeyModesOfUse: { Encrypt: true, Decrypt: true, Wrap: true, Unwrap: true },
      KeyAlgorithm: 'TDES_2KEY',
      Exportable: true,
      WrappingKeyIdentifier: await kek(),
      WrappedKeyCryptogram: wrapWorkingKey({ kek: hex(KEK), variant }, hex(clear))
        .toString('hex')
        .toUpperCase(),
    };
    await expect(importMaterial(service, { As2805KeyCryptogram: material })).rejects.toMatchObject({
      name: 'ValidationException',
      message,
    });
  });

  test('is not exported, even if it was imported twice', async () => {
    const exported = await kek();
    for (const WrappingKeyIdentifier of [exported, await kek(), await kek(SAME)])
      for (const KeyMaterial of [
        { Tr31KeyBlock: { WrappingKeyIdentifier } },
        { As2805KeyCryptogram: { WrappingKeyIdentifier, As2805KeyVariant: 'TERMINAL_MAJOR_KEY_VARIANT_00' } },
      ] as ExportKeyInput['KeyMaterial'][])
        await expect(
          service.controlPlane.send(new ExportKeyCommand({ ExportKeyIdentifier: exported, KeyMaterial })),
        ).rejects.toMatchObject({ name: 'ValidationException', message });
    await service.controlPlane.send(
      new ExportKeyCommand({
        ExportKeyIdentifier: exported,
        KeyMaterial: { Tr31KeyBlock: { WrappingKeyIdentifier: await kek(OTHER) } },
      }),
    );
  });
});
