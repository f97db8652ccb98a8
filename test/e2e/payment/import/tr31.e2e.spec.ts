import {
  StopKeyUsageCommand,
  ExportKeyCommand,
  GetKeyCommand,
  ImportKeyCommand,
} from '@aws-sdk/client-payment-cryptography';
import { toHex } from '../../../../src/crypto/bytes.js';
import { unwrapKeyBlock } from '../../../../src/crypto/tr31/unwrap.js';
import type { SymmetricKeyAlgorithm } from '../../../../src/payment/keys/key-attributes.js';
import { withOtherDigit } from '../../../support/altered.js';
import { K0, TDES_KEY, PIN_KEY, useImports } from '../../../support/key-import.js';
import { CIPHER, MAC, algorithmOf } from '../../../support/api.js';
import { importMaterial, keyBlock, type KeyToImport } from '../../../support/import.js';
import { MISSING_KEY } from '../../../support/keys.js';
import tr31 from '../../../vectors/tr31.json' with { type: 'json' };

const { service, keys, kek, opened, refusal, expectNoKeyLogged } = useImports({ KEYBLOCK_TR31_LEGACY: 'allow' });

describe('ImportKey from a TR-31 key block under a KEK', () => {
  test.each([
    ['TR31_P0_PIN_ENCRYPTION_KEY', 'TDES_2KEY', TDES_KEY, CIPHER, '08D7B4', 'ANSI_X9_24'],
    ['TR31_M7_HMAC_KEY', 'HMAC_SHA256', '00'.repeat(32), MAC, 'B61367', 'HMAC'],
    ['TR31_B0_BASE_DERIVATION_KEY', 'AES_128', '00'.repeat(16), ['DeriveKey'], '763CBC', 'CMAC'],
    ['TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY', 'TDES_2KEY', TDES_KEY, ['NoRestrictions'], '08D7B4', 'ANSI_X9_24'],
  ] as const)('imports a key of %s', async (usage, algorithm, clear, modes, kcv, kcvAlgorithm) => {
    const key = await keys.importKey({ clear, usage, algorithm, modes, exportable: false });
    expect(key).toMatchObject({
      KeyAttributes: {
        KeyUsage: usage,
        KeyClass: 'SYMMETRIC_KEY',
        KeyAlgorithm: algorithm,
        KeyModesOfUse: Object.fromEntries(modes.map((mode) => [mode, true])),
      },
      KeyCheckValueAlgorithm: kcvAlgorithm,
      KeyOrigin: 'EXTERNAL',
      KeyState: 'CREATE_COMPLETE',
      Enabled: true,
      Exportable: false,
    });
    if (algorithm !== 'AES_128') expect(key.KeyCheckValue).toBe(kcv);
    const { Key: stored } = await service.controlPlane.send(new GetKeyCommand({ KeyIdentifier: key.KeyArn }));
    expect(stored).toEqual(key);
  });

  const underKek = async ({ kbpk, kbpkAlgorithm, keyBlock: WrappedKeyBlock }: (typeof tr31.vectors)[number]) => {
    const { KeyArn } = await kek(kekAlgorithm(kbpkAlgorithm, kbpk), kbpk);
    return { Tr31KeyBlock: { WrappingKeyIdentifier: KeyArn, WrappedKeyBlock } };
  };
  /** Key blocks whose key cannot be stored, or is stronger than its wrapping key. */
  const REFUSED: Partial<Record<string, string>> = {
    'tr31-v011': 'letters and digits', // a certificate in base64, which is longer than the model allows
    'tr31-v012': 'algorithm T of this key length',
    'tr31-v013': 'algorithm T of this key length',
    'tr31-v025': 'A key of TDES_3KEY may not be wrapped under a key of TDES_2KEY',
    'tr31-v027': 'key usage B1',
    'tr31-v034': 'key usage B1',
    'tr31-v041': 'key usage B1',
    'tr31-v045': 'A key of AES_256 may not be wrapped under a key of AES_128',
  };

  test.each(tr31.vectors.filter(({ id }) => !(id in REFUSED)))('imports $id, version $version', async (vector) => {
    const { expected } = vector;
    const key = await importMaterial(service, await underKek(vector));
    if (expected.kcv) expect(key.KeyCheckValue).toBe(expected.kcv);
    expect(key.KeyAttributes!.KeyUsage!.slice(5, 7)).toBe(expected.keyUsage);
    expect(key.Exportable).toBe(expected.exportability !== 'N');
    // The vectors have no check value for HMAC keys, so the test exports the key again and compares it.
    const out = new ExportKeyCommand({
      ExportKeyIdentifier: key.KeyArn,
      KeyMaterial: { Tr31KeyBlock: { WrappingKeyIdentifier: keys.kek.KeyArn } },
    });
    const exported = service.controlPlane.send(out).then(({ WrappedKey }) => opened(WrappedKey!.KeyMaterial!));
    if (key.Exportable) expect(await exported).toBe(expected.key);
    else await expect(exported).rejects.toThrow(`Key ${key.KeyArn} is not exportable.`);
  });

  test.each(tr31.vectors.filter(({ id }) => id in REFUSED))('rejects $id', async (vector) => {
    expect(await refusal(await underKek(vector))).toContain(REFUSED[vector.id]);
  });

  test.each(tr31.malformed.filter(({ keyBlock: { length }, kbpk }) => length >= 56 && kbpk.length >= 32))(
    'rejects $id: $reason',
    async ({ kbpk, kbpkAlgorithm, keyBlock: WrappedKeyBlock }) => {
      const { KeyArn } = await kek(kekAlgorithm(kbpkAlgorithm, kbpk), kbpk);
      await refusal({ Tr31KeyBlock: { WrappingKeyIdentifier: KeyArn, WrappedKeyBlock } });
    },
  );

  type How = NonNullable<Parameters<typeof keyBlock>[2]>;
  test.each<[string, KeyToImport, How, string]>([
    ['an initial DUKPT key', PIN_KEY, { header: { keyUsage: 'B1', modeOfUse: 'X' } }, 'key usage B1'],
    ['an unknown mode of use', PIN_KEY, { header: { keyUsage: '10', modeOfUse: 'Y' } }, 'key usage 10'],
    ['single DES', { ...PIN_KEY, clear: '00'.repeat(8) }, {}, 'algorithm T of this key length'],
    ['a proprietary exportability', PIN_KEY, { header: { exportability: '1' } }, 'exportability 1'],
    [
      'a check value of another key',
      PIN_KEY,
      { optionalBlocks: [{ id: 'KC', data: '0008D7B5' }] },
      'KC of the key block',
    ],
    [
      'a check value of another wrapping key',
      PIN_KEY,
      { optionalBlocks: [{ id: 'KP', data: '0108D7B4' }] },
      'KP of the key block',
    ],
    ['an HM block for a TDES key', PIN_KEY, { optionalBlocks: [{ id: 'HM', data: '21' }] }, 'only HMAC keys'],
    [
      'an AES key of usage M0',
      { ...PIN_KEY, algorithm: 'AES_128', usage: 'TR31_M0_ISO_16609_MAC_KEY', modes: MAC },
      {},
      'KeyAlgorithm AES_128',
    ],
  ])('rejects %s', async (_what, key, how, message) => {
    const WrappedKeyBlock = keyBlock({ algorithm: 'AES', key: keys.kek.clear }, key, how);
    const tr31Block = { WrappingKeyIdentifier: keys.kek.KeyArn, WrappedKeyBlock };
    expect(await refusal({ Tr31KeyBlock: tr31Block })).toContain(message);
  });

  test('accepts a key block with the correct check value', async () => {
    const optionalBlocks = [{ id: 'KC', data: '0008D7B4' }];
    const WrappedKeyBlock = keyBlock({ algorithm: 'AES', key: keys.kek.clear }, PIN_KEY, { optionalBlocks });
    const WrappingKeyIdentifier = keys.kek.KeyArn;
    const key = await importMaterial(service, { Tr31KeyBlock: { WrappingKeyIdentifier, WrappedKeyBlock } });
    expect(key.KeyCheckValue).toBe('08D7B4');
  });

  test('gives the same error for every fault of the wrapped key', async () => {
    const block = keyBlock({ algorithm: 'AES', key: keys.kek.clear }, PIN_KEY);
    const flip = (at: number) => withOtherDigit(block, at);
    const other = await kek('AES_256', '11'.repeat(32));
    const messages = new Set<string>();
    for (const WrappedKeyBlock of [flip(9), flip(16), flip(40), flip(block.length - 1)])
      messages.add(await refusal({ Tr31KeyBlock: { WrappingKeyIdentifier: keys.kek.KeyArn, WrappedKeyBlock } }));
    messages.add(await refusal({ Tr31KeyBlock: { WrappingKeyIdentifier: other.KeyArn, WrappedKeyBlock: block } }));
    expect([...messages]).toEqual(['The key block cannot be opened with this key block protection key']);
  });

  test.each<[SymmetricKeyAlgorithm, SymmetricKeyAlgorithm]>([
    ['TDES_3KEY', 'TDES_2KEY'],
    ['AES_128', 'TDES_3KEY'],
    ['AES_192', 'AES_128'],
    ['AES_256', 'AES_192'],
    ['HMAC_SHA224', 'AES_192'],
  ])('rejects a key of %s under a KEK of %s', async (algorithm, under) => {
    const BYTES: Partial<Record<SymmetricKeyAlgorithm, number>> = {
      TDES_2KEY: 16,
      AES_128: 16,
      TDES_3KEY: 24,
      AES_192: 24,
      AES_256: 32,
      HMAC_SHA224: 28,
    };
    const clear = Buffer.alloc(BYTES[under]!, 'weaker');
    const { KeyArn } = await kek(under, clear.toString('hex'));
    const [usage, modes] = algorithm === 'HMAC_SHA224' ? (['TR31_M7_HMAC_KEY', MAC] as const) : ([K0, CIPHER] as const);
    const WrappedKeyBlock = keyBlock(
      { algorithm: under.startsWith('AES') ? 'AES' : 'TDES', key: clear },
      { usage, modes, algorithm, clear: Buffer.alloc(BYTES[algorithm]!, 'strong') },
    );
    expect(await refusal({ Tr31KeyBlock: { WrappingKeyIdentifier: KeyArn, WrappedKeyBlock } })).toContain(
      `A key of ${algorithm} may not be wrapped under a key of ${under}`,
    );
  });

  test('a KEK with NoRestrictions imports and exports keys', async () => {
    const clear = Buffer.alloc(32, 'a KEK without restrictions');
    const free = await keys.importKey({ usage: K0, algorithm: 'AES_256', modes: ['NoRestrictions'], clear });
    const WrappedKeyBlock = keyBlock({ algorithm: 'AES', key: clear }, PIN_KEY);
    const key = await importMaterial(service, {
      Tr31KeyBlock: { WrappingKeyIdentifier: free.KeyArn, WrappedKeyBlock },
    });
    const { WrappedKey: wrapped } = await service.controlPlane.send(
      new ExportKeyCommand({
        ExportKeyIdentifier: key.KeyArn,
        KeyMaterial: { Tr31KeyBlock: { WrappingKeyIdentifier: free.KeyArn } },
      }),
    );
    const { key: exported } = unwrapKeyBlock({ algorithm: 'AES', key: clear }, wrapped!.KeyMaterial!);
    expect(toHex(exported)).toBe(TDES_KEY);
  });

  test('needs an enabled KEK of usage K0 that may unwrap', async () => {
    const WrappedKeyBlock = keyBlock({ algorithm: 'AES', key: keys.kek.clear }, PIN_KEY);
    const under = (WrappingKeyIdentifier: string, name?: string) =>
      refusal({ Tr31KeyBlock: { WrappingKeyIdentifier, WrappedKeyBlock } }, name);
    const pinKey = await keys.importKey(PIN_KEY);
    expect(await under(pinKey.KeyArn)).toContain(`KeyUsage of the input key ${pinKey.KeyArn} is invalid`);
    const clear = Buffer.alloc(32, 'another KEK');
    const wrapOnly = await keys.importKey({ usage: K0, algorithm: 'AES_256', modes: ['Encrypt', 'Wrap'], clear });
    expect(await under(wrapOnly.KeyArn)).toContain('KeyModesOfUse of the input key');
    const stopped = await kek('AES_256', clear.toString('hex'));
    await service.controlPlane.send(new StopKeyUsageCommand({ KeyIdentifier: stopped.KeyArn }));
    expect(await under(stopped.KeyArn)).toContain('is not in an enabled state');
    await under(MISSING_KEY, 'ResourceNotFoundException');
  });
});

