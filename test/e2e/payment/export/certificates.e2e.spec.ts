import { createPublicKey } from 'node:crypto';
import {
  CreateKeyCommand,
  GetParametersForExportCommand,
  GetParametersForImportCommand,
  type GetParametersForExportCommandOutput,
} from '@aws-sdk/client-payment-cryptography';
import { buildKeyTransport } from '../../../../src/crypto/tr34/build.js';
import { issueLeaf } from '../../../../src/crypto/x509/issue.js';
import { certificateOf, textOf } from '../../../../src/payment/exchange/certificate-text.js';
import { exportPublicKey } from '../../../../src/crypto/asymmetric-key.js';
import {
  K0,
  TDES_KEY,
  NONCE,
  DAY_MS,
  partner,
  useExports,
  pemOf,
  openssl,
  useFiles,
} from '../../../support/key-export.js';
import { apiOf } from '../../../support/api.js';
import { importMaterial, keyBlock, aMonth, type StoredKey } from '../../../support/import.js';

const { service, stored, exportKey, underKek, open } = useExports();
const { control, expectControlOk } = apiOf(service);
const { file } = useFiles();
let parameters: GetParametersForExportCommandOutput;
beforeAll(async () => {
  parameters = await service.controlPlane.send(
    new GetParametersForExportCommand({ KeyMaterialType: 'TR34_KEY_BLOCK', SigningKeyAlgorithm: 'RSA_2048' }),
  );
});

type Output = Record<string, string> & { ParametersValidUntilTimestamp: number };

