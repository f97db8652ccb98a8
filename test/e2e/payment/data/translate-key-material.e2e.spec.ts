import { unwrapKeyBlock } from '../../../../src/crypto/tr31/unwrap.js';
import { aes } from '../../../../src/crypto/aes.js';
import { kcvCmac } from '../../../../src/crypto/kcv.js';
import { altered, withOtherDigit } from '../../../support/altered.js';
import {
  agreements,
  base64,
  partiesOf,
  agreementPair,
  derive,
  type AgreementVector,
} from '../../../support/agreed-keys.js';
import { K0, K1, P0, TDES_KEY, invalid, useData } from '../../../support/data.js';
import { CIPHER, MAC } from '../../../support/api.js';
import { importMaterial, keyBlock, ecParty, importRoot, type StoredKey } from '../../../support/import.js';
import { hex } from '../../../support/vectors.js';

const { service, keys, dataKey, kekOf, translate } = useData();

describe('TranslateKeyMaterial', () => {
  const ofVector = ({ inputs }: AgreementVector, pair: { arn: string }, ca: StoredKey) => ({
    PrivateKeyIdentifier: pair.arn,
    CertificateAuthorityPublicKeyIdentifier: ca.KeyArn,
    PublicKeyCertificate: base64(inputs.publicKeyCertificatePem),
    DeriveKeyAlgorithm: inputs.deriveKeyAlgorithm,
    KeyDerivationFunction: inputs.keyDerivationFunction,
    KeyDerivationHashAlgorithm: inputs.keyDerivationHashAlgorithm,
    DerivationData: { SharedInformation: inputs.sharedInformation },
    WrappedKeyBlock: inputs.wrappedKeyBlock,
  });

  const withBlock = agreements.filter(({ inputs, expected }) => 'wrappedKeyBlock' in inputs && 'clearKey' in expected);
  test.each(withBlock.filter(({ expected }) => expected.keyBlockHeader[11] !== 'N'))(
    'translates $id: $why',
    async (vector) => {
      const { pair, ca } = await partiesOf(service, vector, K1);
      const { clearKey, keyBlockHeader, keyCheckValue } = vector.expected;
      const answer = await translate(ofVector(vector, pair, ca), keys.kek.KeyArn);
      expect(answer).toEqual({
        WrappedKey: {
          WrappedKeyMaterial: expect.any(String),
          KeyCheckValue: keyCheckValue,
          WrappedKeyMaterialFormat: 'TR31_KEY_BLOCK',
        },
      });
      const { WrappedKeyMaterial } = answer['WrappedKey'] as unknown as { WrappedKeyMaterial: string };
      expect(WrappedKeyMaterial.slice(0, 16)).toBe(keyBlockHeader);
      const { key } = unwrapKeyBlock({ algorithm: 'AES', key: keys.kek.clear }, WrappedKeyMaterial);
      expect(key.toString('hex').toUpperCase()).toBe(clearKey);
    },
  );

  test.each(withBlock.filter(({ expected }) => expected.keyBlockHeader[11] === 'N'))(
    '$id: rejects a key that is not exportable',
    async (vector) => {
      const { pair, ca } = await partiesOf(service, vector, K1);
      expect(await translate(ofVector(vector, pair, ca), keys.kek.KeyArn)).toEqual(invalid('not exportable'));
    },
  );

  test('rejects a key that is stronger than the curve', async () => {
    const vector = agreements.find(({ id }) => id === 'ecdh-neg-strength-aes256-key-over-p256')!;
    const { pair, ca } = await partiesOf(service, vector, K1);
    expect(await translate(ofVector(vector, pair, ca), keys.kek.KeyArn)).toEqual(invalid('P-521'));
  });

  describe('with a key block of a partner', () => {
    let partner: ReturnType<typeof ecParty> & { ca: StoredKey };
    let pair: { arn: string; certificate: string };
    let kbpk: Buffer;
    beforeAll(async () => {
      const party = ecParty('P-256');
      partner = { ...party, ca: await importRoot(service, party.text) };
      pair = await agreementPair(service, 'ECC_NIST_P256', K0);
      kbpk = derive(party.privateKey, pair.certificate, {
        kdf: 'NIST_SP800',
        hash: 'SHA_256',
        sharedInfo: hex('C0FFEE'),
        bytes: 32,
      });
    });
    const incoming = (WrappedKeyBlock: string, more: object = {}) => ({
      PrivateKeyIdentifier: pair.arn,
      CertificateAuthorityPublicKeyIdentifier: partner.ca.KeyArn,
      PublicKeyCertificate: partner.text,
      DeriveKeyAlgorithm: 'AES_256',
      KeyDerivationFunction: 'NIST_SP800',
      KeyDerivationHashAlgorithm: 'SHA_256',
      DerivationData: { SharedInformation: 'C0FFEE' },
      WrappedKeyBlock,
      ...more,
    });
    const PEK = {
      clear: TDES_KEY,
      usage: P0,
      algorithm: 'TDES_2KEY',
      modes: CIPHER,
    } as const;
    const AES_PEK = { ...PEK, clear: '22'.repeat(16), algorithm: 'AES_128' } as const;
    const UNKNOWN_ALGORITHM = { keyUsage: 'V2', modeOfUse: 'C', algorithm: 'D' };
    const pek = (rest?: Parameters<typeof keyBlock>[2]) => keyBlock({ algorithm: 'AES', key: kbpk }, PEK, rest);
    const material = (answer: Record<string, unknown>) =>
      (answer['WrappedKey'] as { WrappedKeyMaterial: string }).WrappedKeyMaterial;

    test('writes version B under a TDES key, and keeps key version, exportability and optional blocks other than KP', async () => {
      const clear = '0123456789ABCDEFFEDCBA98765432101122334455667788';
      const kek = await kekOf(clear, 'TDES_3KEY', ['Encrypt', 'Wrap']);
      using cipher = aes(kbpk);
      const kp = kcvCmac(cipher).toString('hex').toUpperCase();
      const text = pek({
        header: { keyVersionNumber: '07', exportability: 'S', modeOfUse: 'D' },
        optionalBlocks: [
          { id: 'KC', data: '0008D7B4' },
          { id: 'KP', data: `01${kp}` },
          { id: 'TS', data: '20260131235959Z' },
        ],
      });
      const opened = unwrapKeyBlock(
        { algorithm: 'TDES', key: hex(clear) },
        material(await translate(incoming(text), kek.KeyArn)),
      );
      expect(opened.key).toEqual(hex(PEK.clear));
      expect(opened.header).toEqual({
        versionId: 'B',
        keyUsage: 'P0',
        algorithm: 'T',
        modeOfUse: 'D',
        keyVersionNumber: '07',
        exportability: 'S',
        keyContext: '0',
      });
      expect(opened.optionalBlocks.filter(({ id }) => id !== 'PB')).toEqual([
        { id: 'KC', data: '0008D7B4' },
        { id: 'TS', data: '20260131235959Z' },
      ]);
    });

    test('computes the check value by the algorithm of the request, and ImportKey accepts the result', async () => {
      const answer = await translate(incoming(pek()), keys.kek.KeyArn, { KeyCheckValueAlgorithm: 'ANSI_X9_24' });
      expect(answer).toMatchObject({ WrappedKey: { KeyCheckValue: '08D7B4' } });
      const key = await importMaterial(service, {
        Tr31KeyBlock: { WrappingKeyIdentifier: keys.kek.KeyArn, WrappedKeyBlock: material(answer) },
      });
      expect(key).toMatchObject({
        KeyCheckValue: '08D7B4',
        KeyAttributes: { KeyUsage: P0, KeyAlgorithm: 'TDES_2KEY' },
      });
      const byCmac = await translate(incoming(pek()), keys.kek.KeyArn, { KeyCheckValueAlgorithm: 'CMAC' });
      expect(byCmac).toMatchObject({ WrappedKey: { KeyCheckValue: expect.stringMatching(/^(?!08D7B4)[0-9A-F]{6}$/) } });
      const nonsense = await translate(incoming(pek()), keys.kek.KeyArn, { KeyCheckValueAlgorithm: 'SHA_1' });
      expect(nonsense).toEqual(invalid('KeyCheckValueAlgorithm SHA_1'));
    });

    test('keeps the hash of an HMAC key', async () => {
      const hmac = { clear: 'AB'.repeat(32), usage: 'TR31_M7_HMAC_KEY', algorithm: 'HMAC_SHA256', modes: MAC } as const;
      const text = keyBlock({ algorithm: 'AES', key: kbpk }, hmac);
      const opened = unwrapKeyBlock(
        { algorithm: 'AES', key: keys.kek.clear },
        material(await translate(incoming(text), keys.kek.KeyArn)),
      );
      expect(opened.optionalBlocks[0]).toEqual({ id: 'HM', data: '21' });
      expect(opened.key).toEqual(hex(hmac.clear));
    });

    test('rejects every key block that is not authentic with the same message', async () => {
      const text = pek();
      const answers = [
        await translate(incoming(withOtherDigit(text, 20)), keys.kek.KeyArn),
        await translate(incoming(altered(text)), keys.kek.KeyArn),
        await translate(incoming(text, { DerivationData: { SharedInformation: 'C0FFEF' } }), keys.kek.KeyArn),
        await translate(incoming(text, { KeyDerivationFunction: 'ANSI_X963' }), keys.kek.KeyArn),
        await translate(incoming(text, { DeriveKeyAlgorithm: 'AES_128' }), keys.kek.KeyArn),
      ];
      expect(answers).toEqual(answers.map(() => invalid('cannot be opened')));
      expect(new Set(answers.map(({ message }) => message)).size).toBe(1);
    });

    test.each<[string, () => Promise<string> | string, () => Promise<StoredKey> | StoredKey, object, string]>([
      [
        'a derived key whose algorithm the key block does not accept',
        () => pek(),
        () => keys.kek,
        { DeriveKeyAlgorithm: 'TDES_2KEY' },
        'version D needs',
      ],
      ['a derived HMAC key', () => pek(), () => keys.kek, { DeriveKeyAlgorithm: 'HMAC_SHA256' }, 'HMAC_SHA256'],
      [
        'a KEK that is weaker than the key',
        () => keyBlock({ algorithm: 'AES', key: kbpk }, AES_PEK),
        () => kekOf(TDES_KEY, 'TDES_2KEY'),
        {},
        'may not be wrapped under',
      ],
      [
        'a KEK that may only unwrap',
        () => pek(),
        () => kekOf('22'.repeat(16), 'AES_128', ['Decrypt', 'Unwrap']),
        {},
        'KeyModesOfUse of the input key',
      ],
      [
        'a data key in place of the KEK',
        () => pek(),
        () => dataKey('22'.repeat(16), 'AES_128'),
        {},
        'KeyUsage of the input key',
      ],
      ['attributes that no key can have', () => pek({ header: UNKNOWN_ALGORITHM }), () => keys.kek, {}, 'algorithm D'],
      [
        'a usage that no stored key can have',
        () => pek({ header: { keyUsage: 'B1', modeOfUse: 'X' } }),
        () => keys.kek,
        {},
        'key usage B1',
      ],
      ['a key block in lower case', () => pek().toLowerCase(), () => keys.kek, {}, 'key block'],
      ['two kinds of derivation data', () => pek(), () => keys.kek, { DerivationData: {} }, 'exactly one member'],
    ])('rejects %s', async (_, text, kek, more, message) => {
      const { KeyArn } = await kek();
      expect(await translate(incoming(await text(), more), KeyArn)).toEqual(invalid(message));
    });

    test('rejects a key pair that derives other keys', async () => {
      const { arn } = await agreementPair(service, 'ECC_NIST_P256', P0);
      const answer = await translate(incoming(pek(), { PrivateKeyIdentifier: arn }), keys.kek.KeyArn);
      expect(answer).toEqual(invalid(`KeyUsage of the input key ${arn}`));
    });
  });
});