test('ImportKey accepts a check value algorithm, a state and tags', async () => {
  const WrappedKeyBlock = keyBlock(
    { algorithm: 'AES', key: keys.kek.clear },
    { clear: TDES_KEY, usage: K0, algorithm: 'TDES_2KEY', modes: CIPHER },
  );
  const KeyMaterial = { Tr31KeyBlock: { WrappingKeyIdentifier: keys.kek.KeyArn, WrappedKeyBlock } };
  const send = (input: object) => service.controlPlane.send(new ImportKeyCommand({ KeyMaterial, ...input }));
  const { Key: key } = await send({ KeyCheckValueAlgorithm: 'CMAC', Enabled: false, Tags: [{ Key: 'a', Value: 'b' }] });
  expect(key).toMatchObject({ KeyCheckValueAlgorithm: 'CMAC', Enabled: false });
  expect(key!.KeyCheckValue).not.toBe('08D7B4');
  expect(key!.UsageStartTimestamp).toBeUndefined();
  await expect(send({ KeyCheckValueAlgorithm: 'SHA_1' })).rejects.toMatchObject({ name: 'ValidationException' });
  await expect(send({ ReplicationRegions: ['eu-west-1'] })).rejects.toMatchObject({ name: 'ValidationException' });
  await expect(send({ Tags: [{ Key: 'aws:a', Value: 'b' }] })).rejects.toMatchObject({ name: 'ValidationException' });
});

function kekAlgorithm(cipher: string, clear: string): SymmetricKeyAlgorithm {
  return algorithmOf(cipher === 'TDES' && clear.length < 64 ? 'TDES' : 'AES', clear);
}

test('logs no key material', () => expectNoKeyLogged());