describe('The certificates of an account', () => {
  const verified = (leaf: string, root: string) => {
    const chain = file('chain.pem', pemOf(root));
    return openssl('verify', '-x509_strict', '-purpose', 'any', '-CAfile', chain, file('leaf.pem', pemOf(leaf)));
  };

  test('verify with openssl under one root for RSA keys and one for EC keys', async () => {
    const create = async (KeyUsage: string, KeyAlgorithm: string, modes: object) => {
      const KeyAttributes = { KeyUsage, KeyClass: 'ASYMMETRIC_KEY_PAIR', KeyAlgorithm, KeyModesOfUse: modes };
      const { Key: key } = await expectControlOk<Output>('CreateKey', { KeyAttributes, Exportable: false });
      return (key as unknown as StoredKey).KeyArn;
    };
    const rsa = await create('TR31_S0_ASYMMETRIC_KEY_FOR_DIGITAL_SIGNATURE', 'RSA_2048', { Sign: true });
    const ecc = await create('TR31_K3_ASYMMETRIC_KEY_FOR_KEY_AGREEMENT', 'ECC_NIST_P384', { DeriveKey: true });
    const [ofRsa, ofEcc] = [
      await expectControlOk<Output>('GetPublicKeyCertificate', { KeyIdentifier: rsa }),
      await expectControlOk<Output>('GetPublicKeyCertificate', { KeyIdentifier: ecc }),
    ];
    for (const { KeyCertificate, KeyCertificateChain } of [ofRsa, ofEcc])
      expect(verified(KeyCertificate!, KeyCertificateChain!)).toMatch(/: OK\n$/);
    expect(ofRsa.KeyCertificateChain).toBe(parameters.SigningKeyCertificateChain);
    expect(verified(parameters.SigningKeyCertificate!, parameters.SigningKeyCertificateChain!)).toMatch(/: OK\n$/);
    const text = openssl('x509', '-noout', '-text', '-in', file('root.pem', pemOf(ofRsa.KeyCertificateChain!)));
    for (const fact of ['CN = 000000000000', '4096 bit', 'CA:TRUE', 'Certificate Sign', 'sha512WithRSAEncryption'])
      expect(text).toContain(fact);
    expect(await expectControlOk<Output>('GetPublicKeyCertificate', { KeyIdentifier: rsa })).toEqual(ofRsa);
    const { notBefore, notAfter } = certificateOf(ofRsa.KeyCertificate!);
    expect(notAfter.getTime() - notBefore.getTime()).toBe(90 * DAY_MS + 3_600_000);
  });

  test('are requested with every digest, and openssl req verifies the requests', async () => {
    const subject = {
      CommonName: 'krd 1',
      Organization: 'Example',
      OrganizationUnit: 'HSM',
      City: 'Wellington',
      StateOrProvince: 'WGN',
      Country: 'NZ',
      EmailAddress: 'keys@example.com',
    };
    const { Key: pair } = await service.controlPlane.send(
      new CreateKeyCommand({
        KeyAttributes: {
          KeyUsage: 'TR31_K3_ASYMMETRIC_KEY_FOR_KEY_AGREEMENT',
          KeyClass: 'ASYMMETRIC_KEY_PAIR',
          KeyAlgorithm: 'ECC_NIST_P256',
          KeyModesOfUse: { DeriveKey: true },
        },
        Exportable: false,
      }),
    );
    for (const SigningAlgorithm of ['SHA224', 'SHA256', 'SHA384', 'SHA512'] as const) {
      const { CertificateSigningRequest } = await expectControlOk<Output>('GetCertificateSigningRequest', {
        KeyIdentifier: pair!.KeyArn,
        SigningAlgorithm,
        CertificateSubject: subject,
      });
      const request = file('request.pem', pemOf(CertificateSigningRequest!));
      const text = openssl('req', '-in', request, '-verify', '-noout', '-text', '-nameopt', 'RFC2253');
      expect(text).toContain('emailAddress=keys@example.com,CN=krd 1,OU=HSM,O=Example,L=Wellington,ST=WGN,C=NZ');
      expect(text).toContain(`ecdsa-with-${SigningAlgorithm}`);
    }
    const request = { KeyIdentifier: stored.pinKey.KeyArn, SigningAlgorithm: 'SHA256', CertificateSubject: subject };
    const { json } = await control('GetCertificateSigningRequest', request);
    expect(json['Message']).toContain('KeyClass of the input key');
  });

  test('may be replaced by certificates of the customer in both directions of TR-34', async () => {
    const certified = async (KeyUsage: 'TR31_K2_TR34_ASYMMETRIC_KEY', KeyModesOfUse: object) => {
      const { Key: pair } = await service.controlPlane.send(
        new CreateKeyCommand({
          KeyAttributes: { KeyUsage, KeyClass: 'ASYMMETRIC_KEY_PAIR', KeyAlgorithm: 'RSA_2048', KeyModesOfUse },
          Exportable: false,
        }),
      );
      const { CertificateSigningRequest } = await expectControlOk<Output>('GetCertificateSigningRequest', {
        KeyIdentifier: pair!.KeyArn,
        SigningAlgorithm: 'SHA256',
        CertificateSubject: { CommonName: 'ours' },
      });
      const request = file('request.pem', pemOf(CertificateSigningRequest!));
      const publicKey = exportPublicKey(createPublicKey(openssl('req', '-in', request, '-noout', '-pubkey')));
      const issuer = { certificate: partner.root, privateKey: partner.ca };
      const leaf = issueLeaf({ subject: [{ type: 'CN', value: 'ours' }], publicKey, validity: aMonth(), issuer });
      return { arn: pair!.KeyArn, leaf, text: textOf('CERTIFICATE', leaf.der) };
    };
    const receiver = await certified('TR31_K2_TR34_ASYMMETRIC_KEY', { Decrypt: true, Unwrap: true });
    const sender = await certified('TR31_S0_ASYMMETRIC_KEY_FOR_DIGITAL_SIGNATURE' as never, { Sign: true });
    const { KeyMaterial } = await exportKey(stored.pinKey, {
      Tr34KeyBlock: {
        CertificateAuthorityPublicKeyIdentifier: stored.partnerRoot.KeyArn,
        WrappingKeyCertificate: receiver.text,
        SigningKeyIdentifier: sender.arn,
        SigningKeyCertificate: sender.text,
        KeyBlockFormat: 'X9_TR34_2012',
        RandomNonce: NONCE,
      },
    });
    const key = await importMaterial(service, {
      Tr34KeyBlock: {
        CertificateAuthorityPublicKeyIdentifier: stored.partnerRoot.KeyArn,
        SigningKeyCertificate: sender.text,
        WrappingKeyIdentifier: receiver.arn,
        WrappingKeyCertificate: receiver.text,
        WrappedKeyBlock: KeyMaterial,
        KeyBlockFormat: 'X9_TR34_2012',
        RandomNonce: NONCE,
      },
    });
    expect(key.KeyCheckValue).toBe('08D7B4');
  });
});

