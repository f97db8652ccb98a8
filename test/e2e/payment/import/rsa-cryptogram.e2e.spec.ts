import type { SymmetricKeyAlgorithm, RsaKeyAlgorithm } from '../../../../src/payment/keys/key-attributes.js';
import { issueRoot } from '../../../../src/crypto/x509/issue.js';
import { K0, useImports } from '../../../support/key-import.js';
import { importMaterial, aMonth } from '../../../support/import.js';
import { storeToken } from '../../../support/known-pairs.js';
import { testPki, pkcs8 } from '../../../support/tr34.js';
import rsa from '../../../vectors/rsa.json' with { type: 'json' };

const { service, refusal, expectNoKeyLogged } = useImports();

describe('ImportKey from an RSA cryptogram', () => {
  const tokens = new Map<string, string>();
  const attributes = (KeyAlgorithm: SymmetricKeyAlgorithm) => ({
    KeyUsage: K0 as 'TR31_K0_KEY_ENCRYPTION_KEY',
    KeyClass: 'SYMMETRIC_KEY' as const,
    KeyAlgorithm,
    KeyModesOfUse: { Encrypt: true, Decrypt: true, Wrap: true, Unwrap: true },
  });
  const vectors = rsa.vectors.filter(({ id }) => /^rsa-(import|neg)-/.test(id)) as unknown as {
    id: string;
    inputs: {
      wrappingKey: RsaKeyAlgorithm;
      wrappingSpec: 'RSA_OAEP_SHA_256';
      keyAlgorithm: SymmetricKeyAlgorithm;
      wrappedKeyCryptogram: string;
    };
    expected: { accept: boolean; keyCheckValue: string; reason: string };
  }[];

  beforeAll(async () => {
    for (const algorithm of ['RSA_2048', 'RSA_3072', 'RSA_4096'] as const) {
      const privateKey = pkcs8(rsa.pki[algorithm].privateKeyPem);
      const { der } = issueRoot({ subject: [{ type: 'CN', value: 'any' }], privateKey, validity: aMonth() });
      const token = { purpose: 'import KEY_CRYPTOGRAM' as const, algorithm, certificate: der, privateKey };
      tokens.set(algorithm, await storeToken(service, token));
    }
  });

  const material = ({ inputs }: (typeof vectors)[number]) => ({
    KeyAttributes: attributes(inputs.keyAlgorithm),
    Exportable: true,
    ImportToken: tokens.get(inputs.wrappingKey),
    WrappingSpec: inputs.wrappingSpec,
    WrappedKeyCryptogram: inputs.wrappedKeyCryptogram,
  });

  test.each(vectors.filter(({ expected }) => expected.accept))('imports $id', async (vector) => {
    const key = await importMaterial(service, { KeyCryptogram: material(vector) });
    expect(key).toMatchObject({
      KeyCheckValue: vector.expected.keyCheckValue,
      KeyOrigin: 'EXTERNAL',
      Exportable: true,
    });
  });

  test.each(vectors.filter(({ expected }) => !expected.accept))('rejects $id', async (vector) => {
    const message = await refusal({ KeyCryptogram: material(vector) });
    expect(message).toContain(
      vector.expected.reason === 'KEY_STRENGTH' ? 'may not be ' : 'is not a key of this KeyAlgorithm under',
    );
  });

  test('gives the same answer for a truncated cryptogram, another token and another key length', async () => {
    const good = material(vectors[0]!);
    const changes = [
      { WrappedKeyCryptogram: good.WrappedKeyCryptogram.slice(2) },
      { WrappedKeyCryptogram: `00${good.WrappedKeyCryptogram.slice(2)}` },
      { WrappedKeyCryptogram: 'FF'.repeat(256) },
      { ImportToken: tokens.get('RSA_3072') },
      { KeyAttributes: attributes('TDES_3KEY') },
    ];
    const messages = new Set<string>();
    for (const change of changes) messages.add(await refusal({ KeyCryptogram: { ...good, ...change } }));
    expect(messages.size).toBe(1);
    const half = { WrappedKeyCryptogram: `${good.WrappedKeyCryptogram}0` };
    expect(await refusal({ KeyCryptogram: { ...good, ...half } })).toContain('an even number of hexadecimal digits');
    const lower = { WrappedKeyCryptogram: good.WrappedKeyCryptogram.toLowerCase() };
    expect(await refusal({ KeyCryptogram: { ...good, ...lower } })).toContain('upper-case');
    const token = {
      purpose: 'import KEY_CRYPTOGRAM' as const,
      algorithm: 'RSA_2048' as const,
      certificate: testPki().kdh!.certificate.der,
      privateKey: pkcs8(rsa.pki.RSA_2048.privateKeyPem),
    };
    for (const ImportToken of [
      '',
      'import-token-aaaaaaaaaaaaaaaa',
      await storeToken(service, token, { accountId: '111111111111' }),
      await storeToken(service, token, { region: 'eu-west-1' }),
      await storeToken(service, token, { expiresAt: new Date(Date.now() - 1) }),
      await storeToken(service, { ...token, purpose: 'import TR34_KEY_BLOCK' }),
    ])
      expect(await refusal({ KeyCryptogram: { ...good, ImportToken } })).toContain('token is unknown');
    for (const keys of [good, { ...good, ImportToken: await storeToken(service, token) }])
      expect((await importMaterial(service, { KeyCryptogram: keys })).KeyCheckValue).toBe(
        vectors[0]!.expected.keyCheckValue,
      );
    const pair = { ...attributes('TDES_2KEY'), KeyClass: 'PUBLIC_KEY' as const };
    expect(await refusal({ KeyCryptogram: { ...good, KeyAttributes: pair } })).toContain('KeyClass PUBLIC_KEY');
  });
});

test('logs no key material', () => expectNoKeyLogged());
