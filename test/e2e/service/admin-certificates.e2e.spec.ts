import { toPem } from '../../../src/crypto/x509/certificate.js';
import { describeName } from '../../../src/crypto/x509/distinguished-name.js';
import { useAdmin } from '../../support/admin.js';
import { apiOf } from '../../support/api.js';
import { pem } from '../../support/key-import.js';
import { testPki } from '../../support/tr34.js';

const { service, done } = useAdmin();
interface Certificate {
  Kind: string;
  KeyArn?: string;
  Subject: string;
  Issuer: string;
  NotBefore: number;
  NotAfter: number;
}
const list = async () =>
  (await done('GET', 'certificates')) as unknown as { Certificates: Certificate[]; Complete: boolean };

test('ListCertificates has those of the authority, of tokens and of key pairs, the first to expire first', async () => {
  expect(await list()).toEqual({ Certificates: [], Complete: true });
  const { expectControlOk } = apiOf(service);
  const attributes = {
    KeyClass: 'ASYMMETRIC_KEY_PAIR',
    KeyUsage: 'TR31_S0_ASYMMETRIC_KEY_FOR_DIGITAL_SIGNATURE',
    KeyAlgorithm: 'RSA_2048',
    KeyModesOfUse: { Sign: true },
  };
  const { Key } = await expectControlOk<{ Key: { KeyArn: string } }>('CreateKey', {
    Exportable: false,
    KeyAttributes: attributes,
  });
  await expectControlOk('GetPublicKeyCertificate', { KeyIdentifier: Key.KeyArn });
  await expectControlOk('GetParametersForImport', {
    KeyMaterialType: 'TR34_KEY_BLOCK',
    WrappingKeyAlgorithm: 'RSA_2048',
  });
  const { Certificates } = await list();
  expect(Certificates.map(({ Kind }) => Kind).toSorted()).toEqual(['authority', 'exchange token', 'key']);
  const times = Certificates.map(({ NotAfter }) => NotAfter);
  expect(times).toEqual(times.toSorted((one, other) => one - other));
  const ofKey = Certificates.find(({ Kind }) => Kind === 'key');
  expect(ofKey?.KeyArn).toBe(Key.KeyArn);
  expect(Certificates.filter(({ Kind }) => Kind === 'authority').map(({ Subject }) => Subject)).toContain(
    ofKey?.Issuer,
  );
});

test('ListCertificates has the certificates in which public keys were imported, with their keys', async () => {
  const { certificate } = testPki()['cliCa']!;
  const { Key } = await apiOf(service).expectControlOk<{ Key: { KeyArn: string } }>('ImportKey', {
    KeyMaterial: {
      RootCertificatePublicKey: {
        KeyAttributes: {
          KeyClass: 'PUBLIC_KEY',
          KeyUsage: 'TR31_S0_ASYMMETRIC_KEY_FOR_DIGITAL_SIGNATURE',
          KeyAlgorithm: `RSA_${certificate.keyBits}`,
          KeyModesOfUse: { Verify: true },
        },
        PublicKeyCertificate: pem(toPem('CERTIFICATE', certificate.der)),
      },
    },
  });
  const imported = (await list()).Certificates.filter(({ Kind }) => Kind === 'imported');
  expect(imported).toEqual([
    {
      Kind: 'imported',
      KeyArn: Key.KeyArn,
      Subject: describeName(certificate.subject),
      Issuer: describeName(certificate.issuer),
      NotBefore: certificate.notBefore.getTime() / 1000,
      NotAfter: certificate.notAfter.getTime() / 1000,
    },
  ]);
});
