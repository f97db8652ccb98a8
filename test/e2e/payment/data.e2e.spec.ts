import { readFileSync } from 'node:fs';
import { createCipheriv, createHash, createPrivateKey, createPublicKey, diffieHellman, randomBytes } from 'node:crypto';
import {
  GetPublicKeyCertificateCommand,
  type KeyUsage,
  StopKeyUsageCommand,
} from '@aws-sdk/client-payment-cryptography';
import { unwrapKeyBlock } from '../../../src/crypto/tr31/unwrap.js';
import { aes } from '../../../src/crypto/aes.js';
import { kcvCmac } from '../../../src/crypto/kcv.js';
import type { KeyMode, SymmetricKeyAlgorithm } from '../../../src/payment/keys/key-attributes.js';
import {
  ecParty,
  importKeys,
  importMaterial,
  importRoot,
  keyBlock,
  type KeyImports,
  type StoredKey,
} from '../../support/import.js';
import { createKey, MISSING_KEY } from '../../support/keys.js';
import { storePair } from '../../support/known-pairs.js';
import { startTestService, type TestService } from '../../support/service.js';
import { hex, vectors } from '../../support/vectors.js';

let service: TestService;
let imports: KeyImports;
beforeAll(async () => {
  service = await startTestService({ KEYBLOCK_TR31_LEGACY: 'allow' });
  imports = await importKeys(service);
}, 60_000);
afterAll(() => service.stop());

const B0 = 'TR31_B0_BASE_DERIVATION_KEY';
const D0 = 'TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY';
const E1 = 'TR31_E1_EMV_MKEY_CONFIDENTIALITY';
const E6 = 'TR31_E6_EMV_MKEY_OTHER';
const K0 = 'TR31_K0_KEY_ENCRYPTION_KEY';
const K1 = 'TR31_K1_KEY_BLOCK_PROTECTION_KEY';
const K3 = 'TR31_K3_ASYMMETRIC_KEY_FOR_KEY_AGREEMENT';
const P0 = 'TR31_P0_PIN_ENCRYPTION_KEY';
const EVERYTHING: readonly KeyMode[] = ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap'];

const ALGORITHMS = { TDES: { 16: 'TDES_2KEY', 24: 'TDES_3KEY' }, AES: { 16: 'AES_128', 24: 'AES_192', 32: 'AES_256' } };
const algorithmOf = (cipher: 'TDES' | 'AES', key: string) =>
  (ALGORITHMS[cipher] as Record<number, SymmetricKeyAlgorithm>)[key.length / 2]!;

const dataKey = (clear: string, algorithm: SymmetricKeyAlgorithm, modes = EVERYTHING) =>
  imports.importKey({ clear, usage: D0, algorithm, modes });
const bdk = (clear: string, cipher: 'TDES' | 'AES') =>
  imports.importKey({ clear, usage: B0, algorithm: algorithmOf(cipher, clear), modes: ['DeriveKey'] });
const issuerKey = (clear: string, usage: KeyUsage = E1) =>
  imports.importKey({ clear, usage, algorithm: 'TDES_2KEY', modes: ['DeriveKey'] });

/** A call as it goes over the wire; the older SDK doesn't know every member. */
async function call(path: string, body: object): Promise<Record<string, string>> {
  const { json } = await service.send({ path, body: JSON.stringify(body) });
  return json as Record<string, string>;
}
const encrypt = (key: string, PlainText: string, EncryptionAttributes: object, WrappedKey?: object) =>
  call(`/keys/${encodeURIComponent(key)}/encrypt`, { PlainText, EncryptionAttributes, WrappedKey });
const decrypt = (key: string, CipherText: string, DecryptionAttributes: object, WrappedKey?: object) =>
  call(`/keys/${encodeURIComponent(key)}/decrypt`, { CipherText, DecryptionAttributes, WrappedKey });
const reEncrypt = (incoming: string, body: object) => call(`/keys/${encodeURIComponent(incoming)}/reencrypt`, body);
const translate = (incoming: object, outgoing: string, more: object = {}) =>
  call('/keymaterial/translate', {
    IncomingKeyMaterial: { DiffieHellmanTr31KeyBlock: incoming },
    OutgoingKeyMaterial: { Tr31KeyBlock: { WrappingKeyIdentifier: outgoing } },
    ...more,
  });

const invalid = (message: string): unknown =>
  expect.objectContaining({ __type: 'ValidationException', message: expect.stringContaining(message) });

/** Both ways, and that the answers name the key. */
async function expectBothWays(
  key: StoredKey,
  attributes: object,
  { plaintext, ciphertext }: { plaintext: string; ciphertext: string },
) {
  const named = { KeyArn: key.KeyArn, KeyCheckValue: key.KeyCheckValue };
  expect(await encrypt(key.KeyArn, plaintext, attributes)).toEqual({ ...named, CipherText: ciphertext });
  expect(await decrypt(key.KeyArn, ciphertext.toLowerCase(), attributes)).toEqual({ ...named, PlainText: plaintext });
}

interface DataVector {
  mode: string;
  iv?: string;
  plaintext: string;
  expected: { ciphertext: string };
}

