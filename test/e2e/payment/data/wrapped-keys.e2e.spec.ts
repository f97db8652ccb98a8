import type { KeyMode, SymmetricKeyAlgorithm } from '../../../../src/payment/keys/key-attributes.js';
import { altered, withOtherDigit } from '../../../support/altered.js';
import {
  B0,
  D0,
  K1,
  P0,
  TDES_KEY,
  AES_KEY,
  KSN,
  ECB,
  BLOCK,
  invalid,
  useData,
  type DataVector,
} from '../../../support/data.js';
import { CIPHER, algorithmOf } from '../../../support/api.js';
import { keyBlock, type StoredKey } from '../../../support/import.js';
import { vectors, hex } from '../../../support/vectors.js';

const { service, keys, dataKey, kekOf, encrypt, decrypt, reEncrypt } = useData({ KEYBLOCK_TR31_LEGACY: 'allow' });

describe('A data key that is sent in a key block', () => {
  const KCV = 'BE7ED6';
  const block = (more: Partial<Parameters<typeof keyBlock>[1]> = {}, rest?: Parameters<typeof keyBlock>[2]) =>
    keyBlock(
      { algorithm: 'AES', key: keys.kek.clear },
      { clear: AES_KEY, usage: D0, algorithm: 'AES_128', modes: CIPHER, ...more },
      rest,
    );
  const wrapped = (Tr31KeyBlock: string, KeyCheckValueAlgorithm?: string) => ({
    WrappedKeyMaterial: { Tr31KeyBlock },
    KeyCheckValueAlgorithm,
  });

  const inCbc = vectors<DataVector & { key: string; keyAlgorithm: SymmetricKeyAlgorithm }>('encrypt').filter(
    ({ algorithm }) => /Symmetric .* CBC$/.test(algorithm),
  );
  test.each(inCbc.slice(0, 8))(
    '$id, $keyAlgorithm: encrypts like a stored key, and the response has its check value',
    async (vector) => {
      const { key, keyAlgorithm, mode, iv, plaintext, expected } = vector;
      const { KeyCheckValue } = await dataKey(key, keyAlgorithm);
      const attributes = { Symmetric: { Mode: mode, InitializationVector: iv } };
      const named = { KeyArn: keys.kek.KeyArn, KeyCheckValue };
      const WrappedKey = wrapped(block({ clear: key, algorithm: keyAlgorithm }));
      expect(await encrypt(keys.kek.KeyArn, plaintext, attributes, WrappedKey)).toEqual({
        ...named,
        CipherText: expected.ciphertext,
      });
      expect(await decrypt(keys.kek.KeyArn, expected.ciphertext, attributes, WrappedKey)).toEqual({
        ...named,
        PlainText: plaintext,
      });
      const answer = await service.dataPlane
        .encryptData({
          KeyIdentifier: keys.kek.KeyArn,
          PlainText: plaintext,
          EncryptionAttributes: attributes,
          WrappedKey,
        })
        .promise();
      expect(answer.CipherText).toBe(expected.ciphertext);
    },
  );

  interface BlockVector {
    kbpk: string;
    kbpkAlgorithm: 'TDES' | 'AES';
    keyBlock: string;
    version: string;
    expected: { key: string; kcv: string; keyUsage: string; algorithm: string; modeOfUse: string };
  }
  const published = vectors<BlockVector>('tr31').filter(({ expected }) => expected.keyUsage === 'D0');
  test.each(published)(
    'is accepted in $id, version $version: $source',
    async ({ kbpk, kbpkAlgorithm, keyBlock: text, expected }) => {
      const kek = await kekOf(kbpk, algorithmOf(kbpkAlgorithm, kbpk), ['Decrypt', 'Unwrap'], K1);
      const stored = await dataKey(
        expected.key,
        algorithmOf(expected.algorithm === 'T' ? 'TDES' : 'AES', expected.key),
      );
      const { CipherText = '' } = await encrypt(stored.KeyArn, BLOCK, ECB);
      expect(await encrypt(kek.KeyArn, BLOCK, ECB, wrapped(text))).toEqual({
        KeyArn: kek.KeyArn,
        KeyCheckValue: expected.kcv,
        CipherText,
      });
      expect(await decrypt(kek.KeyArn, CipherText, ECB, wrapped(text))).toMatchObject({ PlainText: BLOCK });
    },
  );

  test.each(['A', 'B', 'C'] as const)('may be in a key block of version %s under a TDES key', async (versionId) => {
    const kek = await kekOf('0123456789ABCDEFFEDCBA98765432101122334455667788', 'TDES_3KEY');
    const kbpk = { algorithm: 'TDES', key: hex('0123456789ABCDEFFEDCBA98765432101122334455667788') } as const;
    const key = { clear: TDES_KEY, usage: D0, algorithm: 'TDES_2KEY', modes: CIPHER } as const;
    const text = keyBlock(kbpk, key, { header: { versionId } });
    expect(await encrypt(kek.KeyArn, BLOCK, ECB, wrapped(text))).toMatchObject({
      KeyCheckValue: '08D7B4',
      CipherText: expect.stringMatching(/^08D7B4/),
    });
  });

  test.each<[string, readonly KeyMode[], boolean, boolean]>([
    ['B', CIPHER, true, true],
    ['E', ['Encrypt', 'Wrap'], true, false],
    ['D', ['Decrypt', 'Unwrap'], false, true],
    ['N', ['NoRestrictions'], true, true],
  ])('has the mode of use %s of its key block', async (_, modes, encrypts, decrypts) => {
    const WrappedKey = wrapped(block({ modes, exportable: false }));
    const refused = invalid(`KeyModesOfUse of the key wrapped under ${keys.kek.KeyArn} is invalid for the operation.`);
    const done = expect.objectContaining({ KeyCheckValue: KCV });
    expect(await encrypt(keys.kek.KeyArn, BLOCK, ECB, WrappedKey)).toEqual(encrypts ? done : refused);
    expect(await decrypt(keys.kek.KeyArn, BLOCK, ECB, WrappedKey)).toEqual(decrypts ? done : refused);
  });

  test('may be on either side of ReEncryptData, and on both', async () => {
    const stored = await dataKey('2B7E151628AED2A6ABF7158809CF4F3C', 'AES_128');
    const WrappedKey = wrapped(block());
    const { CipherText: ofWrapped } = await encrypt(keys.kek.KeyArn, BLOCK, ECB, WrappedKey);
    const { CipherText: ofStored } = await encrypt(stored.KeyArn, BLOCK, ECB);
    const attributes = { IncomingEncryptionAttributes: ECB, OutgoingEncryptionAttributes: ECB };
    const incoming = {
      ...attributes,
      OutgoingKeyIdentifier: stored.KeyArn,
      CipherText: ofWrapped,
      IncomingWrappedKey: WrappedKey,
    };
    expect(await reEncrypt(keys.kek.KeyArn, incoming)).toEqual({
      KeyArn: stored.KeyArn,
      KeyCheckValue: stored.KeyCheckValue,
      CipherText: ofStored,
    });
    const outgoing = {
      ...attributes,
      OutgoingKeyIdentifier: keys.kek.KeyArn,
      CipherText: ofStored,
      OutgoingWrappedKey: WrappedKey,
    };
    expect(await reEncrypt(stored.KeyArn, outgoing)).toEqual({
      KeyArn: keys.kek.KeyArn,
      KeyCheckValue: KCV,
      CipherText: ofWrapped,
    });
    const both = { ...outgoing, CipherText: ofWrapped, IncomingWrappedKey: WrappedKey };
    expect(await reEncrypt(keys.kek.KeyArn, both)).toMatchObject({ CipherText: ofWrapped });
    const unrestricted = { ...both, OutgoingWrappedKey: wrapped(block({ modes: ['NoRestrictions'] })) };
    expect(await reEncrypt(keys.kek.KeyArn, unrestricted)).toEqual(invalid('KeyUsages not allowed'));
  });

  test('has a check value by the algorithm of the request', async () => {
    const tdes = block({ clear: TDES_KEY, algorithm: 'TDES_2KEY' });
    const check = async (text: string, by?: string) => encrypt(keys.kek.KeyArn, BLOCK, ECB, wrapped(text, by));
    expect(await check(tdes)).toMatchObject({ KeyCheckValue: '08D7B4' });
    expect(await check(tdes, 'ANSI_X9_24')).toMatchObject({ KeyCheckValue: '08D7B4' });
    const { KeyCheckValue } = await check(tdes, 'CMAC');
    expect(KeyCheckValue).toMatch(/^(?!08D7B4)[0-9A-F]{6}$/);
    expect(await check(block(), 'CMAC')).toMatchObject({ KeyCheckValue: KCV });
    expect(await check(block(), 'ANSI_X9_24')).toEqual(invalid('use CMAC'));
    expect(await check(block(), 'SHA_1')).toEqual(invalid('use CMAC'));
  });

  const HMAC_KEY = { clear: '00'.repeat(32), usage: D0, algorithm: 'HMAC_SHA256' } as const;
  const BDK = { usage: B0, algorithm: 'TDES_2KEY', modes: ['DeriveKey'] } as const;
  const dukpt = { Dukpt: { KeySerialNumber: KSN } };
  test.each<[string, () => string, object, string]>([
    ['a PIN key', () => block({ usage: P0 }), ECB, 'KeyUsage of the key wrapped under'],
    ['a usage that no stored key can have', () => block({}, { header: { keyUsage: 'D2' } }), ECB, 'key usage D2'],
    ['an HMAC key', () => block(HMAC_KEY), ECB, 'KeyAlgorithm of the key wrapped under'],
    [
      'a single-length DES key',
      () => block({ clear: '0123456789ABCDEF' }, { header: { algorithm: 'T' } }),
      ECB,
      'algorithm T of this key length',
    ],
    ['a base derivation key', () => block(BDK), dukpt, 'KeyUsage of the key wrapped under'],
    ['a data key for DUKPT', () => block(), dukpt, 'KeyUsage of the key wrapped under'],
    ['a symmetric key for RSA', () => block(), { Asymmetric: {} }, 'KeyUsage of the key wrapped under'],
    [
      'a check value of another key',
      () => block({}, { optionalBlocks: [{ id: 'KC', data: '01FFFFFF' }] }),
      ECB,
      'Optional block KC',
    ],
    ['a truncated key block', () => block().slice(0, -2), ECB, 'key block length'],
    ['a key block without a header', () => `X${block().slice(1)}`, ECB, 'version'],
  ])('rejects %s', async (_, text, attributes, message) => {
    expect(await encrypt(keys.kek.KeyArn, BLOCK, attributes, wrapped(text()))).toEqual(invalid(message));
    expect(await decrypt(keys.kek.KeyArn, BLOCK, attributes, wrapped(text()))).toEqual(invalid(message));
  });

  test('must not be stronger than the key that wraps it', async () => {
    const clear = TDES_KEY;
    const tdes = await kekOf(clear, 'TDES_2KEY');
    const under = (key: Parameters<typeof keyBlock>[1]) => keyBlock({ algorithm: 'TDES', key: hex(clear) }, key);
    const triple = under({ clear: '11'.repeat(24), usage: D0, algorithm: 'TDES_3KEY', modes: CIPHER });
    expect(await encrypt(tdes.KeyArn, BLOCK, ECB, wrapped(triple))).toEqual(invalid('may not be wrapped under'));
    const aes = under({ clear: AES_KEY, usage: D0, algorithm: 'AES_128', modes: CIPHER });
    expect(await encrypt(tdes.KeyArn, BLOCK, ECB, wrapped(aes))).toEqual(invalid('may not be wrapped under'));
  });

  test('is rejected with the same message wherever the key block is not authentic', async () => {
    const text = block();
    const other = await kekOf('22'.repeat(32), 'AES_256');
    const answers = [
      await encrypt(keys.kek.KeyArn, BLOCK, ECB, wrapped(withOtherDigit(text, 16))), // the encrypted key
      await encrypt(keys.kek.KeyArn, BLOCK, ECB, wrapped(altered(text))), // the MAC
      await encrypt(keys.kek.KeyArn, BLOCK, ECB, wrapped(text.replace(/^(.{8})B/, '$1E'))), // the header
      await encrypt(other.KeyArn, BLOCK, ECB, wrapped(text)), // a key block under another key
    ];
    expect(answers).toEqual(answers.map(() => invalid('cannot be opened')));
    expect(new Set(answers.map(({ message }) => message)).size).toBe(1);
  });

  test.each<[string, () => Promise<StoredKey>, string]>([
    ['a key with another usage', () => dataKey('22'.repeat(16), 'AES_128'), 'KeyUsage of the input key'],
    [
      'a key that only wraps',
      () => kekOf('22'.repeat(16), 'AES_128', ['Encrypt', 'Wrap']),
      'KeyModesOfUse of the input key',
    ],
  ])('is rejected under %s', async (_, kek, message) => {
    const { KeyArn } = await kek();
    expect(await encrypt(KeyArn, BLOCK, ECB, wrapped(block()))).toEqual(invalid(`${message} ${KeyArn}`));
  });

  test('is not logged', async () => {
    const text = block();
    await encrypt(keys.kek.KeyArn, BLOCK, ECB, wrapped(text));
    await encrypt(keys.kek.KeyArn, BLOCK, ECB, wrapped(altered(text)));
    const log = JSON.stringify(service.log);
    expect(log).toContain(keys.kek.KeyArn);
    for (const secret of [AES_KEY, text.slice(16), text.slice(20, 60)]) expect(log).not.toContain(secret);
  });
});
