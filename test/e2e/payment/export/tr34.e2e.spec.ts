import {
  GetParametersForExportCommand,
  type GetParametersForExportCommandOutput,
} from '@aws-sdk/client-payment-cryptography';
import { inspectKeyTransport } from '../../../../src/crypto/tr34/inspect.js';
import { issueLeaf } from '../../../../src/crypto/x509/issue.js';
import { certificateOf, textOf } from '../../../../src/payment/exchange/certificate-text.js';
import { rsaDecrypt } from '../../../../src/crypto/rsa.js';
import { openKeyTransport } from '../../../../src/crypto/tr34/parse.js';
import {
  K0,
  P0,
  TDES_KEY,
  NONCE,
  KSN,
  pki,
  partner,
  impostor,
  useExports,
  pemOf,
  openssl,
  useFiles,
  type Wrapped,
} from '../../../support/key-export.js';
import { CIPHER } from '../../../support/api.js';
import { ecParty, aMonth, importRoot } from '../../../support/import.js';
import { storeToken, storeRoot } from '../../../support/known-pairs.js';
import { changed, YEAR_MS } from '../../../support/key-import.js';

const { service, keys, stored, exportKey, refusal } = useExports();
const { pathOf, file } = useFiles();
let parameters: GetParametersForExportCommandOutput;
beforeAll(async () => {
  await storeRoot(service);
  parameters = await service.controlPlane.send(
    new GetParametersForExportCommand({ KeyMaterialType: 'TR34_KEY_BLOCK', SigningKeyAlgorithm: 'RSA_2048' }),
  );
});

describe('The certificate that ExportKey wraps a key under', () => {
  const text = (der: Buffer) => textOf('CERTIFICATE', der);
  const rsaLeaf = (publicKey: Buffer, validity = aMonth()) =>
    issueLeaf({
      subject: [{ type: 'CN', value: 'Partner, exchange' }],
      publicKey,
      validity,
      issuer: { certificate: partner.root, privateKey: partner.ca },
    }).der;
  const { der, publicKey } = partner.certificate;
  const longer = pki.svcKrd3072!.certificate.publicKey;
  const curve = ecParty('P-256');

  const FORMS: Record<string, (change: { certificate?: string; authority?: string }) => Record<string, object>> = {
    Tr34KeyBlock: ({ certificate = partner.text, authority = stored.partnerRoot.KeyArn }) => ({
      Tr34KeyBlock: {
        CertificateAuthorityPublicKeyIdentifier: authority,
        WrappingKeyCertificate: certificate,
        ExportToken: parameters.ExportToken,
        KeyBlockFormat: 'X9_TR34_2012',
      },
    }),
    KeyCryptogram: ({ certificate = partner.text, authority = stored.partnerRoot.KeyArn }) => ({
      KeyCryptogram: { CertificateAuthorityPublicKeyIdentifier: authority, WrappingKeyCertificate: certificate },
    }),
  };

  describe.each(Object.entries(FORMS))('in %s', (form, material) => {
    test.each([
      ['has expired', rsaLeaf(publicKey, aMonth(Date.now() - YEAR_MS)), 'within its validity period'],
      ['is not valid yet', rsaLeaf(publicKey, aMonth(Date.now() + YEAR_MS)), 'within its validity period'],
      ['was modified', changed(der), 'issued by the given certificate authority'],
      ['was issued by another authority of the same name', impostor.certificate.der, 'issued by the given'],
      ['is stronger than its issuer', rsaLeaf(longer), 'must not be stronger than that of its issuer'],
      ['is truncated', der.subarray(0, -20), 'must be X.509'],
    ])('is rejected when it %s', async (_what, certificate, message) => {
      expect(await refusal(stored.pinKey, material({ certificate: text(certificate) }))).toContain(message);
    });

    test('is rejected in another encoding, with an EC key, and under a key that is not an authority', async () => {
      expect(await refusal(stored.pinKey, material({ certificate: der.toString('base64') }))).toContain('must be PEM');
      const authority = (await importRoot(service, curve.text)).KeyArn;
      expect(await refusal(stored.pinKey, material({ certificate: curve.text, authority }))).toContain('RSA key');
      expect(await refusal(stored.pinKey, material({ authority: keys.kek.KeyArn }))).toContain(
        'KeyUsage of the input key',
      );
    });

    test('may be PEM, but a key that is not exportable is rejected', async () => {
      const { WrappedKeyMaterialFormat } = await exportKey(
        stored.pinKey,
        material({ certificate: pemOf(partner.text) }),
      );
      expect(WrappedKeyMaterialFormat).toBe(form === 'KeyCryptogram' ? 'KEY_CRYPTOGRAM' : 'TR34_KEY_BLOCK');
      const key = { clear: TDES_KEY, usage: P0, algorithm: 'TDES_2KEY', modes: CIPHER, exportable: false } as const;
      const kept = await keys.importKey(key);
      expect(await refusal(kept, material({}))).toBe(`Key ${kept.KeyArn} is not exportable.`);
    });

    test('wraps an initial DUKPT key', async () => {
      const bdk = await keys.importKey({
        clear: TDES_KEY,
        algorithm: 'TDES_2KEY',
        usage: 'TR31_B0_BASE_DERIVATION_KEY',
        modes: ['DeriveKey'],
      });
      const attributes = { ExportDukptInitialKey: { KeySerialNumber: KSN } };
      const { KeyMaterial, KeyCheckValue } = await exportKey(bdk, material({}), attributes);
      expect(KeyCheckValue).toBe('AF8C07');
      const block = Buffer.from(KeyMaterial, 'hex');
      const clear =
        form === 'KeyCryptogram' ? rsaDecrypt(partner.privateKey, 'OAEP_SHA256', block) : transported(block);
      expect(clear.toString('hex').toUpperCase()).toBe('6AC292FAA1315B4D858AB3A3D7D5933A');
    });
  });

  const transported = (block: Buffer) => {
    const { header, key } = openKeyTransport({
      block,
      kdh: {
        certificate: certificateOf(parameters.SigningKeyCertificate!),
        issuer: certificateOf(parameters.SigningKeyCertificateChain!),
      },
      krd: partner,
      time: new Date(),
    });
    expect(header).toBe('D0112B1TX00S0000');
    return key;
  };
});