describe('EncryptData and DecryptData: known answers', () => {
  const symmetric = vectors<DataVector & { key: string; keyAlgorithm: SymmetricKeyAlgorithm }>('encrypt').filter(
    ({ algorithm }) => algorithm.startsWith('Symmetric'),
  );
  // The streaming modes work on any length, but AWS takes whole blocks only; what comes first doesn't depend on what follows.
  const wholeBlocks = (text: string) => text.padEnd(Math.ceil(text.length / 32) * 32, '0');
  test.each(symmetric)('$id, $algorithm with $keyAlgorithm: $source', async (vector) => {
    const { key, keyAlgorithm, mode, iv, plaintext, expected } = vector;
    const stored = await dataKey(key, keyAlgorithm);
    const attributes = { Symmetric: { Mode: mode, InitializationVector: iv } };
    const [blockDigits, PlainText] = [keyAlgorithm.startsWith('AES') ? 32 : 16, wholeBlocks(plaintext)];
    if (plaintext.length % blockDigits === 0) return expectBothWays(stored, attributes, { plaintext, ...expected });
    const { CipherText = '' } = await encrypt(stored.KeyArn, PlainText, attributes);
    expect(CipherText.slice(0, plaintext.length)).toBe(expected.ciphertext);
    expect(await decrypt(stored.KeyArn, CipherText, attributes)).toMatchObject({ PlainText });
    expect(await encrypt(stored.KeyArn, plaintext, attributes)).toEqual(invalid('multiple of'));
  });

  interface DukptVector extends DataVector {
    bdk: string;
    ksn: string;
    variant: string;
    derivationType?: string;
  }
  const dukptVectors = vectors<DukptVector>('encrypt', 'DUKPT TDES data encryption', 'DUKPT AES data encryption');
  /** TDES DUKPT has no key of both directions: test/e2e/payment/mac/dukpt-direction.e2e.spec.ts. */
  const served = dukptVectors.filter(
    ({ algorithm, variant }) => !(algorithm.includes('TDES') && variant === 'BIDIRECTIONAL'),
  );
  test.each(served)(
    '$id, $algorithm, $variant: $source',
    async ({ algorithm, bdk: clear, ksn, variant, derivationType, mode, iv, plaintext, expected }) => {
      const stored = await bdk(clear, algorithm.includes('AES') ? 'AES' : 'TDES');
      const attributes = {
        KeySerialNumber: ksn,
        Mode: mode,
        DukptKeyVariant: variant,
        DukptKeyDerivationType: derivationType,
        InitializationVector: iv,
      };
      await expectBothWays(stored, { Dukpt: attributes }, { plaintext, ...expected });
    },
  );

  interface Walk {
    bdk: string;
    ksn: string;
    paddedData: string;
    expected: { workingKeys: Record<string, string>; dataRequestCbc: string; dataResponseCbc: string };
  }
  test.each(vectors<Walk>('dukpt', 'TDES DUKPT full walk', 'AES DUKPT full walk'))(
    '$id, KSN $ksn: CBC under a vector of zeros, of the request unless told otherwise',
    async ({ algorithm, bdk: clear, ksn, paddedData, expected }) => {
      const stored = await bdk(clear, algorithm.startsWith('AES') ? 'AES' : 'TDES');
      await expectBothWays(stored, { Dukpt: { KeySerialNumber: ksn } }, { plaintext: paddedData, ciphertext: expected.dataRequestCbc });
      await expectBothWays(
        stored,
        { Dukpt: { KeySerialNumber: ksn, Mode: 'CBC', DukptKeyVariant: 'RESPONSE' } },
        { plaintext: paddedData, ciphertext: expected.dataResponseCbc },
      );
    },
  ); // prettier-ignore

  test('what the live service answered, with the key serial number in 20 digits and in 16', async () => {
    const [vector] = vectors<DukptVector>('dukpt', 'TDES DUKPT data encryption ECB');
    const { bdk: clear, ksn, plaintext, expected } = vector!;
    const stored = await bdk(clear, 'TDES');
    for (const KeySerialNumber of [ksn, ksn.replace(/^FFFF/, '')])
      await expectBothWays(stored, { Dukpt: { KeySerialNumber, Mode: 'ECB' } }, { plaintext, ...expected });
  });

  test.each(['TDES_2KEY', 'TDES_3KEY'])('a %s data key of an AES base derivation key', async (keyType) => {
    const walk = vectors<Walk>('dukpt', 'AES DUKPT full walk')[0]!;
    const stored = await bdk(walk.bdk, 'AES');
    const key = walk.expected.workingKeys[`DATA_ENCRYPT/${keyType}`]!;
    const cipher = createCipheriv(
      'des-ede3-cbc',
      hex(key + (keyType === 'TDES_2KEY' ? key.slice(0, 16) : '')),
      Buffer.alloc(8),
    );
    const ciphertext = cipher.setAutoPadding(false).update(hex('C0FFEE00C0FFEE01')).toString('hex').toUpperCase();
    const attributes = { KeySerialNumber: walk.ksn, DukptKeyDerivationType: keyType };
    await expectBothWays(stored, { Dukpt: attributes }, { plaintext: 'C0FFEE00C0FFEE01', ciphertext });
  });

  interface EmvVector extends DataVector {
    imk: string;
    majorKeyDerivation: string;
    pan: string;
    panSequenceNumber: string;
    sessionDerivationData: string;
  }
  test.each(vectors<EmvVector>('encrypt', 'EMV data encryption'))('$id, EMV $mode: $source', async (vector) => {
    const attributes = {
      MajorKeyDerivationMode: vector.majorKeyDerivation,
      PrimaryAccountNumber: vector.pan,
      PanSequenceNumber: vector.panSequenceNumber,
      SessionDerivationData: vector.sessionDerivationData,
      // CBC is what is meant without a word.
      Mode: vector.mode === 'CBC' ? undefined : vector.mode,
      InitializationVector: vector.iv,
    };
    const { plaintext, expected } = vector;
    for (const usage of [E1, E6] as const)
      await expectBothWays(await issuerKey(vector.imk, usage), { Emv: attributes }, { plaintext, ...expected });
  });

  test('the longest data, with a DUKPT key and with a card key', async () => {
    const longest = 'AB'.repeat(2048);
    const Dukpt = { KeySerialNumber: 'FFFF9876543210E00001' };
    const Emv = {
      MajorKeyDerivationMode: 'EMV_OPTION_B',
      PrimaryAccountNumber: '1234567890123456789',
      PanSequenceNumber: '01',
      SessionDerivationData: '000B000000000000',
    };
    const keys = [await bdk('0123456789ABCDEFFEDCBA9876543210', 'TDES'), await issuerKey('0123456789ABCDEFFEDCBA9876543210')];
    for (const [i, attributes] of [{ Dukpt }, { Emv }].entries()) {
      const { CipherText = '' } = await encrypt(keys[i]!.KeyArn, longest, attributes);
      expect(CipherText).toMatch(/^[0-9A-F]{4096}$/);
      expect(await decrypt(keys[i]!.KeyArn, CipherText, attributes)).toMatchObject({ PlainText: longest });
      expect(await encrypt(keys[i]!.KeyArn, `${longest}AB`, attributes)).toEqual(invalid('/PlainText'));
    }
  }); // prettier-ignore
});

describe('EncryptData and DecryptData: refusals', () => {
  const KSN = 'FFFF9876543210E00001';
  const AES_KSN = '123456789012345600000001';
  const card = {
    MajorKeyDerivationMode: 'EMV_OPTION_A',
    PrimaryAccountNumber: '4108430752588204',
    PanSequenceNumber: '04',
    SessionDerivationData: 'A5D5315F12444B97',
  };
  let tdes: string, aes: string, imk: string;
  beforeAll(async () => {
    tdes = (await bdk('0123456789ABCDEFFEDCBA9876543210', 'TDES')).KeyArn;
    aes = (await bdk('FEDCBA9876543210F1F1F1F1F1F1F1F1', 'AES')).KeyArn;
    imk = (await issuerKey('0123456789ABCDEFFEDCBA9876543210')).KeyArn;
  });

  test.each([
    ['a key serial number of AES with a TDES key', () => tdes, 8, { Dukpt: { KeySerialNumber: AES_KSN } }, 'key serial number'],
    ['a key serial number of TDES with an AES key', () => aes, 16, { Dukpt: { KeySerialNumber: KSN } }, 'key serial number'],
    ['an AES key of a TDES key', () => tdes, 16, { Dukpt: { KeySerialNumber: KSN, DukptKeyDerivationType: 'AES_128' } }, 'AES_128'],
    ['a key stronger than its base derivation key', () => aes, 16, { Dukpt: { KeySerialNumber: AES_KSN, DukptKeyDerivationType: 'AES_256' } }, 'must not be stronger'],
    ['a key serial number of 18 digits', () => tdes, 8, { Dukpt: { KeySerialNumber: KSN.slice(2) } }, '/KeySerialNumber'],
    ['another mode than ECB and CBC', () => tdes, 8, { Dukpt: { KeySerialNumber: KSN, Mode: 'CFB' } }, '/Dukpt/Mode'],
    ['a vector of another block', () => tdes, 8, { Dukpt: { KeySerialNumber: KSN, InitializationVector: '00'.repeat(16) } }, 'must be 8 bytes'],
    ['part of a block', () => tdes, 12, { Dukpt: { KeySerialNumber: KSN } }, 'multiple of 8'],
    ['part of a block of the derived key', () => aes, 8, { Dukpt: { KeySerialNumber: AES_KSN } }, 'multiple of 16'],
    ['option B with a PAN of 16 digits', () => imk, 8, { Emv: { ...card, MajorKeyDerivationMode: 'EMV_OPTION_B' } }, 'EMV_OPTION_B'],
    ['session derivation data of 7 bytes', () => imk, 8, { Emv: { ...card, SessionDerivationData: 'A5D5315F12444B' } }, '/SessionDerivationData'],
    ['part of a block of a card key', () => imk, 4, { Emv: card }, 'multiple of 8'],
    ['a base derivation key for a card', () => tdes, 8, { Emv: card }, 'KeyUsage of the input key'],
    ['an issuer key for DUKPT', () => imk, 8, { Dukpt: { KeySerialNumber: KSN } }, 'KeyUsage of the input key'],
    ['two variants', () => imk, 8, { Emv: card, Symmetric: { Mode: 'CBC' } }, 'exactly one member'],
    ['no variant', () => imk, 8, {}, 'exactly one member'],
  ])('%s', async (_, key, bytes, attributes, message) => {
    const data = '00'.repeat(bytes);
    expect(await encrypt(key(), data, attributes)).toEqual(invalid(message));
    expect(await decrypt(key(), data, attributes)).toEqual(invalid(message));
  }); // prettier-ignore

  test.each(['', '0', '000', 'GG', '00 00'])('data that is not whole bytes in hexadecimal: "%s"', async (data) => {
    expect(await encrypt(tdes, data, { Dukpt: { KeySerialNumber: KSN } })).toEqual(invalid('/PlainText'));
    expect(await decrypt(tdes, data, { Dukpt: { KeySerialNumber: KSN } })).toEqual(invalid('/CipherText'));
  });
});

