import { StopKeyUsageCommand, ExportKeyCommand, type ExportKeyInput } from '@aws-sdk/client-payment-cryptography';
import { altered } from '../../../support/altered.js';
import { K0, TDES_KEY, useImports } from '../../../support/key-import.js';
import { CIPHER } from '../../../support/api.js';
import { importMaterial, type KeyToImport } from '../../../support/import.js';
import { MISSING_KEY } from '../../../support/keys.js';
import as2805Pure from '../../../vectors/as2805.json' with { type: 'json' };
import as2805 from '../../../vectors/as2805-exchange.json' with { type: 'json' };

const { service, keys, kek, opened, refusal, expectNoKeyLogged } = useImports();

describe('ImportKey from an AS 2805 cryptogram', () => {
  const MODES = {
    P0: { Encrypt: true, Decrypt: true, Wrap: true, Unwrap: true },
    D0: { Encrypt: true, Decrypt: true, Wrap: true, Unwrap: true },
    K0: { Encrypt: true, Decrypt: true, Wrap: true, Unwrap: true },
    M0: { Generate: true, Verify: true },
  };
  const vectors = as2805.vectors.filter(({ id }) => id.startsWith('key-cryptogram')) as unknown as {
    id: string;
    inputs: { kek: string; as2805KeyVariant: 'PIN_ENCRYPTION_KEY_VARIANT_28' };
    expected: {
      wrappedKeyCryptogram: string;
      keyAlgorithm: 'TDES_2KEY' | 'TDES_3KEY';
      keyUsage: string;
      keyCheckValue: string;
    };
  }[];
  const material = async ({ inputs, expected }: (typeof vectors)[number]) => ({
    As2805KeyVariant: inputs.as2805KeyVariant,
    KeyModesOfUse: MODES[expected.keyUsage.slice(5, 7) as keyof typeof MODES],
    KeyAlgorithm: expected.keyAlgorithm,
    Exportable: true,
    WrappingKeyIdentifier: (await kek(inputs.kek.length === 32 ? 'TDES_2KEY' : 'TDES_3KEY', inputs.kek)).KeyArn,
    WrappedKeyCryptogram: expected.wrappedKeyCryptogram,
  });

  test.each(vectors)('imports $id', async (vector) => {
    const input = await material(vector);
    const isStronger = vector.expected.keyAlgorithm !== 'TDES_2KEY' && vector.inputs.kek.length === 32;
    if (isStronger) {
      expect(await refusal({ As2805KeyCryptogram: input })).toContain('may not be wrapped under a key of TDES_2KEY');
      return;
    }
    const key = await importMaterial(service, { As2805KeyCryptogram: input });
    expect(key.KeyCheckValue).toBe(vector.expected.keyCheckValue);
    expect(key.KeyAttributes!.KeyUsage).toBe(vector.expected.keyUsage);
  });

  test('rejects another algorithm, length, mode of use or KEK', async () => {
    const good = await material(vectors[0]!);
    const changes = [
      [{ KeyAlgorithm: 'AES_128' }, 'TDES_2KEY or TDES_3KEY'],
      [{ KeyAlgorithm: 'TDES_3KEY' }, 'must be 48 digits'],
      [{ WrappedKeyCryptogram: good.WrappedKeyCryptogram.slice(0, -1) }, 'must be 32 digits'],
      [{ KeyModesOfUse: { Generate: true } }, 'KeyModesOfUse'],
      [{ WrappingKeyIdentifier: keys.kek.KeyArn }, 'KeyAlgorithm of the input key'],
      [{ WrappedKeyCryptogram: `${good.WrappedKeyCryptogram}00` }, 'must be 32 digits'],
      [{ WrappedKeyCryptogram: good.WrappedKeyCryptogram.toLowerCase() }, 'upper-case'],
      [{ WrappedKeyCryptogram: `H${good.WrappedKeyCryptogram}` }, 'upper-case'],
      [{ WrappingKeyIdentifier: await tdesKek('TR31_K1_KEY_BLOCK_PROTECTION_KEY') }, 'KeyUsage of the input key'],
      [{ WrappingKeyIdentifier: await tdesKek(K0, ['Encrypt', 'Wrap']) }, 'KeyModesOfUse of the input key'],
    ] as const;
    for (const [change, message] of changes)
      expect(await refusal({ As2805KeyCryptogram: { ...good, ...change } })).toContain(message);
    const WrappingKeyIdentifier = await tdesKek(K0);
    const change = { KeyAlgorithm: 'TDES_3KEY', WrappedKeyCryptogram: '00'.repeat(24), WrappingKeyIdentifier };
    const weaker = await refusal({ As2805KeyCryptogram: { ...good, ...change } });
    expect(weaker).toContain('A key of TDES_3KEY may not be wrapped under a key of TDES_2KEY');
    await service.controlPlane.send(new StopKeyUsageCommand({ KeyIdentifier: WrappingKeyIdentifier }));
    const stopped = await refusal({ As2805KeyCryptogram: { ...good, WrappingKeyIdentifier } });
    expect(stopped).toContain('is not in an enabled state');
    const missing = { As2805KeyCryptogram: { ...good, WrappingKeyIdentifier: MISSING_KEY } };
    await refusal(missing, 'ResourceNotFoundException');
  });

  test('imports another key from a modified cryptogram or under another KEK, which only the check value reveals', async () => {
    const vector = vectors[0]!;
    const good = await material(vector);
    for (const change of [
      { WrappedKeyCryptogram: altered(good.WrappedKeyCryptogram) },
      { WrappingKeyIdentifier: await tdesKek(K0) },
      { As2805KeyVariant: 'DATA_ENCRYPTION_KEY_VARIANT_22' },
    ]) {
      const key = await importMaterial(service, { As2805KeyCryptogram: { ...good, ...change } });
      expect(key.KeyCheckValue).not.toBe(vector.expected.keyCheckValue);
    }
  });

  const VARIANTS: Partial<Record<string, [string, keyof typeof MODES]>> = {
    '28C0': ['PIN_ENCRYPTION_KEY_VARIANT_28', 'P0'],
    '24C0': ['MESSAGE_AUTHENTICATION_KEY_VARIANT_24', 'M0'],
    '22C0': ['DATA_ENCRYPTION_KEY_VARIANT_22', 'D0'],
  };
  test.each(as2805Pure.vectors.filter(({ workingKey }) => workingKey !== undefined))(
    'imports the key of $id and exports the same cryptogram',
    async ({ kek: clearKek, variantMask = '', workingKey, expected }) => {
      const [As2805KeyVariant, usage] = VARIANTS[variantMask]!;
      const WrappingKeyIdentifier = (await kek('TDES_2KEY', clearKek!)).KeyArn;
      const key = await importMaterial(service, {
        As2805KeyCryptogram: {
          As2805KeyVariant,
          KeyModesOfUse: MODES[usage],
          KeyAlgorithm: 'TDES_2KEY',
          Exportable: true,
          WrappingKeyIdentifier,
          WrappedKeyCryptogram: expected.wrappedKey,
        },
      });
      expect(key.KeyCheckValue).toBe(expected.kcv);
      const out = async (KeyMaterial: object) => {
        const input = { ExportKeyIdentifier: key.KeyArn, KeyMaterial } as unknown as ExportKeyInput;
        const { WrappedKey: wrapped } = await service.controlPlane.send(new ExportKeyCommand(input));
        return wrapped!.KeyMaterial!;
      };
      expect(await out({ As2805KeyCryptogram: { WrappingKeyIdentifier, As2805KeyVariant } })).toBe(expected.wrappedKey);
      expect(opened(await out({ Tr31KeyBlock: { WrappingKeyIdentifier: keys.kek.KeyArn } }))).toBe(workingKey);
    },
  );

  const tdesKek = async (
    usage: 'TR31_K0_KEY_ENCRYPTION_KEY' | 'TR31_K1_KEY_BLOCK_PROTECTION_KEY',
    modes: KeyToImport['modes'] = CIPHER,
  ) => (await keys.importKey({ usage, algorithm: 'TDES_2KEY', modes, clear: TDES_KEY })).KeyArn;
});

test('logs no key material', () => expectNoKeyLogged());
