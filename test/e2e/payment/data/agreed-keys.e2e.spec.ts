import { randomBytes } from 'node:crypto';
import { StopKeyUsageCommand } from '@aws-sdk/client-payment-cryptography';
import {
  CURVES,
  KEY_BYTES,
  agreements,
  base64,
  partiesOf,
  agreementPair,
  derive,
  ecb,
  type Curve,
  type Derivable,
  type AgreementVector,
} from '../../../support/agreed-keys.js';
import { D0, K1, P0, KSN, ECB, BLOCK, invalid, useData } from '../../../support/data.js';
import { ecParty, importRoot, type StoredKey } from '../../../support/import.js';
import { MISSING_KEY } from '../../../support/keys.js';
import { hex } from '../../../support/vectors.js';

const { service, dataKey, encrypt, decrypt, reEncrypt } = useData();

describe('A data key agreed by ECDH', () => {
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

  test.each(agreements.filter(({ expected }) => 'derivedKey' in expected))('matches $id: $why', async (vector) => {
    const { pair, ca } = await partiesOf(service, vector, D0);
    const { derivedKey, derivedKeyCheckValue } = vector.expected;
    const named = { KeyArn: pair.arn, KeyCheckValue: derivedKeyCheckValue };
    const CipherText = ecb(vector.inputs.deriveKeyAlgorithm as Derivable, hex(derivedKey), BLOCK);
    expect(await encrypt(pair.arn, BLOCK, ECB, ofVector(vector, ca))).toEqual({ ...named, CipherText });
    expect(await decrypt(pair.arn, CipherText, ECB, ofVector(vector, ca))).toEqual({ ...named, PlainText: BLOCK });
  });

  test.each<[string, string]>([
    ['ecdh-neg-rogue-ca', 'issued by the given certificate authority'],
    ['ecdh-neg-curve-mismatch', 'must not be stronger than that of its issuer'],
    ['ecdh-neg-rsa-peer', "The peer's public key must be on the curve of the private key"],
  ])('%s is rejected', async (id, message) => {
    const vector = agreements.find((one) => one.id === id)!;
    const { pair, ca } = await partiesOf(service, vector, D0);
    expect(await encrypt(pair.arn, BLOCK, ECB, ofVector(vector, ca))).toEqual(invalid(message));
  });

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
  ])(
    'on %s: derives %s by %s with %s and %i bytes of shared information',
    async (curve, algorithm, kdf, hash, infoBytes) => {
      const partner = await partnerOn(curve);
      const pair = await agreementPair(service, curve, D0);
      const info = randomBytes(infoBytes);
      const key = derive(partner.privateKey, pair.certificate, {
        kdf,
        hash,
        sharedInfo: info,
        bytes: KEY_BYTES[algorithm],
      });
      const WrappedKey = request(partner, {
        KeyAlgorithm: algorithm,
        KeyDerivationFunction: kdf,
        KeyDerivationHashAlgorithm: hash,
        SharedInformation: info.toString('hex'),
      });
      expect(await encrypt(pair.arn, BLOCK, ECB, WrappedKey)).toMatchObject({
        KeyArn: pair.arn,
        CipherText: ecb(algorithm, key, BLOCK),
      });
    },
  );

  test('may be the incoming key of ReEncryptData', async () => {
    const partner = await partnerOn('ECC_NIST_P256');
    const pair = await agreementPair(service, 'ECC_NIST_P256', D0);
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

  test('needs a key pair whose DeriveKeyUsage is a data key', async () => {
    const partner = await partnerOn('ECC_NIST_P256');
    for (const usage of [undefined, P0, K1] as const) {
      const { arn } = await agreementPair(service, 'ECC_NIST_P256', usage);
      const refusal = invalid(`DeriveKeyUsage of the input key ${arn} is invalid for the operation.`);
      expect(await encrypt(arn, BLOCK, ECB, request(partner))).toEqual(refusal);
    }
  });

  test('cannot be a base derivation key', async () => {
    const partner = await partnerOn('ECC_NIST_P256');
    const { arn } = await agreementPair(service, 'ECC_NIST_P256', D0);
    const dukpt = { Dukpt: { KeySerialNumber: KSN } };
    expect(await encrypt(arn, BLOCK, dukpt, request(partner))).toEqual(invalid('DeriveKeyUsage of the input key'));
  });

  test.each<[string, object, string]>([
    ['an HMAC key', { KeyAlgorithm: 'HMAC_SHA256' }, 'HMAC_SHA256'],
    ['an unknown key derivation function', { KeyDerivationFunction: 'HKDF' }, '/KeyDerivationFunction'],
    ['SHA-1', { KeyDerivationHashAlgorithm: 'SHA_1' }, '/KeyDerivationHashAlgorithm'],
    ['shared information with an odd number of digits', { SharedInformation: 'C0FFE' }, '/SharedInformation'],
    ['too much shared information', { SharedInformation: '00'.repeat(1025) }, '/SharedInformation'],
    ['missing shared information', { SharedInformation: undefined }, '/SharedInformation'],
    ['a certificate that is not PEM', { PublicKeyCertificate: 'bm90IGEgY2VydGlmaWNhdGU=' }, 'PEM'],
  ])('rejects %s', async (_, more, message) => {
    const partner = await partnerOn('ECC_NIST_P256');
    const { arn } = await agreementPair(service, 'ECC_NIST_P256', D0);
    expect(await encrypt(arn, BLOCK, ECB, request(partner, more))).toEqual(invalid(message));
  });

  test('rejects an expired certificate, and a certificate of another authority with the same name', async () => {
    const partner = await partnerOn('ECC_NIST_P256');
    const { arn } = await agreementPair(service, 'ECC_NIST_P256', D0);
    service.clock.advance(40 * 86_400_000);
    expect(await encrypt(arn, BLOCK, ECB, request(partner))).toEqual(invalid('validity period'));
    service.clock.advance(-40 * 86_400_000);
    expect(await encrypt(arn, BLOCK, ECB, request(partner))).toMatchObject({ KeyArn: arn });
    const impostor = ecParty('P-256');
    expect(await encrypt(arn, BLOCK, ECB, request({ ...partner, text: impostor.text }))).toEqual(
      invalid('issued by the given certificate authority'),
    );
  });

  test('rejects other keys in place of the key pair and of the authority', async () => {
    const partner = await partnerOn('ECC_NIST_P256');
    const { arn } = await agreementPair(service, 'ECC_NIST_P256', D0);
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
    const { arn: other } = await agreementPair(service, 'ECC_NIST_P256', D0);
    expect(await encrypt(other, BLOCK, ECB, missing)).toMatchObject({
      __type: 'ResourceNotFoundException',
      ResourceId: MISSING_KEY,
    });
  });
});