describe('ReEncryptData', () => {
  interface Side {
    incomingKey: string;
    incomingKeyAlgorithm: SymmetricKeyAlgorithm;
    incomingMode: string;
    incomingIv?: string;
    incomingCiphertext: string;
    outgoingKey: string;
    outgoingKeyAlgorithm: SymmetricKeyAlgorithm;
    outgoingMode: string;
    outgoingIv?: string;
    expected: { outgoingCiphertext: string };
  }
  test.each(vectors<Side>('encrypt', 'Re-encryption'))('$id: $source', async (vector) => {
    const incoming = await dataKey(vector.incomingKey, vector.incomingKeyAlgorithm, ['Decrypt', 'Unwrap']);
    const outgoing = await dataKey(vector.outgoingKey, vector.outgoingKeyAlgorithm, ['Encrypt', 'Wrap']);
    const answer = await service.dataPlane
      .reEncryptData({
        IncomingKeyIdentifier: incoming.KeyArn,
        OutgoingKeyIdentifier: outgoing.KeyArn,
        CipherText: vector.incomingCiphertext,
        IncomingEncryptionAttributes: {
          Symmetric: { Mode: vector.incomingMode, InitializationVector: vector.incomingIv },
        },
        OutgoingEncryptionAttributes: {
          Symmetric: { Mode: vector.outgoingMode, InitializationVector: vector.outgoingIv },
        },
      })
      .promise();
    expect(answer).toEqual({
      KeyArn: outgoing.KeyArn,
      KeyCheckValue: outgoing.KeyCheckValue,
      CipherText: vector.expected.outgoingCiphertext,
    });
  });

  interface Walk {
    bdk: string;
    ksn: string;
    paddedData: string;
    expected: { dataRequestCbc: string; dataResponseCbc: string };
  }
  test.each(vectors<Walk>('dukpt', 'TDES DUKPT full walk', 'AES DUKPT full walk').slice(-6))(
    '$id: from a terminal, and back to it',
    async ({ algorithm, bdk: clear, ksn, paddedData, expected }) => {
      const base = await bdk(clear, algorithm.startsWith('AES') ? 'AES' : 'TDES');
      const cipherKey = await dataKey('000102030405060708090A0B0C0D0E0F', 'AES_128');
      const data = algorithm.startsWith('AES') ? paddedData : paddedData.slice(0, 32);
      const { CipherText: expectedHere } = await encrypt(cipherKey.KeyArn, data, { Symmetric: { Mode: 'CBC' } });
      const arrived = await reEncrypt(base.KeyArn, {
        OutgoingKeyIdentifier: cipherKey.KeyArn,
        CipherText: expected.dataRequestCbc.slice(0, data.length),
        IncomingEncryptionAttributes: { Dukpt: { KeySerialNumber: ksn } },
        OutgoingEncryptionAttributes: { Symmetric: { Mode: 'CBC' } },
      });
      expect(arrived).toMatchObject({ KeyArn: cipherKey.KeyArn, CipherText: expectedHere });
      const sent = await reEncrypt(cipherKey.KeyArn, {
        OutgoingKeyIdentifier: base.KeyArn,
        CipherText: arrived['CipherText'],
        IncomingEncryptionAttributes: { Symmetric: { Mode: 'CBC' } },
        OutgoingEncryptionAttributes: { Dukpt: { KeySerialNumber: ksn, DukptKeyVariant: 'RESPONSE' } },
      });
      expect(sent).toEqual({
        KeyArn: base.KeyArn,
        KeyCheckValue: base.KeyCheckValue,
        CipherText: expected.dataResponseCbc.slice(0, data.length),
      });
    },
  );

  describe('refusals', () => {
    let tdes: string, aes: string, unrestricted: string, only: Record<'encrypts' | 'decrypts', string>;
    beforeAll(async () => {
      tdes = (await dataKey('0123456789ABCDEFFEDCBA9876543210', 'TDES_2KEY')).KeyArn;
      aes = (await dataKey('000102030405060708090A0B0C0D0E0F', 'AES_128')).KeyArn;
      unrestricted = (await dataKey('000102030405060708090A0B0C0D0E0F', 'AES_128', ['NoRestrictions'])).KeyArn;
      only = {
        encrypts: (await dataKey('000102030405060708090A0B0C0D0E0F', 'AES_128', ['Encrypt', 'Wrap'])).KeyArn,
        decrypts: (await dataKey('000102030405060708090A0B0C0D0E0F', 'AES_128', ['Decrypt', 'Unwrap'])).KeyArn,
      };
    });
    const attempt = (incoming: string, outgoing: string, bytes = 16, attributes: object = { Symmetric: { Mode: 'CBC' } }) =>
      reEncrypt(incoming, {
        OutgoingKeyIdentifier: outgoing,
        CipherText: '00'.repeat(bytes),
        IncomingEncryptionAttributes: attributes,
        OutgoingEncryptionAttributes: attributes,
      }); // prettier-ignore

    test('data that is no whole number of the larger block', async () => {
      expect(await attempt(tdes, aes, 24)).toEqual(invalid('multiple of 16'));
      expect(await attempt(aes, tdes, 24)).toEqual(invalid('multiple of 16'));
      expect(await attempt(tdes, tdes, 12)).toEqual(invalid('multiple of 8'));
      expect(await attempt(aes, aes, 2112)).toMatchObject({ CipherText: '00'.repeat(2112) });
      expect(await attempt(aes, aes, 2128)).toEqual(invalid('/CipherText'));
    });

    test('a key without restrictions, on either side', async () => {
      expect(await attempt(unrestricted, aes)).toEqual(invalid('KeyUsages not allowed'));
      expect(await attempt(aes, unrestricted)).toEqual(invalid('KeyUsages not allowed'));
    });

    test('a key of the wrong direction', async () => {
      expect(await attempt(only.decrypts, only.encrypts)).toMatchObject({ CipherText: '00'.repeat(16) });
      expect(await attempt(only.encrypts, aes)).toEqual(invalid(`KeyModesOfUse of the input key ${only.encrypts}`));
      expect(await attempt(aes, only.decrypts)).toEqual(invalid(`KeyModesOfUse of the input key ${only.decrypts}`));
    });

    test('other variants than Symmetric, Asymmetric and Dukpt', async () => {
      expect(await attempt(aes, aes, 16, { Emv: {} })).toEqual(invalid('exactly one member'));
    });
  });
});