describe('ExportKey in a TR-34 key block', () => {
  const to = (change: object = {}) => ({
    Tr34KeyBlock: {
      CertificateAuthorityPublicKeyIdentifier: stored.partnerRoot.KeyArn,
      WrappingKeyCertificate: partner.text,
      ExportToken: parameters.ExportToken,
      KeyBlockFormat: 'X9_TR34_2012',
      RandomNonce: NONCE,
      ...change,
    },
  });
  const opened = (wrapped: Wrapped, nonce?: string) =>
    openKeyTransport({
      block: Buffer.from(wrapped.KeyMaterial, 'hex'),
      kdh: {
        certificate: certificateOf(parameters.SigningKeyCertificate!),
        issuer: certificateOf(parameters.SigningKeyCertificateChain!),
      },
      krd: partner,
      time: new Date(),
      nonce: nonce === undefined ? undefined : Buffer.from(nonce, 'hex'),
    });

  test('exports a two-pass token that the receiver can verify', async () => {
    const wrapped = await exportKey(stored.pinKey, to());
    expect(wrapped).toMatchObject({
      WrappingKeyArn: stored.partnerRoot.KeyArn,
      WrappedKeyMaterialFormat: 'TR34_KEY_BLOCK',
      KeyCheckValue: '08D7B4',
    });
    const { header, key } = opened(wrapped, NONCE);
    expect([header, key.toString('hex').toUpperCase()]).toEqual(['D0112P0TB00E0000', TDES_KEY]);
  });

  test('exports a one-pass token with the signing time and an optional block', async () => {
    const headers = { KeyExportability: 'SENSITIVE', OptionalBlocks: { LB: 'acquirer7' } };
    const { header, signingTime } = opened(
      await exportKey(stored.pinKey, to({ RandomNonce: undefined, KeyBlockHeaders: headers })),
    );
    expect(header).toMatch(/^D\d{4}P0TB00S0[12]00LB0Dacquirer7/);
    expect(Math.abs(signingTime!.getTime() - Date.now())).toBeLessThan(60_000);
  });

  test('exports an optional block KC only if it is the check value of the key', async () => {
    const withCheckValue = (KC: string) => to({ KeyBlockHeaders: { OptionalBlocks: { KC } } });
    const { header } = opened(await exportKey(stored.pinKey, withCheckValue('0008D7B4')), NONCE);
    expect(header.slice(16, 28)).toBe('KC0C0008D7B4');
    expect(await refusal(stored.pinKey, withCheckValue('0008D7B5'))).toContain(
      'block KC of the key block is not the check value of the wrapped key',
    );
  });

  test('exports a token whose signature and content openssl cms verifies', async () => {
    const { KeyMaterial } = await exportKey(stored.pinKey, to());
    const token = file('token.der', Buffer.from(KeyMaterial, 'hex'));
    const signer = file('signer.pem', pemOf(parameters.SigningKeyCertificate!));
    const root = file('root.pem', pemOf(parameters.SigningKeyCertificateChain!));
    const out = pathOf('econtent.der');
    const input = ['-inform', 'DER', '-in', token];
    const verification = (certfile: string) => ['cms', '-verify', ...input, '-certfile', certfile, '-CAfile', root];
    openssl(...verification(signer), '-purpose', 'any', '-nointern', '-binary', '-out', out);
    const { eContent } = inspectKeyTransport(Buffer.from(KeyMaterial, 'hex'));
    expect(openssl('dgst', '-sha256', '-r', out).slice(0, 64)).toBe(
      openssl('dgst', '-sha256', '-r', file('expected.der', eContent)).slice(0, 64),
    );
    const stranger = file('stranger.pem', pemOf(partner.text));
    expect(() => openssl(...verification(stranger), '-purpose', 'any', '-nointern', '-out', out)).toThrow();
  });

  test('rejects other tokens, certificates and keys', async () => {
    const curve = ecParty('P-256');
    const curveRoot = await importRoot(service, curve.text);
    const aes = await keys.importKey({ clear: '00'.repeat(16), usage: K0, algorithm: 'AES_128', modes: CIPHER });
    expect(await refusal(stored.pinKey, to({ ExportToken: 'export-token-aaaaaaaaaaaaaaaa' }))).toContain(
      'token is unknown',
    );
    const { certificate, privateKey } = partner;
    const token = { algorithm: 'RSA_2048' as const, certificate: certificate.der, privateKey };
    const ofTr34 = { ...token, purpose: 'export TR34_KEY_BLOCK' as const };
    for (const ExportToken of [
      await storeToken(service, ofTr34, { accountId: '111111111111' }),
      await storeToken(service, ofTr34, { region: 'eu-west-1' }),
      await storeToken(service, ofTr34, { expiresAt: new Date(Date.now() - 1) }),
    ])
      expect(await refusal(stored.pinKey, to({ ExportToken }))).toContain(
        'token is unknown, has expired or is not for',
      );
    const ImportToken = await storeToken(service, { ...token, purpose: 'import TR34_KEY_BLOCK' });
    expect(await refusal(stored.pinKey, to({ ExportToken: ImportToken }))).toContain('must be an export token');
    expect(await refusal(stored.pinKey, to({ ExportToken: undefined }))).toContain('Give either ExportToken');
    expect(await refusal(stored.pinKey, to({ SigningKeyIdentifier: stored.pinKey.KeyArn }))).toContain(
      'Give either ExportToken',
    );
    expect(await refusal(stored.pinKey, to({ WrappingKeyCertificate: impostor.text }))).toContain(
      'issued by the given',
    );
    const onCurve = { WrappingKeyCertificate: curve.text, CertificateAuthorityPublicKeyIdentifier: curveRoot.KeyArn };
    expect(await refusal(stored.pinKey, to(onCurve))).toContain('must have RSA keys');
    expect(await refusal(aes, to())).toContain('may not be wrapped under an RSA key of 2048 bits');
    expect(await refusal(keys.kek, to())).toContain('use a key block under a symmetric key');
  });
});

test.each(['RSA_OAEP_SHA_256', 'RSA_OAEP_SHA_512', undefined] as const)(
  'ExportKey exports an RSA cryptogram, with the wrapping spec %s',
  async (WrappingSpec) => {
    const material = {
      CertificateAuthorityPublicKeyIdentifier: stored.partnerRoot.KeyArn,
      WrappingKeyCertificate: partner.text,
      WrappingSpec,
    };
    const wrapped = await exportKey(stored.pinKey, { KeyCryptogram: material });
    expect(wrapped).toMatchObject({
      WrappingKeyArn: stored.partnerRoot.KeyArn,
      WrappedKeyMaterialFormat: 'KEY_CRYPTOGRAM',
    });
    const padding = WrappingSpec === 'RSA_OAEP_SHA_512' ? 'OAEP_SHA512' : 'OAEP_SHA256';
    const clear = rsaDecrypt(partner.privateKey, padding, Buffer.from(wrapped.KeyMaterial, 'hex'));
    expect(clear.toString('hex').toUpperCase()).toBe(TDES_KEY);
    expect(await refusal(keys.kek, { KeyCryptogram: material })).toContain('may not be in an RSA cryptogram');
  },
);