test('a customer imports a KEK by TR-34 and working keys by TR-31, uses them and exports them', async () => {
  const given = await service.controlPlane.send(
    new GetParametersForImportCommand({ KeyMaterialType: 'TR34_KEY_BLOCK', WrappingKeyAlgorithm: 'RSA_3072' }),
  );
  const clearKek = Buffer.alloc(16, 'a KEK of theirs');
  const token = buildKeyTransport({
    form: 'X9_TR34_2012',
    header: 'D0112K0AB00E0000',
    key: clearKek,
    kdh: partner,
    krd: {
      certificate: certificateOf(given.WrappingKeyCertificate!),
      issuer: certificateOf(given.WrappingKeyCertificateChain!),
    },
    time: new Date(),
    nonce: Buffer.from(NONCE, 'hex'),
  });
  const kek = await importMaterial(service, {
    Tr34KeyBlock: {
      CertificateAuthorityPublicKeyIdentifier: stored.partnerRoot.KeyArn,
      SigningKeyCertificate: partner.text,
      ImportToken: given.ImportToken,
      WrappedKeyBlock: token.toString('hex').toUpperCase(),
      KeyBlockFormat: 'X9_TR34_2012',
      RandomNonce: NONCE,
    },
  });
  expect(kek).toMatchObject({ KeyAttributes: { KeyUsage: K0, KeyAlgorithm: 'AES_128' }, Exportable: true });

  const WrappedKeyBlock = keyBlock(
    { algorithm: 'AES', key: clearKek },
    { clear: TDES_KEY, usage: 'TR31_M3_ISO_9797_3_MAC_KEY', algorithm: 'TDES_2KEY', modes: ['Generate', 'Verify'] },
  );
  const macKey = await importMaterial(service, {
    Tr31KeyBlock: { WrappingKeyIdentifier: kek.KeyArn, WrappedKeyBlock },
  });
  const { Mac } = await service.dataPlane
    .generateMac({
      KeyIdentifier: macKey.KeyArn,
      MessageData: '4E6F77206973207468652074696D6520666F7220616C6C20',
      GenerationAttributes: { Algorithm: 'ISO9797_ALGORITHM3' },
    })
    .promise();
  expect(Mac).toBe('A1C72E74');

  const { KeyMaterial, KeyCheckValue } = await exportKey(macKey, underKek());
  expect(KeyCheckValue).toBe(macKey.KeyCheckValue);
  expect(open(KeyMaterial).key.toString('hex').toUpperCase()).toBe(TDES_KEY);
});

// This test comes last because it moves the clock.
test('tokens are reused until they expire, and roots and certificates are renewed', async () => {
  const input = { KeyMaterialType: 'KEY_CRYPTOGRAM', WrappingKeyAlgorithm: 'RSA_2048' };
  const reuse = { ...input, ReuseLastGeneratedToken: true };
  const first = await expectControlOk<Output>('GetParametersForImport', reuse);
  expect(first['ImportToken']).toMatch(/^import-token-[0-9a-z]{16}$/);
  expect(first.ParametersValidUntilTimestamp).toBe(
    certificateOf(first['WrappingKeyCertificate']!).notAfter.getTime() / 1000,
  );
  expect(await expectControlOk<Output>('GetParametersForImport', reuse)).toEqual(first);
  const second = await expectControlOk<Output>('GetParametersForImport', input);
  expect(second['ImportToken']).not.toBe(first['ImportToken']);
  expect(second['WrappingKeyCertificateChain']).toBe(first['WrappingKeyCertificateChain']);

  const use = async (ImportToken: string) => {
    const KeyAttributes = {
      KeyUsage: K0,
      KeyClass: 'SYMMETRIC_KEY',
      KeyAlgorithm: 'TDES_2KEY',
      KeyModesOfUse: { NoRestrictions: true },
    };
    const KeyCryptogram = { KeyAttributes, Exportable: true, ImportToken, WrappedKeyCryptogram: '00'.repeat(256) };
    return (await control('ImportKey', { KeyMaterial: { KeyCryptogram } })).json['Message'];
  };
  expect(await use(first['ImportToken']!)).toContain('is not a key of this KeyAlgorithm');
  for (const other of ['TR31_KEY_BLOCK', 'ROOT_PUBLIC_KEY_CERTIFICATE'])
    expect((await control('GetParametersForImport', { ...input, KeyMaterialType: other })).json['Message']).toContain(
      'without a token',
    );
  const badAlgorithm = { KeyMaterialType: 'TR34_KEY_BLOCK', SigningKeyAlgorithm: 'RSA_4096' };
  expect((await control('GetParametersForExport', badAlgorithm)).json['Message']).toContain('must be RSA_2048');

  service.clock.advance(24 * DAY_MS);
  const third = await expectControlOk<Output>('GetParametersForImport', reuse);
  expect([first['ImportToken'], second['ImportToken']]).not.toContain(third['ImportToken']);
  expect(await use(first['ImportToken']!)).toContain('is not a key of this KeyAlgorithm');
  service.clock.advance(7 * DAY_MS);
  expect(await use(first['ImportToken']!)).toContain('token is unknown, has expired');

  service.clock.advance(3600 * DAY_MS);
  const late = await expectControlOk<Output>('GetParametersForImport', reuse);
  const [oldRoot, newRoot] = [first, late].map((answer) => certificateOf(answer['WrappingKeyCertificateChain']!));
  expect(newRoot!.publicKey).not.toEqual(oldRoot!.publicKey);
  expect(newRoot!.subject).toEqual(oldRoot!.subject);
});