/** Any attributes will do: what the key is, is what is tested. */
const ECB = { Symmetric: { Mode: 'ECB' } };
const BLOCK = '00'.repeat(16);
const kekOf = (clear: string, algorithm: SymmetricKeyAlgorithm, modes = EVERYTHING, usage: KeyUsage = K0) =>
  imports.importKey({ clear, usage, algorithm, modes });

describe('a data key that comes in a key block', () => {
  const KEY = '000102030405060708090A0B0C0D0E0F';
  const KCV = 'BE7ED6';
  const block = (more: Partial<Parameters<typeof keyBlock>[1]> = {}, rest?: Parameters<typeof keyBlock>[2]) =>
    keyBlock(
      { algorithm: 'AES', key: imports.kek.clear },
      { clear: KEY, usage: D0, algorithm: 'AES_128', modes: EVERYTHING, ...more },
      rest,
    );
  const wrapped = (Tr31KeyBlock: string, KeyCheckValueAlgorithm?: string) => ({
    WrappedKeyMaterial: { Tr31KeyBlock },
    KeyCheckValueAlgorithm,
  });

  test.each(
    vectors<DataVector & { key: string; keyAlgorithm: SymmetricKeyAlgorithm }>('encrypt')
      .filter(({ algorithm }) => /Symmetric .* CBC$/.test(algorithm))
      .slice(0, 8),
  )('$id, $keyAlgorithm: works as a stored one, and is itself what the answer names the check value of', async (vector) => {
    const { key, keyAlgorithm, mode, iv, plaintext, expected } = vector;
    const { KeyCheckValue } = await dataKey(key, keyAlgorithm);
    const attributes = { Symmetric: { Mode: mode, InitializationVector: iv } };
    const named = { KeyArn: imports.kek.KeyArn, KeyCheckValue };
    const comes = wrapped(block({ clear: key, algorithm: keyAlgorithm }));
    expect(await encrypt(imports.kek.KeyArn, plaintext, attributes, comes)).toEqual({ ...named, CipherText: expected.ciphertext });
    expect(await decrypt(imports.kek.KeyArn, expected.ciphertext, attributes, comes)).toEqual({ ...named, PlainText: plaintext });
    const answer = await service.dataPlane
      .encryptData({ KeyIdentifier: imports.kek.KeyArn, PlainText: plaintext, EncryptionAttributes: attributes, WrappedKey: comes })
      .promise();
    expect(answer.CipherText).toBe(expected.ciphertext);
  }); // prettier-ignore

  interface BlockVector {
    kbpk: string;
    kbpkAlgorithm: 'TDES' | 'AES';
    keyBlock: string;
    version: string;
    expected: { key: string; kcv: string; keyUsage: string; algorithm: string; modeOfUse: string };
  }
  const published = vectors<BlockVector>('tr31').filter(({ expected }) => expected.keyUsage === 'D0');
  test.each(published)('$id, version $version: $source', async ({ kbpk, kbpkAlgorithm, keyBlock: text, expected }) => {
    const kek = await kekOf(kbpk, algorithmOf(kbpkAlgorithm, kbpk), ['Decrypt', 'Unwrap'], K1);
    const stored = await dataKey(expected.key, algorithmOf(expected.algorithm === 'T' ? 'TDES' : 'AES', expected.key));
    const { CipherText = '' } = await encrypt(stored.KeyArn, BLOCK, ECB);
    expect(await encrypt(kek.KeyArn, BLOCK, ECB, wrapped(text))).toEqual({
      KeyArn: kek.KeyArn,
      KeyCheckValue: expected.kcv,
      CipherText,
    });
    expect(await decrypt(kek.KeyArn, CipherText, ECB, wrapped(text))).toMatchObject({ PlainText: BLOCK });
  });

  test.each(['A', 'B', 'C'] as const)('version %s under a TDES key', async (versionId) => {
    const kek = await kekOf('0123456789ABCDEFFEDCBA98765432101122334455667788', 'TDES_3KEY');
    const kbpk = { algorithm: 'TDES', key: hex('0123456789ABCDEFFEDCBA98765432101122334455667788') } as const;
    const key = { clear: '0123456789ABCDEFFEDCBA9876543210', usage: D0, algorithm: 'TDES_2KEY', modes: EVERYTHING } as const;
    const text = keyBlock(kbpk, key, { header: { versionId } });
    expect(await encrypt(kek.KeyArn, BLOCK, ECB, wrapped(text))).toMatchObject({
      KeyCheckValue: '08D7B4',
      CipherText: expect.stringMatching(/^08D7B4/),
    });
  }); // prettier-ignore

  test.each<[string, readonly KeyMode[], boolean, boolean]>([
    ['B', EVERYTHING, true, true],
    ['E', ['Encrypt', 'Wrap'], true, false],
    ['D', ['Decrypt', 'Unwrap'], false, true],
    ['N', ['NoRestrictions'], true, true],
  ])('mode of use %s', async (_, modes, encrypts, decrypts) => {
    const comes = wrapped(block({ modes, exportable: false }));
    const refused = invalid(`KeyModesOfUse of the key wrapped under ${imports.kek.KeyArn} is invalid for the operation.`);
    const done = expect.objectContaining({ KeyCheckValue: KCV });
    expect(await encrypt(imports.kek.KeyArn, BLOCK, ECB, comes)).toEqual(encrypts ? done : refused);
    expect(await decrypt(imports.kek.KeyArn, BLOCK, ECB, comes)).toEqual(decrypts ? done : refused);
  }); // prettier-ignore

  test('on either side of ReEncryptData, and on both', async () => {
    const stored = await dataKey('2B7E151628AED2A6ABF7158809CF4F3C', 'AES_128');
    const comes = wrapped(block());
    const { CipherText: ofWrapped } = await encrypt(imports.kek.KeyArn, BLOCK, ECB, comes);
    const { CipherText: ofStored } = await encrypt(stored.KeyArn, BLOCK, ECB);
    const attributes = { IncomingEncryptionAttributes: ECB, OutgoingEncryptionAttributes: ECB };
    const incoming = { ...attributes, OutgoingKeyIdentifier: stored.KeyArn, CipherText: ofWrapped, IncomingWrappedKey: comes };
    expect(await reEncrypt(imports.kek.KeyArn, incoming)).toEqual({
      KeyArn: stored.KeyArn,
      KeyCheckValue: stored.KeyCheckValue,
      CipherText: ofStored,
    });
    const outgoing = { ...attributes, OutgoingKeyIdentifier: imports.kek.KeyArn, CipherText: ofStored, OutgoingWrappedKey: comes };
    expect(await reEncrypt(stored.KeyArn, outgoing)).toEqual({
      KeyArn: imports.kek.KeyArn,
      KeyCheckValue: KCV,
      CipherText: ofWrapped,
    });
    const both = { ...outgoing, CipherText: ofWrapped, IncomingWrappedKey: comes };
    expect(await reEncrypt(imports.kek.KeyArn, both)).toMatchObject({ CipherText: ofWrapped });
    const unrestricted = { ...both, OutgoingWrappedKey: wrapped(block({ modes: ['NoRestrictions'] })) };
    expect(await reEncrypt(imports.kek.KeyArn, unrestricted)).toEqual(invalid('KeyUsages not allowed'));
  }); // prettier-ignore

  test('its check value by the algorithm that the call names', async () => {
    const tdes = block({ clear: '0123456789ABCDEFFEDCBA9876543210', algorithm: 'TDES_2KEY' });
    const check = async (text: string, by?: string) => encrypt(imports.kek.KeyArn, BLOCK, ECB, wrapped(text, by));
    expect(await check(tdes)).toMatchObject({ KeyCheckValue: '08D7B4' });
    expect(await check(tdes, 'ANSI_X9_24')).toMatchObject({ KeyCheckValue: '08D7B4' });
    const { KeyCheckValue } = await check(tdes, 'CMAC');
    expect(KeyCheckValue).toMatch(/^(?!08D7B4)[0-9A-F]{6}$/);
    expect(await check(block(), 'CMAC')).toMatchObject({ KeyCheckValue: KCV });
    expect(await check(block(), 'ANSI_X9_24')).toEqual(invalid('use CMAC'));
    expect(await check(block(), 'SHA_1')).toEqual(invalid('use CMAC'));
  });

  const dukpt = { Dukpt: { KeySerialNumber: 'FFFF9876543210E00001' } };
  test.each<[string, () => string, object, string]>([
    ['a PIN key', () => block({ usage: P0 }), ECB, 'KeyUsage of the key wrapped under'],
    ['a usage that no stored key has', () => block({}, { header: { keyUsage: 'D2' } }), ECB, 'key usage D2'],
    ['a key for HMAC', () => block({ clear: '00'.repeat(32), usage: D0, algorithm: 'HMAC_SHA256' }), ECB, 'KeyAlgorithm of the key wrapped under'],
    ['a single-length DES key', () => block({ clear: '0123456789ABCDEF' }, { header: { algorithm: 'T' } }), ECB, 'algorithm T of this key length'],
    ['a base derivation key', () => block({ usage: B0, algorithm: 'TDES_2KEY', modes: ['DeriveKey'] }), dukpt, 'KeyUsage of the key wrapped under'],
    ['a data key for DUKPT', () => block(), dukpt, 'KeyUsage of the key wrapped under'],
    ['a data key for RSA', () => block(), { Asymmetric: {} }, 'KeyUsage of the key wrapped under'],
    ['a check value that is not the key\'s', () => block({}, { optionalBlocks: [{ id: 'KC', data: '01FFFFFF' }] }), ECB, 'Optional block KC'],
    ['a block that is cut off', () => block().slice(0, -2), ECB, 'key block length'],
    ['no header', () => `X${block().slice(1)}`, ECB, 'version'],
  ])('refuses %s', async (_, text, attributes, message) => {
    expect(await encrypt(imports.kek.KeyArn, BLOCK, attributes, wrapped(text()))).toEqual(invalid(message));
    expect(await decrypt(imports.kek.KeyArn, BLOCK, attributes, wrapped(text()))).toEqual(invalid(message));
  }); // prettier-ignore

  test('refuses a key that is stronger than what it comes under', async () => {
    const clear = '0123456789ABCDEFFEDCBA9876543210';
    const tdes = await kekOf(clear, 'TDES_2KEY');
    const under = (key: Parameters<typeof keyBlock>[1]) => keyBlock({ algorithm: 'TDES', key: hex(clear) }, key);
    const triple = under({ clear: '11'.repeat(24), usage: D0, algorithm: 'TDES_3KEY', modes: EVERYTHING });
    expect(await encrypt(tdes.KeyArn, BLOCK, ECB, wrapped(triple))).toEqual(invalid('may not travel under'));
    const aes = under({ clear: KEY, usage: D0, algorithm: 'AES_128', modes: EVERYTHING });
    expect(await encrypt(tdes.KeyArn, BLOCK, ECB, wrapped(aes))).toEqual(invalid('may not travel under'));
  });

  test('refuses whatever is not authentic in the same words', async () => {
    const text = block();
    const flip = (at: number) => text.slice(0, at) + (text[at] === '0' ? '1' : '0') + text.slice(at + 1);
    const other = await kekOf('22'.repeat(32), 'AES_256');
    const answers = [
      await encrypt(imports.kek.KeyArn, BLOCK, ECB, wrapped(flip(16))), // the encrypted key
      await encrypt(imports.kek.KeyArn, BLOCK, ECB, wrapped(flip(text.length - 1))), // the MAC
      await encrypt(imports.kek.KeyArn, BLOCK, ECB, wrapped(text.replace(/^(.{8})B/, '$1E'))), // the header
      await encrypt(other.KeyArn, BLOCK, ECB, wrapped(text)), // under another key
    ];
    expect(answers).toEqual(answers.map(() => invalid('cannot be opened')));
    expect(new Set(answers.map(({ message }) => message)).size).toBe(1);
  });

  test.each<[string, () => Promise<StoredKey>, string]>([
    ['a key of another usage', () => dataKey('22'.repeat(16), 'AES_128'), 'KeyUsage of the input key'],
    ['a key that only wraps', () => kekOf('22'.repeat(16), 'AES_128', ['Encrypt', 'Wrap']), 'KeyModesOfUse of the input key'],
  ])('is not taken under %s', async (_, kek, message) => {
    const { KeyArn } = await kek();
    expect(await encrypt(KeyArn, BLOCK, ECB, wrapped(block()))).toEqual(invalid(`${message} ${KeyArn}`));
  }); // prettier-ignore

  test('is in no line of the log', async () => {
    const text = block();
    await encrypt(imports.kek.KeyArn, BLOCK, ECB, wrapped(text));
    await encrypt(imports.kek.KeyArn, BLOCK, ECB, wrapped(`${text.slice(0, -1)}${text.endsWith('0') ? '1' : '0'}`));
    const log = JSON.stringify(service.log);
    expect(log).toContain(imports.kek.KeyArn);
    for (const secret of [KEY, text.slice(16), text.slice(20, 60)]) expect(log).not.toContain(secret);
  });
});

