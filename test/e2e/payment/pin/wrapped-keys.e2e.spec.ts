import { createPrivateKey } from 'node:crypto';
import type { DeriveKeyUsage, KeyAlgorithm, KeyMode, KeyUsage } from '../../../../src/payment/keys/key-attributes.js';
import { CIPHER } from '../../../support/api.js';
import {
  P0,
  V1,
  V2,
  B0,
  PEK,
  OTHER_PEK,
  PAN,
  IBM_3624,
  TDES_KSN,
  framing,
  translation,
  usePins,
  type Format,
} from '../../../support/pin.js';
import { keyBlock, importRoot } from '../../../support/import.js';
import { vectors } from '../../../support/vectors.js';
import { storePair } from '../../../support/known-pairs.js';
import * as oracle from '../../../support/pin-oracle.js';
import ecdhExchange from '../../../vectors/ecdh-exchange.json' with { type: 'json' };

const { service, keys, key, post, expectOk, expectInvalid, translate } = usePins();

describe('A PIN key that is sent with the request', () => {
  interface AgreedPin {
    inputs: Record<
      | 'keyAlgorithm'
      | 'servicePrivateKeyPem'
      | 'publicKeyCertificatePem'
      | 'certificateAuthority'
      | 'deriveKeyAlgorithm'
      | 'keyDerivationFunction'
      | 'keyDerivationHashAlgorithm'
      | 'sharedInformation'
      | 'pinBlockFormat'
      | 'primaryAccountNumber'
      | 'encryptedPinBlock',
      string
    >;
    expected: Record<'derivedKey' | 'derivedKeyCheckValue' | 'pin', string>;
  }
  const base64 = (pem: string) => Buffer.from(pem).toString('base64');
  const pki: Partial<Record<string, { certificatePem?: string; privateKeyPem: string }>> = ecdhExchange.pki;

  /** Stores the key pair of a vector. Returns it with the request member that derives a PIN key from it. */
  async function agreed({ inputs }: AgreedPin, deriveKeyUsage: DeriveKeyUsage | null = P0) {
    const arn = await storePair(service, {
      usage: 'TR31_K3_ASYMMETRIC_KEY_FOR_KEY_AGREEMENT',
      algorithm: inputs.keyAlgorithm as KeyAlgorithm,
      modes: ['DeriveKey'],
      deriveKeyUsage,
      privateKey: createPrivateKey(inputs.servicePrivateKeyPem).export({ format: 'der', type: 'pkcs8' }),
    });
    const authority = await importRoot(service, base64(pki[inputs.certificateAuthority]!.certificatePem!));
    const wrapped = {
      WrappedKeyMaterial: {
        DiffieHellmanSymmetricKey: {
          CertificateAuthorityPublicKeyIdentifier: authority.KeyArn,
          PublicKeyCertificate: base64(inputs.publicKeyCertificatePem),
          KeyAlgorithm: inputs.deriveKeyAlgorithm,
          KeyDerivationFunction: inputs.keyDerivationFunction,
          KeyDerivationHashAlgorithm: inputs.keyDerivationHashAlgorithm,
          SharedInformation: inputs.sharedInformation,
        },
      },
    };
    return { arn, wrapped };
  }

  const pvvOf = (pek: string, pan: string, format: Format, EncryptionWrappedKey: object) => ({
    EncryptionKeyIdentifier: pek,
    PrimaryAccountNumber: pan,
    PinBlockFormat: `ISO_FORMAT_${format}`,
    EncryptionWrappedKey,
  });

  const agreements = vectors<AgreedPin>('ecdh-exchange').filter(({ expected }) => 'pin' in expected);
  test.each(agreements)('$id: a key agreed by ECDH serves every operation', async (vector) => {
    const { primaryAccountNumber: pan, encryptedPinBlock: block } = vector.inputs;
    const { pin, derivedKey, derivedKeyCheckValue: kcv } = vector.expected;
    const format = Number(vector.inputs.pinBlockFormat.slice('IsoFormat'.length)) as 0 | 4;
    const { arn, wrapped } = await agreed(vector);
    const stored = await key(P0, PEK);
    const agreedSide = { arn, format, pan };
    const storedSide = { ...stored, format: 0 as const, pan };
    const PinBlock = oracle.format0(PEK, pin, pan);

    const incoming = await translate(block, agreedSide, storedSide, { IncomingWrappedKey: wrapped });
    expect(incoming).toEqual({ PinBlock, KeyArn: stored.arn, KeyCheckValue: stored.kcv });
    const outgoing = await translate(PinBlock, storedSide, agreedSide, { OutgoingWrappedKey: wrapped });
    expect(outgoing).toEqual({ PinBlock: expect.any(String) as unknown, KeyArn: arn, KeyCheckValue: kcv });
    const field = (format === 4 ? oracle.pinField4 : oracle.pinField)(derivedKey, outgoing['PinBlock']!, pan);
    expect(field.slice(0, 6)).toBe(`${format}4${pin}`);

    const common = pvvOf(arn, pan, format, wrapped);
    const pvk = (await key(V2, PEK)).arn;
    const generated = await expectOk('pindata/generate', {
      ...common,
      GenerationKeyIdentifier: pvk,
      GenerationAttributes: { VisaPinVerificationValue: { EncryptedPinBlock: block, PinVerificationKeyIndex: 1 } },
    });
    expect(generated).toMatchObject({ EncryptionKeyArn: arn, EncryptionKeyCheckValue: kcv });
    const { VerificationValue } = generated['PinData'] as unknown as { VerificationValue: string };
    const verification = {
      ...common,
      VerificationKeyIdentifier: pvk,
      EncryptedPinBlock: block,
      VerificationAttributes: { VisaPin: { PinVerificationKeyIndex: 1, VerificationValue } },
    };
    expect(await expectOk('pindata/verify', verification)).toMatchObject({ EncryptionKeyArn: arn });
    const otherIndex = { VisaPin: { PinVerificationKeyIndex: 2, VerificationValue } };
    const { json } = await post('pindata/verify', { ...verification, VerificationAttributes: otherIndex });
    expect(json).toMatchObject({ __type: 'VerificationFailedException', Reason: 'INVALID_PIN' });
  });

  test('a key pair without DeriveKeyUsage derives a PIN key, on which published clients rely', async () => {
    const [vector] = agreements;
    const { primaryAccountNumber: pan, encryptedPinBlock: block, pinBlockFormat } = vector!.inputs;
    const { arn, wrapped } = await agreed(vector!, null);
    const format = Number(pinBlockFormat.slice('IsoFormat'.length)) as 0 | 4;
    const to = { ...(await key(P0, PEK)), format: 0 as const, pan };
    const translated = await translate(block, { arn, format, pan }, to, { IncomingWrappedKey: wrapped });
    expect(translated['PinBlock']).toBe(oracle.format0(PEK, vector!.expected.pin, pan));
  });

  test('a key pair for data keys does not derive a PIN key', async () => {
    const [vector] = agreements;
    const { primaryAccountNumber: pan, encryptedPinBlock: block } = vector!.inputs;
    const { arn, wrapped } = await agreed(vector!, 'TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY');
    const to = { ...(await key(P0, PEK)), format: 0 as const, pan };
    const input = translation(block, { arn, format: 4, pan }, to, { IncomingWrappedKey: wrapped });
    await expectInvalid('pindata/translate', input, `DeriveKeyUsage of the input key ${arn}`);
  });

  /** Returns the request member with a key block under the KEK. */
  const inBlock = (clear: string, modes: readonly KeyMode[] = CIPHER, usage: KeyUsage = P0) => ({
    WrappedKeyMaterial: {
      Tr31KeyBlock: keyBlock(
        { algorithm: 'AES', key: keys.kek.clear },
        { clear, usage, algorithm: 'TDES_2KEY', modes, exportable: false },
      ),
    },
  });

  test('a key in a TR-31 key block serves every operation', async () => {
    const { KeyArn: arn } = keys.kek;
    const { arn: pek, kcv } = await key(P0, OTHER_PEK);
    const side = { arn, format: 0 as const, pan: PAN };
    const block = oracle.format0(PEK, '123456', PAN);
    const translated = await translate(block, side, side, {
      IncomingWrappedKey: inBlock(PEK, ['Decrypt', 'Unwrap']),
      OutgoingWrappedKey: inBlock(OTHER_PEK, ['Encrypt', 'Wrap']),
    });
    const PinBlock = oracle.format0(OTHER_PEK, '123456', PAN);
    expect(translated).toEqual({ PinBlock, KeyArn: arn, KeyCheckValue: kcv });
    expect(await translate(block, { ...side, arn: (await key(P0, PEK)).arn }, { ...side, arn: pek })).toEqual({
      PinBlock,
      KeyArn: pek,
      KeyCheckValue: kcv,
    });

    const pvk = (await key(V1, PEK)).arn;
    const common = pvvOf(arn, PAN, 0, inBlock(OTHER_PEK));
    const generated = await expectOk('pindata/generate', {
      ...common,
      GenerationKeyIdentifier: pvk,
      GenerationAttributes: { Ibm3624PinFromOffset: { ...IBM_3624, PinOffset: '3207' } },
    });
    expect(generated).toMatchObject({
      EncryptedPinBlock: oracle.format0(OTHER_PEK, '1234', PAN),
      EncryptionKeyArn: arn,
      EncryptionKeyCheckValue: kcv,
    });
    const verified = await expectOk('pindata/verify', {
      ...common,
      VerificationKeyIdentifier: pvk,
      EncryptedPinBlock: generated['EncryptedPinBlock'],
      VerificationAttributes: { Ibm3624Pin: { ...IBM_3624, PinOffset: '3207' } },
    });
    expect(verified).toMatchObject({ EncryptionKeyArn: arn, EncryptionKeyCheckValue: kcv });
  });

  const FORMAT_4 = { IncomingTranslationAttributes: framing(4, PAN), EncryptedPinBlock: '12'.repeat(16) };
  test.each<[string, object, () => object, string]>([
    [
      'a data key',
      {},
      () => inBlock(PEK, CIPHER, 'TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY'),
      'KeyUsage of the key wrapped under',
    ],
    ['a base derivation key', {}, () => inBlock(PEK, ['DeriveKey'], B0), 'KeyUsage of the key wrapped under'],
    ['a key that only encrypts', {}, () => inBlock(PEK, ['Encrypt', 'Wrap']), 'KeyModesOfUse of the key wrapped under'],
    ['a TDES key for format 4', FORMAT_4, () => inBlock(PEK), 'KeyAlgorithm of the key wrapped under'],
    [
      'PIN block format 1 on the other side',
      { OutgoingTranslationAttributes: framing(1) },
      () => inBlock(PEK),
      'not translated to PIN block format 1',
    ],
    [
      'another PAN on the other side',
      { OutgoingTranslationAttributes: framing(0, '5555555551234568') },
      () => inBlock(PEK),
      'The PAN must be the same',
    ],
    [
      'DUKPT attributes',
      { IncomingDukptAttributes: { KeySerialNumber: TDES_KSN } },
      () => inBlock(PEK),
      'A wrapped key and DUKPT attributes can not be combined',
    ],
  ])('rejects %s', async (_, more, wrapped, message) => {
    const side = { arn: keys.kek.KeyArn, format: 0 as const, pan: PAN };
    const to = { ...side, arn: (await key(P0, PEK)).arn };
    const block = oracle.format0(PEK, '1234', PAN);
    const input = translation(block, side, to, { IncomingWrappedKey: wrapped(), ...more });
    await expectInvalid('pindata/translate', input, message);
  });
});
