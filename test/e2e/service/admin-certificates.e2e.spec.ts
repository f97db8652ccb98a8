import { useAdmin } from '../../support/admin.js';
import { apiOf } from '../../support/api.js';

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