const CURVES = { ECC_NIST_P256: 'P-256', ECC_NIST_P384: 'P-384', ECC_NIST_P521: 'P-521' } as const;
type Curve = keyof typeof CURVES;
const BYTES = { TDES_2KEY: 16, TDES_3KEY: 24, AES_128: 16, AES_192: 24, AES_256: 32 } as const;
type Derivable = keyof typeof BYTES;

/** NIST SP 800-56A and ANSI X9.63, written out again with nothing of the service's. */
function derive(privateKey: Buffer, certified: string, kdf: string, hash: string, info: Buffer, bytes: number): Buffer {
  const z = diffieHellman({
    privateKey: createPrivateKey({ key: privateKey, format: 'der', type: 'pkcs8' }),
    publicKey: createPublicKey(Buffer.from(certified, 'base64')),
  });
  const blocks = [1, 2].map((i) => {
    const counter = Buffer.from([0, 0, 0, i]);
    const input = kdf === 'NIST_SP800' ? [counter, z, info] : [z, counter, info];
    return createHash(hash.replace('_', '').toLowerCase()).update(Buffer.concat(input)).digest();
  });
  return Buffer.concat(blocks).subarray(0, bytes);
}

/** ECB by OpenSSL. */
function ecb(algorithm: Derivable, key: Buffer, data: string): string {
  const [name, whole] = algorithm.startsWith('AES')
    ? [`aes-${8 * key.length}-ecb`, key]
    : ['des-ede3', Buffer.concat([key, key]).subarray(0, 24)];
  return createCipheriv(name, whole, null).setAutoPadding(false).update(hex(data)).toString('hex').toUpperCase();
}

