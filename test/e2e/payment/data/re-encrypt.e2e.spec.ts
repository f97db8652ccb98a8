import type { SymmetricKeyAlgorithm } from '../../../../src/payment/keys/key-attributes.js';
import { TDES_KEY, AES_KEY, CBC, invalid, useData } from '../../../support/data.js';
import { vectors } from '../../../support/vectors.js';

const { service, dataKey, bdk, encrypt, reEncrypt } = useData();

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
  test.each(vectors<Side>('encrypt', 'Re-encryption'))('matches $id: $source', async (vector) => {
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
    '$id: re-encrypts from a DUKPT key to a stored key, and back',
    async ({ algorithm, bdk: clear, ksn, paddedData, expected }) => {
      const base = await bdk(clear, algorithm.startsWith('AES') ? 'AES' : 'TDES');
      const cipherKey = await dataKey(AES_KEY, 'AES_128');
      const data = algorithm.startsWith('AES') ? paddedData : paddedData.slice(0, 32);
      const { CipherText: expectedHere } = await encrypt(cipherKey.KeyArn, data, CBC);
      const arrived = await reEncrypt(base.KeyArn, {
        OutgoingKeyIdentifier: cipherKey.KeyArn,
        CipherText: expected.dataRequestCbc.slice(0, data.length),
        IncomingEncryptionAttributes: { Dukpt: { KeySerialNumber: ksn } },
        OutgoingEncryptionAttributes: CBC,
      });
      expect(arrived).toMatchObject({ KeyArn: cipherKey.KeyArn, CipherText: expectedHere });
      const sent = await reEncrypt(cipherKey.KeyArn, {
        OutgoingKeyIdentifier: base.KeyArn,
        CipherText: arrived['CipherText'],
        IncomingEncryptionAttributes: CBC,
        OutgoingEncryptionAttributes: { Dukpt: { KeySerialNumber: ksn, DukptKeyVariant: 'RESPONSE' } },
      });
      expect(sent).toEqual({
        KeyArn: base.KeyArn,
        KeyCheckValue: base.KeyCheckValue,
        CipherText: expected.dataResponseCbc.slice(0, data.length),
      });
    },
  );

  describe('rejects', () => {
    let tdes: string, aes: string, unrestricted: string, only: Record<'encrypts' | 'decrypts', string>;
    beforeAll(async () => {
      tdes = (await dataKey(TDES_KEY, 'TDES_2KEY')).KeyArn;
      aes = (await dataKey(AES_KEY, 'AES_128')).KeyArn;
      unrestricted = (await dataKey(AES_KEY, 'AES_128', ['NoRestrictions'])).KeyArn;
      only = {
        encrypts: (await dataKey(AES_KEY, 'AES_128', ['Encrypt', 'Wrap'])).KeyArn,
        decrypts: (await dataKey(AES_KEY, 'AES_128', ['Decrypt', 'Unwrap'])).KeyArn,
      };
    });
    const attempt = (incoming: string, outgoing: string, bytes = 16, attributes: object = CBC) =>
      reEncrypt(incoming, {
        OutgoingKeyIdentifier: outgoing,
        CipherText: '00'.repeat(bytes),
        IncomingEncryptionAttributes: attributes,
        OutgoingEncryptionAttributes: attributes,
      });

    test('data that is not a multiple of the larger block', async () => {
      expect(await attempt(tdes, aes, 24)).toEqual(invalid('multiple of 16'));
      expect(await attempt(aes, tdes, 24)).toEqual(invalid('multiple of 16'));
      expect(await attempt(tdes, tdes, 12)).toEqual(invalid('multiple of 8'));
      expect(await attempt(aes, aes, 2112)).toMatchObject({ CipherText: '00'.repeat(2112) });
      expect(await attempt(aes, aes, 2128)).toEqual(invalid('/CipherText'));
    });

    test('a key with NoRestrictions on either side', async () => {
      expect(await attempt(unrestricted, aes)).toEqual(invalid('KeyUsages not allowed'));
      expect(await attempt(aes, unrestricted)).toEqual(invalid('KeyUsages not allowed'));
    });

    test('a key with modes of use for the other direction', async () => {
      expect(await attempt(only.decrypts, only.encrypts)).toMatchObject({ CipherText: '00'.repeat(16) });
      expect(await attempt(only.encrypts, aes)).toEqual(invalid(`KeyModesOfUse of the input key ${only.encrypts}`));
      expect(await attempt(aes, only.decrypts)).toEqual(invalid(`KeyModesOfUse of the input key ${only.decrypts}`));
    });

    test('variants other than Symmetric, Asymmetric and Dukpt', async () => {
      expect(await attempt(aes, aes, 16, { Emv: {} })).toEqual(invalid('exactly one member'));
    });
  });
});
