import { createCipheriv } from 'node:crypto';
import type { SymmetricKeyAlgorithm } from '../../../../src/payment/keys/key-attributes.js';
import { E1, E6, TDES_KEY, KSN, AES_KSN, invalid, useData, type DataVector } from '../../../support/data.js';
import type { StoredKey } from '../../../support/import.js';
import { vectors, hex } from '../../../support/vectors.js';

const { dataKey, bdk, issuerKey, encrypt, decrypt } = useData();

/** Expects the key to encrypt and decrypt as the vector says, and the responses to name the key. */
async function expectBothWays(
  key: StoredKey,
  attributes: object,
  { plaintext, ciphertext }: { plaintext: string; ciphertext: string },
) {
  const names = { KeyArn: key.KeyArn, KeyCheckValue: key.KeyCheckValue };
  expect(await encrypt(key.KeyArn, plaintext, attributes)).toEqual({ ...names, CipherText: ciphertext });
  expect(await decrypt(key.KeyArn, ciphertext.toLowerCase(), attributes)).toEqual({ ...names, PlainText: plaintext });
}

describe('EncryptData and DecryptData with published vectors', () => {
  const symmetric = vectors<DataVector & { key: string; keyAlgorithm: SymmetricKeyAlgorithm }>('encrypt').filter(
    ({ algorithm }) => algorithm.startsWith('Symmetric'),
  );
  // Some vectors of streaming modes end within a block, but AWS accepts whole blocks only. Padding does not change the
  // beginning of the ciphertext.
  const wholeBlocks = (text: string) => text.padEnd(Math.ceil(text.length / 32) * 32, '0');
  test.each(symmetric)('match $id, $algorithm with $keyAlgorithm: $source', async (vector) => {
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
  /** TDES DUKPT has no bidirectional key: see ../mac/dukpt-direction.e2e.spec.ts. */
  const accepted = dukptVectors.filter(
    ({ algorithm, variant }) => !(algorithm.includes('TDES') && variant === 'BIDIRECTIONAL'),
  );
  test.each(accepted)(
    'match $id, $algorithm, $variant: $source',
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
    '$id, KSN $ksn: use CBC with a zero IV under the request key by default',
    async ({ algorithm, bdk: clear, ksn, paddedData, expected }) => {
      const stored = await bdk(clear, algorithm.startsWith('AES') ? 'AES' : 'TDES');
      const request = { KeySerialNumber: ksn };
      const response = { KeySerialNumber: ksn, Mode: 'CBC', DukptKeyVariant: 'RESPONSE' };
      const plaintext = paddedData;
      await expectBothWays(stored, { Dukpt: request }, { plaintext, ciphertext: expected.dataRequestCbc });
      await expectBothWays(stored, { Dukpt: response }, { plaintext, ciphertext: expected.dataResponseCbc });
    },
  );

  test('encrypt as the AWS service does, with a KSN of 20 digits or of 16', async () => {
    const [vector] = vectors<DukptVector>('dukpt', 'TDES DUKPT data encryption ECB');
    const { bdk: clear, ksn, plaintext, expected } = vector!;
    const stored = await bdk(clear, 'TDES');
    for (const KeySerialNumber of [ksn, ksn.replace(/^FFFF/, '')])
      await expectBothWays(stored, { Dukpt: { KeySerialNumber, Mode: 'ECB' } }, { plaintext, ...expected });
  });

  test.each(['TDES_2KEY', 'TDES_3KEY'])('derive a %s data key from an AES base derivation key', async (keyType) => {
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
  test.each(vectors<EmvVector>('encrypt', 'EMV data encryption'))('match $id, EMV $mode: $source', async (vector) => {
    const attributes = {
      MajorKeyDerivationMode: vector.majorKeyDerivation,
      PrimaryAccountNumber: vector.pan,
      PanSequenceNumber: vector.panSequenceNumber,
      SessionDerivationData: vector.sessionDerivationData,
      // CBC is the default.
      Mode: vector.mode === 'CBC' ? undefined : vector.mode,
      InitializationVector: vector.iv,
    };
    const { plaintext, expected } = vector;
    for (const usage of [E1, E6] as const)
      await expectBothWays(await issuerKey(vector.imk, usage), { Emv: attributes }, { plaintext, ...expected });
  });

  test('accept data of the maximum length, with a DUKPT key and with a card key', async () => {
    const longest = 'AB'.repeat(2048);
    const Dukpt = { KeySerialNumber: KSN };
    const Emv = {
      MajorKeyDerivationMode: 'EMV_OPTION_B',
      PrimaryAccountNumber: '1234567890123456789',
      PanSequenceNumber: '01',
      SessionDerivationData: '000B000000000000',
    };
    const keys = [await bdk(TDES_KEY, 'TDES'), await issuerKey(TDES_KEY)];
    for (const [i, attributes] of [{ Dukpt }, { Emv }].entries()) {
      const { CipherText = '' } = await encrypt(keys[i]!.KeyArn, longest, attributes);
      expect(CipherText).toMatch(/^[0-9A-F]{4096}$/);
      expect(await decrypt(keys[i]!.KeyArn, CipherText, attributes)).toMatchObject({ PlainText: longest });
      expect(await encrypt(keys[i]!.KeyArn, `${longest}AB`, attributes)).toEqual(invalid('/PlainText'));
    }
  });
});

describe('EncryptData and DecryptData reject', () => {
  const card = {
    MajorKeyDerivationMode: 'EMV_OPTION_A',
    PrimaryAccountNumber: '4108430752588204',
    PanSequenceNumber: '04',
    SessionDerivationData: 'A5D5315F12444B97',
  };
  let tdes: string, aes: string, imk: string;
  beforeAll(async () => {
    tdes = (await bdk(TDES_KEY, 'TDES')).KeyArn;
    aes = (await bdk('FEDCBA9876543210F1F1F1F1F1F1F1F1', 'AES')).KeyArn;
    imk = (await issuerKey(TDES_KEY)).KeyArn;
  });

  const STRONGER = { KeySerialNumber: AES_KSN, DukptKeyDerivationType: 'AES_256' };
  const AES_OF_TDES = { KeySerialNumber: KSN, DukptKeyDerivationType: 'AES_128' };
  test.each([
    ['an AES KSN with a TDES key', () => tdes, 8, { Dukpt: { KeySerialNumber: AES_KSN } }, 'key serial number'],
    ['a TDES KSN with an AES key', () => aes, 16, { Dukpt: { KeySerialNumber: KSN } }, 'key serial number'],
    ['an AES key derived from a TDES key', () => tdes, 16, { Dukpt: AES_OF_TDES }, 'AES_128'],
    ['a derived key stronger than its base derivation key', () => aes, 16, { Dukpt: STRONGER }, 'must not be stronger'],
    ['a KSN of 18 digits', () => tdes, 8, { Dukpt: { KeySerialNumber: KSN.slice(2) } }, '/KeySerialNumber'],
    ['a mode other than ECB and CBC', () => tdes, 8, { Dukpt: { KeySerialNumber: KSN, Mode: 'CFB' } }, '/Dukpt/Mode'],
    [
      'an IV of another block size',
      () => tdes,
      8,
      { Dukpt: { KeySerialNumber: KSN, InitializationVector: '00'.repeat(16) } },
      'must be 8 bytes',
    ],
    ['a partial block', () => tdes, 12, { Dukpt: { KeySerialNumber: KSN } }, 'multiple of 8'],
    ['a partial block of the derived key', () => aes, 8, { Dukpt: { KeySerialNumber: AES_KSN } }, 'multiple of 16'],
    [
      'option B with a PAN of 16 digits',
      () => imk,
      8,
      { Emv: { ...card, MajorKeyDerivationMode: 'EMV_OPTION_B' } },
      'EMV_OPTION_B',
    ],
    [
      'session derivation data of 7 bytes',
      () => imk,
      8,
      { Emv: { ...card, SessionDerivationData: 'A5D5315F12444B' } },
      '/SessionDerivationData',
    ],
    ['a partial block of a card key', () => imk, 4, { Emv: card }, 'multiple of 8'],
    ['a base derivation key for a card', () => tdes, 8, { Emv: card }, 'KeyUsage of the input key'],
    ['an issuer key for DUKPT', () => imk, 8, { Dukpt: { KeySerialNumber: KSN } }, 'KeyUsage of the input key'],
    ['two variants', () => imk, 8, { Emv: card, Symmetric: { Mode: 'CBC' } }, 'exactly one member'],
    ['a missing variant', () => imk, 8, {}, 'exactly one member'],
  ])('%s', async (_, key, bytes, attributes, message) => {
    const data = '00'.repeat(bytes);
    expect(await encrypt(key(), data, attributes)).toEqual(invalid(message));
    expect(await decrypt(key(), data, attributes)).toEqual(invalid(message));
  });

  test.each(['', '0', '000', 'GG', '00 00'])(
    'data that is not hexadecimal digits of whole bytes: "%s"',
    async (data) => {
      expect(await encrypt(tdes, data, { Dukpt: { KeySerialNumber: KSN } })).toEqual(invalid('/PlainText'));
      expect(await decrypt(tdes, data, { Dukpt: { KeySerialNumber: KSN } })).toEqual(invalid('/CipherText'));
    },
  );
});