/** A key pair of the service for key agreement, and its certificate. */
async function agreementPair(curve: Curve, DeriveKeyUsage?: 'TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY' | typeof P0 | typeof K0 | typeof K1) {
  const { KeyArn } = await createKey(service, {
    KeyAttributes: {
      KeyUsage: K3,
      KeyClass: 'ASYMMETRIC_KEY_PAIR',
      KeyAlgorithm: curve,
      KeyModesOfUse: { DeriveKey: true },
    },
    DeriveKeyUsage,
    Exportable: false,
  });
  const { KeyCertificate = '' } = await service.controlPlane.send(
    new GetPublicKeyCertificateCommand({ KeyIdentifier: KeyArn }),
  );
  return { arn: KeyArn, certificate: KeyCertificate };
} // prettier-ignore

interface AgreementVector {
  why: string;
  inputs: Record<
    | 'keyAlgorithm'
    | 'servicePrivateKeyPem'
    | 'publicKeyCertificatePem'
    | 'certificateAuthority'
    | 'deriveKeyAlgorithm'
    | 'keyDerivationFunction'
    | 'keyDerivationHashAlgorithm'
    | 'sharedInformation'
    | 'wrappedKeyBlock',
    string
  >;
  expected: Record<'derivedKey' | 'derivedKeyCheckValue' | 'clearKey' | 'keyBlockHeader' | 'keyCheckValue', string>;
}
const agreements = vectors<AgreementVector>('ecdh-exchange').filter(({ inputs }) => 'servicePrivateKeyPem' in inputs);
const withBlock = agreements.filter(({ inputs, expected }) => 'wrappedKeyBlock' in inputs && 'clearKey' in expected);
const { pki } = JSON.parse(readFileSync(new URL('../../vectors/ecdh-exchange.json', import.meta.url), 'utf8')) as {
  pki: Record<string, { certificatePem: string }>;
};
const base64 = (pem: string) => Buffer.from(pem).toString('base64');

/** Puts our key pair and the certificate authority of a vector into the service. */
async function parties({ inputs }: AgreementVector, deriveKeyUsage: typeof D0 | typeof K1) {
  const arn = await storePair(service, {
    usage: K3,
    algorithm: inputs.keyAlgorithm as Curve,
    modes: ['DeriveKey'],
    deriveKeyUsage,
    privateKey: createPrivateKey(inputs.servicePrivateKeyPem).export({ format: 'der', type: 'pkcs8' }),
  });
  // A certificate that signed itself is its own authority.
  const authority = pki[inputs.certificateAuthority]?.certificatePem ?? inputs.publicKeyCertificatePem;
  return { pair: { arn }, ca: await importRoot(service, base64(authority)) };
}

