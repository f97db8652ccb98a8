import { generateKeyPairSync } from 'node:crypto';
import { StopKeyUsageCommand, GetPublicKeyCertificateCommand } from '@aws-sdk/client-payment-cryptography';
import { issueLeaf } from '../../../../src/crypto/x509/issue.js';
import { certificateOf, textOf } from '../../../../src/payment/exchange/certificate-text.js';
import { YEAR_MS, pem, changed, useImports } from '../../../support/key-import.js';
import { importMaterial, ecParty, aMonth, importRoot } from '../../../support/import.js';
import { MISSING_KEY } from '../../../support/keys.js';
import { testPki } from '../../../support/tr34.js';
import ecdh from '../../../vectors/ecdh-exchange.json' with { type: 'json' };
import rsa from '../../../vectors/rsa.json' with { type: 'json' };

const { service, keys, refusal } = useImports();

describe('ImportKey from a certificate', () => {
  const S0 = 'TR31_S0_ASYMMETRIC_KEY_FOR_DIGITAL_SIGNATURE';
  const attributes = (KeyAlgorithm: string, KeyUsage: string = S0) => ({
    KeyUsage: KeyUsage as typeof S0,
    KeyClass: 'PUBLIC_KEY' as const,
    KeyAlgorithm: KeyAlgorithm as 'RSA_2048',
    KeyModesOfUse: KeyUsage === S0 ? { Verify: true } : { Encrypt: true, Wrap: true },
  });
  const chain = (id: string) => {
    const { inputs } = [...rsa.vectors, ...ecdh.vectors].find((vector) => vector.id === id)!;
    return inputs as unknown as { certificatePem: string; issuerCertificatePem: string };
  };

  test('imports a root and a certificate that the root issued, whose key encrypts', async () => {
    const { certificatePem, issuerCertificatePem } = chain('chain-rsa2048-under-rsa4096');
    const root = await importRoot(service, pem(issuerCertificatePem));
    expect(root).toMatchObject({
      KeyAttributes: { ...attributes('RSA_4096'), KeyModesOfUse: { Verify: true } },
      KeyOrigin: 'EXTERNAL',
      KeyCheckValueAlgorithm: 'SHA_1',
    });
    expect(root.KeyCheckValue).toMatch(/^[0-9A-F]{8}$/);
    const leaf = await importMaterial(service, {
      TrustedCertificatePublicKey: {
        KeyAttributes: attributes('RSA_2048', 'TR31_D1_ASYMMETRIC_KEY_FOR_DATA_ENCRYPTION'),
        PublicKeyCertificate: certificatePem,
        CertificateAuthorityPublicKeyIdentifier: root.KeyArn,
      },
    });
    const { CipherText } = await service.dataPlane
      .encryptData({
        KeyIdentifier: leaf.KeyArn,
        PlainText: '0102',
        EncryptionAttributes: { Asymmetric: { PaddingType: 'OAEP_SHA256' } },
      })
      .promise();
    expect(CipherText).toHaveLength(512);
    const answer = await service.controlPlane.send(new GetPublicKeyCertificateCommand({ KeyIdentifier: leaf.KeyArn }));
    expect(certificateOf(answer.KeyCertificate!)).toEqual(certificateOf(certificatePem));
    expect(certificateOf(answer.KeyCertificateChain!)).toEqual(certificateOf(issuerCertificatePem));
  });

  test.each(['chain-rsa3072-under-rsa2048', 'chain-p384-under-p256', 'chain-p256-under-rsa4096'])(
    'rejects a key that is stronger than its issuer: %s',
    async (id) => {
      const { certificatePem, issuerCertificatePem } = chain(id);
      const root = await importRoot(service, pem(issuerCertificatePem));
      const { keyType, keyBits } = certificateOf(certificatePem);
      const KeyAttributes = attributes(keyType === 'RSA' ? `RSA_${keyBits}` : `ECC_NIST_P${keyBits}`);
      const trusted = {
        KeyAttributes,
        PublicKeyCertificate: pem(certificatePem),
        CertificateAuthorityPublicKeyIdentifier: root.KeyArn,
      };
      expect(await refusal({ TrustedCertificatePublicKey: trusted })).toContain('must not be stronger');
    },
  );

  test('rejects a certificate that no imported authority issued', async () => {
    const D1 = 'TR31_D1_ASYMMETRIC_KEY_FOR_DATA_ENCRYPTION';
    const pki = testPki();
    const issuer = pki.kdhCa!;
    const root = await importRoot(service, textOf('CERTIFICATE', issuer.certificate.der));
    const { publicKey } = pki.kdh!.certificate;
    const under = (validity = aMonth()) =>
      issueLeaf({ subject: [{ type: 'CN', value: 'leaf' }], publicKey, validity, issuer }).der;
    const text = (der: Buffer) => textOf('CERTIFICATE', der);
    const stranger = text(pki.otherKdh!.certificate.der);
    const trusted = (
      KeyAttributes: object,
      PublicKeyCertificate: string,
      CertificateAuthorityPublicKeyIdentifier: string,
    ) => ({
      TrustedCertificatePublicKey: { KeyAttributes, PublicKeyCertificate, CertificateAuthorityPublicKeyIdentifier },
    });
    const good = text(under());
    const D1_2048 = attributes('RSA_2048', D1);
    const cases = [
      [D1_2048, text(under(aMonth(Date.now() - YEAR_MS))), 'within its validity period'],
      [D1_2048, text(under(aMonth(Date.now() + YEAR_MS))), 'within its validity period'],
      [D1_2048, text(changed(under())), 'issued by the given certificate authority'],
      // Issued by another CA with the same name but a different key.
      [D1_2048, stranger, 'issued by the given certificate authority'],
      [D1_2048, good.slice(0, -200), 'must be X.509'],
      [D1_2048, under().toString('base64'), 'must be PEM'],
      [attributes('RSA_3072', D1), good, 'KeyAlgorithm must be that of the key in the certificate, RSA_2048'],
      [attributes('RSA_2048'), good, 'CA:TRUE'],
      [{ ...D1_2048, KeyClass: 'ASYMMETRIC_KEY_PAIR' }, good, 'KeyClass of a certificate must be PUBLIC_KEY'],
      [{ ...D1_2048, KeyModesOfUse: { Decrypt: true, Unwrap: true } }, good, 'KeyModesOfUse'],
    ] as const;
    for (const [KeyAttributes, certificate, message] of cases)
      expect(await refusal(trusted(KeyAttributes, certificate, root.KeyArn))).toContain(message);

    const leaf = await importMaterial(service, trusted(D1_2048, good, root.KeyArn));
    expect(await refusal(trusted(D1_2048, good, leaf.KeyArn))).toContain('KeyUsage of the input key');
    expect(await refusal(trusted(D1_2048, good, keys.kek.KeyArn))).toContain('KeyUsage of the input key');
    await refusal(trusted(D1_2048, good, MISSING_KEY), 'ResourceNotFoundException');
    await service.controlPlane.send(new StopKeyUsageCommand({ KeyIdentifier: root.KeyArn }));
    expect(await refusal(trusted(D1_2048, good, root.KeyArn))).toContain('is not in an enabled state');
  });

  test('rejects a root that is a leaf, outside its validity period, modified, or of another algorithm, class or usage', async () => {
    const party = ecParty('P-256');
    const validity = aMonth();
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'der', type: 'spki' });
    const leafUnder = issueLeaf({
      subject: [{ type: 'CN', value: 'leaf' }],
      publicKey: other,
      validity,
      issuer: party,
    });
    const selfLeaf = issueLeaf({
      subject: [{ type: 'CN', value: 'Partner on P-256' }],
      publicKey: party.certificate.publicKey,
      validity,
      issuer: party,
    });
    const text = (der: Buffer) => textOf('CERTIFICATE', der);
    const cases = [
      [text(leafUnder.der), {}, 'issued by the given certificate authority'],
      [text(selfLeaf.der), {}, 'CA:TRUE'],
      [ecParty('P-256', aMonth(Date.now() - YEAR_MS)).text, {}, 'validity period'],
      [ecParty('P-256', aMonth(Date.now() + YEAR_MS)).text, {}, 'validity period'],
      [text(changed(party.certificate.der)), {}, 'issued by the given certificate authority'],
      [party.text.slice(0, -200), {}, 'X.509'],
      [party.certificate.der.toString('base64'), {}, 'must be PEM'],
      [party.text, { KeyAlgorithm: 'ECC_NIST_P384' }, 'ECC_NIST_P256'],
      [party.text, { KeyClass: 'ASYMMETRIC_KEY_PAIR' }, 'PUBLIC_KEY'],
      [party.text, { KeyUsage: 'TR31_K2_TR34_ASYMMETRIC_KEY' }, 'KeyUsage of a root certificate'],
      [party.text, { KeyModesOfUse: { Sign: true } }, 'KeyModesOfUse'],
    ] as const;
    for (const [PublicKeyCertificate, change, message] of cases) {
      const KeyAttributes = { ...attributes('ECC_NIST_P256'), ...change } as ReturnType<typeof attributes>;
      expect(await refusal({ RootCertificatePublicKey: { KeyAttributes, PublicKeyCertificate } })).toContain(message);
    }
  });
});