describe('a data key that is agreed on', () => {
  const ofVector = ({ inputs }: AgreementVector, ca: StoredKey) => ({
    WrappedKeyMaterial: {
      DiffieHellmanSymmetricKey: {
        CertificateAuthorityPublicKeyIdentifier: ca.KeyArn,
        PublicKeyCertificate: base64(inputs.publicKeyCertificatePem),
        KeyAlgorithm: inputs.deriveKeyAlgorithm,
        KeyDerivationFunction: inputs.keyDerivationFunction,
        KeyDerivationHashAlgorithm: inputs.keyDerivationHashAlgorithm,
        SharedInformation: inputs.sharedInformation,
      },
    },
  });

  test.each(agreements.filter(({ expected }) => 'derivedKey' in expected))('$id: $why', async (vector) => {
    const { pair, ca } = await parties(vector, D0);
    const { derivedKey, derivedKeyCheckValue } = vector.expected;
    const named = { KeyArn: pair.arn, KeyCheckValue: derivedKeyCheckValue };
    const CipherText = ecb(vector.inputs.deriveKeyAlgorithm as Derivable, hex(derivedKey), BLOCK);
    expect(await encrypt(pair.arn, BLOCK, ECB, ofVector(vector, ca))).toEqual({ ...named, CipherText });
    expect(await decrypt(pair.arn, CipherText, ECB, ofVector(vector, ca))).toEqual({ ...named, PlainText: BLOCK });
  });

  test.each<[string, string]>([
    ['ecdh-neg-rogue-ca', 'issued by the given certificate authority'],
    ['ecdh-neg-curve-mismatch', ''],
    ['ecdh-neg-rsa-peer', ''],
  ])('%s is refused', async (id, message) => {
    const vector = agreements.find((one) => one.id === id)!;
    const { pair, ca } = await parties(vector, D0);
    expect(await encrypt(pair.arn, BLOCK, ECB, ofVector(vector, ca))).toEqual(invalid(message));
  });

  /** With a partner of our own: what the service derives, derived again with nothing of the service's. */
  const partners: Partial<Record<Curve, ReturnType<typeof ecParty> & { ca: StoredKey }>> = {};
  const partnerOn = async (curve: Curve) =>
    (partners[curve] ??= await (async () => {
      const party = ecParty(CURVES[curve]);
      return { ...party, ca: await importRoot(service, party.text) };
    })());
  const request = (partner: { text: string; ca: { KeyArn: string } }, more: object = {}) => ({
    WrappedKeyMaterial: {
      DiffieHellmanSymmetricKey: {
        CertificateAuthorityPublicKeyIdentifier: partner.ca.KeyArn,
        PublicKeyCertificate: partner.text,
        KeyAlgorithm: 'AES_128',
        KeyDerivationFunction: 'NIST_SP800',
        KeyDerivationHashAlgorithm: 'SHA_256',
        SharedInformation: 'C0FFEE',
        ...more,
      },
    },
  });

  test.each<[Curve, Derivable, string, string, number]>([
    ['ECC_NIST_P256', 'TDES_2KEY', 'NIST_SP800', 'SHA_256', 1],
    ['ECC_NIST_P256', 'AES_256', 'ANSI_X963', 'SHA_384', 32],
    ['ECC_NIST_P384', 'TDES_3KEY', 'ANSI_X963', 'SHA_512', 16],
    ['ECC_NIST_P384', 'AES_192', 'NIST_SP800', 'SHA_384', 1024],
    ['ECC_NIST_P521', 'AES_128', 'ANSI_X963', 'SHA_256', 64],
    ['ECC_NIST_P521', 'AES_256', 'NIST_SP800', 'SHA_512', 20],
  ])('%s, %s by %s with %s and %i bytes of shared information', async (curve, algorithm, kdf, hash, infoBytes) => {
    const partner = await partnerOn(curve);
    const pair = await agreementPair(curve, D0);
    const info = randomBytes(infoBytes);
    const key = derive(partner.privateKey, pair.certificate, kdf, hash, info, BYTES[algorithm]);
    const comes = request(partner, {
      KeyAlgorithm: algorithm,
      KeyDerivationFunction: kdf,
      KeyDerivationHashAlgorithm: hash,
      SharedInformation: info.toString('hex'),
    });
    expect(await encrypt(pair.arn, BLOCK, ECB, comes)).toMatchObject({
      KeyArn: pair.arn,
      CipherText: ecb(algorithm, key, BLOCK),
    });
  });

  test('on a side of ReEncryptData, under an alias of the authority or not', async () => {
    const partner = await partnerOn('ECC_NIST_P256');
    const pair = await agreementPair('ECC_NIST_P256', D0);
    const stored = await dataKey('2B7E151628AED2A6ABF7158809CF4F3C', 'AES_128');
    const { CipherText } = await encrypt(pair.arn, BLOCK, ECB, request(partner));
    const { CipherText: ofStored } = await encrypt(stored.KeyArn, BLOCK, ECB);
    const answer = await reEncrypt(pair.arn, {
      OutgoingKeyIdentifier: stored.KeyArn,
      CipherText,
      IncomingEncryptionAttributes: ECB,
      OutgoingEncryptionAttributes: ECB,
      IncomingWrappedKey: request(partner),
    });
    expect(answer).toEqual({ KeyArn: stored.KeyArn, KeyCheckValue: stored.KeyCheckValue, CipherText: ofStored });
  });

  test('a pair without DeriveKeyUsage, or with another one, derives no data key', async () => {
    const partner = await partnerOn('ECC_NIST_P256');
    for (const usage of [undefined, P0, K1] as const) {
      const { arn } = await agreementPair('ECC_NIST_P256', usage);
      const refusal = invalid(`DeriveKeyUsage of the input key ${arn} is invalid for the operation.`);
      expect(await encrypt(arn, BLOCK, ECB, request(partner))).toEqual(refusal);
    }
  });

  test('no base derivation key is derived', async () => {
    const partner = await partnerOn('ECC_NIST_P256');
    const { arn } = await agreementPair('ECC_NIST_P256', D0);
    const dukpt = { Dukpt: { KeySerialNumber: 'FFFF9876543210E00001' } };
    expect(await encrypt(arn, BLOCK, dukpt, request(partner))).toEqual(invalid('DeriveKeyUsage of the input key'));
  });

  test.each<[string, object, string]>([
    ['an HMAC key', { KeyAlgorithm: 'HMAC_SHA256' }, 'HMAC_SHA256'],
    ['an unknown function', { KeyDerivationFunction: 'HKDF' }, '/KeyDerivationFunction'],
    ['SHA-1', { KeyDerivationHashAlgorithm: 'SHA_1' }, '/KeyDerivationHashAlgorithm'],
    ['an odd number of digits', { SharedInformation: 'C0FFE' }, '/SharedInformation'],
    ['too much shared information', { SharedInformation: '00'.repeat(1025) }, '/SharedInformation'],
    ['no shared information', { SharedInformation: undefined }, '/SharedInformation'],
    ['what is no certificate', { PublicKeyCertificate: 'bm90IGEgY2VydGlmaWNhdGU=' }, 'PEM'],
  ])('refuses %s', async (_, more, message) => {
    const partner = await partnerOn('ECC_NIST_P256');
    const { arn } = await agreementPair('ECC_NIST_P256', D0);
    expect(await encrypt(arn, BLOCK, ECB, request(partner, more))).toEqual(invalid(message));
  });

  test('refuses a certificate out of its validity, and one by another authority of the same name', async () => {
    const partner = await partnerOn('ECC_NIST_P256');
    const { arn } = await agreementPair('ECC_NIST_P256', D0);
    service.clock.advance(40 * 86_400_000);
    expect(await encrypt(arn, BLOCK, ECB, request(partner))).toEqual(invalid('validity period'));
    service.clock.advance(-40 * 86_400_000);
    expect(await encrypt(arn, BLOCK, ECB, request(partner))).toMatchObject({ KeyArn: arn });
    const impostor = ecParty('P-256');
    expect(await encrypt(arn, BLOCK, ECB, request({ ...partner, text: impostor.text }))).toEqual(
      invalid('issued by the given certificate authority'),
    );
  });

  test('refuses other keys in the place of the pair and of the authority', async () => {
    const partner = await partnerOn('ECC_NIST_P256');
    const { arn } = await agreementPair('ECC_NIST_P256', D0);
    const data = await dataKey('22'.repeat(16), 'AES_128');
    expect(await encrypt(data.KeyArn, BLOCK, ECB, request(partner))).toEqual(
      invalid(`KeyUsage of the input key ${data.KeyArn}`),
    );
    expect(await encrypt(arn, BLOCK, ECB, request({ ...partner, ca: data }))).toEqual(
      invalid(`KeyUsage of the input key ${data.KeyArn}`),
    );
    await service.controlPlane.send(new StopKeyUsageCommand({ KeyIdentifier: arn }));
    expect(await encrypt(arn, BLOCK, ECB, request(partner))).toEqual(invalid(`Key ${arn} is not in an enabled state.`));
    const missing = request({ ...partner, ca: { KeyArn: MISSING_KEY } });
    const { arn: other } = await agreementPair('ECC_NIST_P256', D0);
    expect(await encrypt(other, BLOCK, ECB, missing)).toMatchObject({
      __type: 'ResourceNotFoundException',
      ResourceId: MISSING_KEY,
    });
  });
});

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

  test.each(withBlock.filter(({ expected }) => expected.keyBlockHeader[11] !== 'N'))('$id: $why', async (vector) => {
    const { pair, ca } = await parties(vector, K1);
    const { clearKey, keyBlockHeader, keyCheckValue } = vector.expected;
    const answer = await translate(ofVector(vector, pair, ca), imports.kek.KeyArn);
    expect(answer).toEqual({
      WrappedKey: {
        WrappedKeyMaterial: expect.any(String),
        KeyCheckValue: keyCheckValue,
        WrappedKeyMaterialFormat: 'TR31_KEY_BLOCK',
      },
    });
    const { WrappedKeyMaterial } = answer['WrappedKey'] as unknown as { WrappedKeyMaterial: string };
    expect(WrappedKeyMaterial.slice(0, 16)).toBe(keyBlockHeader);
    const { key } = unwrapKeyBlock({ algorithm: 'AES', key: imports.kek.clear }, WrappedKeyMaterial);
    expect(key.toString('hex').toUpperCase()).toBe(clearKey);
  });

  test.each(withBlock.filter(({ expected }) => expected.keyBlockHeader[11] === 'N'))(
    '$id: a key that is not exportable stays where it is',
    async (vector) => {
      const { pair, ca } = await parties(vector, K1);
      expect(await translate(ofVector(vector, pair, ca), imports.kek.KeyArn)).toEqual(invalid('not exportable'));
    },
  );

  test('a key that is stronger than the curve', async () => {
    const vector = agreements.find(({ id }) => id === 'ecdh-neg-strength-aes256-key-over-p256')!;
    const { pair, ca } = await parties(vector, K1);
    expect(await translate(ofVector(vector, pair, ca), imports.kek.KeyArn)).toEqual(invalid('P-521'));
  });

  describe('with a partner', () => {
    let partner: ReturnType<typeof ecParty> & { ca: StoredKey };
    let pair: { arn: string; certificate: string };
    let kbpk: Buffer;
    beforeAll(async () => {
      const party = ecParty('P-256');
      partner = { ...party, ca: await importRoot(service, party.text) };
      pair = await agreementPair('ECC_NIST_P256', K0);
      kbpk = derive(party.privateKey, pair.certificate, 'NIST_SP800', 'SHA_256', hex('C0FFEE'), 32);
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
      clear: '0123456789ABCDEFFEDCBA9876543210',
      usage: P0,
      algorithm: 'TDES_2KEY',
      modes: EVERYTHING,
    } as const;
    const pek = (rest?: Parameters<typeof keyBlock>[2]) => keyBlock({ algorithm: 'AES', key: kbpk }, PEK, rest);
    const material = (answer: Record<string, unknown>) =>
      (answer['WrappedKey'] as { WrappedKeyMaterial: string }).WrappedKeyMaterial; // prettier-ignore

    test('version B under a TDES key, with its version, exportability and optional blocks but KP', async () => {
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

    test('the check value by the algorithm that the call names, and the answer imports', async () => {
      const answer = await translate(incoming(pek()), imports.kek.KeyArn, { KeyCheckValueAlgorithm: 'ANSI_X9_24' });
      expect(answer).toMatchObject({ WrappedKey: { KeyCheckValue: '08D7B4' } });
      const key = await importMaterial(service, {
        Tr31KeyBlock: { WrappingKeyIdentifier: imports.kek.KeyArn, WrappedKeyBlock: material(answer) },
      });
      expect(key).toMatchObject({ KeyCheckValue: '08D7B4', KeyAttributes: { KeyUsage: P0, KeyAlgorithm: 'TDES_2KEY' } });
      const byCmac = await translate(incoming(pek()), imports.kek.KeyArn, { KeyCheckValueAlgorithm: 'CMAC' });
      expect(byCmac).toMatchObject({ WrappedKey: { KeyCheckValue: expect.stringMatching(/^(?!08D7B4)[0-9A-F]{6}$/) } });
      const nonsense = await translate(incoming(pek()), imports.kek.KeyArn, { KeyCheckValueAlgorithm: 'SHA_1' });
      expect(nonsense).toEqual(invalid('KeyCheckValueAlgorithm SHA_1'));
    }); // prettier-ignore

    test('an HMAC key keeps its hash', async () => {
      const hmac = { clear: 'AB'.repeat(32), usage: 'TR31_M7_HMAC_KEY', algorithm: 'HMAC_SHA256', modes: ['Generate', 'Verify'] } as const;
      const text = keyBlock({ algorithm: 'AES', key: kbpk }, hmac);
      const opened = unwrapKeyBlock(
        { algorithm: 'AES', key: imports.kek.clear },
        material(await translate(incoming(text), imports.kek.KeyArn)),
      );
      expect(opened.optionalBlocks[0]).toEqual({ id: 'HM', data: '21' });
      expect(opened.key).toEqual(hex(hmac.clear));
    }); // prettier-ignore

    test('what is not authentic is refused in the same words', async () => {
      const text = pek();
      const flip = (at: number) => text.slice(0, at) + (text[at] === '0' ? '1' : '0') + text.slice(at + 1);
      const answers = [
        await translate(incoming(flip(20)), imports.kek.KeyArn),
        await translate(incoming(flip(text.length - 1)), imports.kek.KeyArn),
        await translate(incoming(text, { DerivationData: { SharedInformation: 'C0FFEF' } }), imports.kek.KeyArn),
        await translate(incoming(text, { KeyDerivationFunction: 'ANSI_X963' }), imports.kek.KeyArn),
        await translate(incoming(text, { DeriveKeyAlgorithm: 'AES_128' }), imports.kek.KeyArn),
      ];
      expect(answers).toEqual(answers.map(() => invalid('cannot be opened')));
      expect(new Set(answers.map(({ message }) => message)).size).toBe(1);
    });

    test.each<[string, () => Promise<string> | string, () => Promise<StoredKey> | StoredKey, object, string]>([
      ['a derived key of another algorithm than the block\'s', () => pek(), () => imports.kek, { DeriveKeyAlgorithm: 'TDES_2KEY' }, 'version D needs'],
      ['a derived HMAC key', () => pek(), () => imports.kek, { DeriveKeyAlgorithm: 'HMAC_SHA256' }, 'HMAC_SHA256'],
      ['a key-encryption key weaker than the key', () => keyBlock({ algorithm: 'AES', key: kbpk }, { ...PEK, clear: '22'.repeat(16), algorithm: 'AES_128' }), () => kekOf('0123456789ABCDEFFEDCBA9876543210', 'TDES_2KEY'), {}, 'may not travel under'],
      ['a key-encryption key that only unwraps', () => pek(), () => kekOf('22'.repeat(16), 'AES_128', ['Decrypt', 'Unwrap']), {}, 'KeyModesOfUse of the input key'],
      ['another key in its place', () => pek(), () => dataKey('22'.repeat(16), 'AES_128'), {}, 'KeyUsage of the input key'],
      ['attributes that no key has', () => pek({ header: { keyUsage: 'V2', modeOfUse: 'C', algorithm: 'D' } }), () => imports.kek, {}, 'algorithm D'],
      ['a usage that no stored key has', () => pek({ header: { keyUsage: 'B1', modeOfUse: 'X' } }), () => imports.kek, {}, 'key usage B1'],
      ['lower case in the block', () => pek().toLowerCase(), () => imports.kek, {}, 'key block'],
      ['two kinds of derivation data', () => pek(), () => imports.kek, { DerivationData: {} }, 'exactly one member'],
    ])('refuses %s', async (_, text, kek, more, message) => {
      const { KeyArn } = await kek();
      expect(await translate(incoming(await text(), more), KeyArn)).toEqual(invalid(message));
    }); // prettier-ignore

    test('refuses a pair that is for other keys', async () => {
      const { arn } = await agreementPair('ECC_NIST_P256', P0);
      const answer = await translate(incoming(pek(), { PrivateKeyIdentifier: arn }), imports.kek.KeyArn);
      expect(answer).toEqual(invalid(`KeyUsage of the input key ${arn}`));
    });
  });
});
