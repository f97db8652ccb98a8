import { randomBytes } from 'node:crypto';
import {
  CreateKeyCommand,
  ExportKeyCommand,
  type ExportKeyInput,
  GetParametersForExportCommand,
  GetParametersForImportCommand,
  GetPublicKeyCertificateCommand,
} from '@aws-sdk/client-payment-cryptography';
import { useService } from '../../support/api.js';
import {
  decryptWithForge,
  encryptWithForge,
  forgeCertificate,
  forgePrivateKey,
  forgePublicHalf,
  type ForgePublicKey,
  forgeRequest,
  issueWithForge,
  kcvWithForge,
  openedWithForge,
  type RsaScheme,
  verifyChainWithForge,
} from '../../support/forge.js';
import { composeWithForge, openWithForge, type TokenToCompose } from '../../support/forge-tr34.js';
import {
  aMonth,
  importKeys,
  type KeyImports,
  importMaterial,
  importRoot,
  type StoredKey,
} from '../../support/import.js';
import { storePair } from '../../support/known-pairs.js';
import { target } from '../../support/service.js';
import { testPki } from '../../support/tr34.js';

/** A partner of the service that uses node-forge and none of our code. */
const pki = testPki();
const partner = {
  caKey: forgePrivateKey(pki.cliCa!.privateKey),
  key: forgePrivateKey(pki.cliKrd2048!.privateKey),
  name: [
    { shortName: 'O', value: 'Forge' },
    { shortName: 'CN', value: 'Forge root' },
  ],
};
const { notBefore, notAfter } = aMonth();
const issue = (subject: string, publicKey: ForgePublicKey, changes = {}) =>
  issueWithForge({
    subject: [{ shortName: 'CN', value: subject }],
    publicKey,
    issuer: { subject: partner.name, privateKey: partner.caKey },
    notBefore,
    notAfter,
    ...changes,
  });
const rootDer = issue('', forgePublicHalf(partner.caKey), {
  subject: partner.name,
  extensions: [{ name: 'basicConstraints', cA: true, critical: true }],
});
const certificate = issue('Forge leaf', forgePublicHalf(partner.key), { serialNumber: '01' });

const PEM = (der: Buffer) =>
  Buffer.from(`-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`).toString('base64');
const derOf = (text: string) =>
  Buffer.from(
    Buffer.from(text, 'base64')
      .toString()
      .replace(/-----[^-]+-----/g, ''),
    'base64',
  );
const hex = (bytes: Buffer) => bytes.toString('hex').toUpperCase();

const K0 = 'TR31_K0_KEY_ENCRYPTION_KEY';
const CIPHER = ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap'] as const;
const MODES = { Encrypt: true, Decrypt: true, Wrap: true, Unwrap: true };
const TDES_KEY = Buffer.from('0123456789ABCDEFFEDCBA9876543210', 'hex');
const NONCE = randomBytes(8);

const service = useService();
let imports: KeyImports;
let root: StoredKey;

beforeAll(async () => {
  imports = await importKeys(service);
  root = await importRoot(service, PEM(rootDer));
});

const refusal = (attempt: Promise<unknown>): Promise<string> =>
  attempt.then(
    () => 'was accepted',
    (thrown: unknown) => {
      const { name, message } = thrown as Error;
      expect(name).toBe('ValidationException');
      return message;
    },
  );

describe('RSA cryptograms', () => {
  let token: string;
  let wrappingKey: ForgePublicKey;

  beforeAll(async () => {
    const parameters = await service.controlPlane.send(
      new GetParametersForImportCommand({ KeyMaterialType: 'KEY_CRYPTOGRAM', WrappingKeyAlgorithm: 'RSA_3072' }),
    );
    token = parameters.ImportToken!;
    const leaf = derOf(parameters.WrappingKeyCertificate!);
    verifyChainWithForge([leaf], derOf(parameters.WrappingKeyCertificateChain!), new Date());
    wrappingKey = forgeCertificate(leaf).publicKey as ForgePublicKey;
  });

  const bring = (KeyAlgorithm: string, cryptogram: Buffer, change: object = {}) =>
    importMaterial(service, {
      KeyCryptogram: {
        KeyAttributes: { KeyUsage: K0, KeyClass: 'SYMMETRIC_KEY', KeyAlgorithm, KeyModesOfUse: MODES },
        Exportable: true,
        ImportToken: token,
        WrappedKeyCryptogram: hex(cryptogram),
        ...change,
      },
    });

  test.each([
    ['TDES_2KEY', 16, 'OAEP_SHA256', 'RSA_OAEP_SHA_256'],
    ['TDES_3KEY', 24, 'OAEP_SHA512', 'RSA_OAEP_SHA_512'],
    ['AES_128', 16, 'OAEP_SHA512', 'RSA_OAEP_SHA_512'],
  ] as const)(
    'the service imports a key of %s (%d bytes) that forge wraps with %s',
    async (algorithm, bytes, scheme, spec) => {
      const clear = randomBytes(bytes);
      const key = await bring(algorithm, encryptWithForge(wrappingKey, scheme, clear), { WrappingSpec: spec });
      expect(key.KeyCheckValue).toBe(kcvWithForge(algorithm === 'AES_128' ? 'AES' : 'TDES', clear));
    },
  );

  test('a key is rejected when it is wrapped in another way or has another length', async () => {
    const messages = new Set<string>();
    for (const scheme of ['PKCS1', 'OAEP_SHA1', 'OAEP_SHA512'] as const)
      messages.add(await refusal(bring('TDES_2KEY', encryptWithForge(wrappingKey, scheme, TDES_KEY))));
    for (const clear of [TDES_KEY.subarray(1), Buffer.alloc(24), Buffer.alloc(0)])
      messages.add(await refusal(bring('TDES_2KEY', encryptWithForge(wrappingKey, 'OAEP_SHA256', clear))));
    expect([...messages]).toEqual([expect.stringContaining('is not a key of this KeyAlgorithm under')]);
  });

  const exportKey = async (key: StoredKey, material: Record<string, object>) => {
    const input = { ExportKeyIdentifier: key.KeyArn, KeyMaterial: material } as unknown as ExportKeyInput;
    const { WrappedKey: wrapped } = await service.controlPlane.send(new ExportKeyCommand(input));
    return Buffer.from(wrapped!.KeyMaterial!, 'hex');
  };
  const under = (der: Buffer) => ({
    CertificateAuthorityPublicKeyIdentifier: root.KeyArn,
    WrappingKeyCertificate: PEM(der),
  });

  test.each([
    ['OAEP_SHA256', 'RSA_OAEP_SHA_256'],
    ['OAEP_SHA512', 'RSA_OAEP_SHA_512'],
  ] as const)(
    'forge unwraps a key that the service exports under the certificate of forge with %s',
    async (scheme, spec) => {
      const key = await imports.importKey({ clear: TDES_KEY, usage: K0, algorithm: 'TDES_2KEY', modes: CIPHER });
      const cryptogram = await exportKey(key, { KeyCryptogram: { ...under(certificate), WrappingSpec: spec } });
      const clear = decryptWithForge(partner.key, scheme, cryptogram);
      expect(clear).toEqual(TDES_KEY);
      expect(kcvWithForge('TDES', clear)).toBe(key.KeyCheckValue);
      for (const other of ['PKCS1', 'OAEP_SHA1'] as const)
        expect(openedWithForge(partner.key, other, cryptogram)).not.toEqual(clear);
    },
  );

  const VALIDITY = 'within its validity period';
  const ISSUER = 'issued by the given certificate authority';
  test.each<[string, string, object]>([
    ['has expired', VALIDITY, { notAfter: new Date(Date.now() - 60_000) }],
    ['is not valid yet', VALIDITY, { notBefore: new Date(Date.now() + 86_400_000) }],
    [
      'another key signed',
      ISSUER,
      { issuer: { subject: partner.name, privateKey: forgePrivateKey(pki.kdhCa!.privateKey) } },
    ],
    ['names another issuer', ISSUER, { issuer: { subject: partner.name.slice(1), privateKey: partner.caKey } }],
  ])('ExportKey rejects a certificate that %s', async (_, message, changes) => {
    const key = await imports.importKey({ clear: TDES_KEY, usage: K0, algorithm: 'TDES_2KEY', modes: CIPHER });
    const der = issue('Forge leaf', forgePublicHalf(partner.key), changes);
    expect(await refusal(exportKey(key, { KeyCryptogram: under(der) }))).toContain(message);
  });
});

describe('Data encrypted with RSA', () => {
  let key: string;
  beforeAll(async () => {
    key = await storePair(service, {
      usage: 'TR31_D1_ASYMMETRIC_KEY_FOR_DATA_ENCRYPTION',
      algorithm: 'RSA_2048',
      modes: CIPHER.slice(),
      privateKey: pki.kdh!.privateKey,
    });
  });
  const ours = forgePrivateKey(pki.kdh!.privateKey);
  const decrypt = (PaddingType: RsaScheme, cipherText: Buffer) =>
    service.dataPlane
      .decryptData({
        KeyIdentifier: key,
        CipherText: hex(cipherText),
        DecryptionAttributes: { Asymmetric: { PaddingType } },
      })
      .promise();

  test.each(['PKCS1', 'OAEP_SHA1', 'OAEP_SHA256', 'OAEP_SHA512'] as const)(
    '%s: each decrypts what the other encrypts',
    async (scheme) => {
      const { CipherText } = await service.dataPlane
        .encryptData({
          KeyIdentifier: key,
          PlainText: 'C0FFEE',
          EncryptionAttributes: { Asymmetric: { PaddingType: scheme } },
        })
        .promise();
      expect(hex(decryptWithForge(ours, scheme, Buffer.from(CipherText, 'hex')))).toBe('C0FFEE');

      const ciphertext = encryptWithForge(forgePublicHalf(ours), scheme, Buffer.from('C0FFEE', 'hex'));
      expect((await decrypt(scheme, ciphertext)).PlainText).toBe('C0FFEE');
      const other = scheme === 'OAEP_SHA256' ? 'OAEP_SHA1' : 'OAEP_SHA256';
      await expect(decrypt(other, ciphertext)).rejects.toMatchObject({ code: 'ValidationException' });
    },
  );
});

describe('TR-34', () => {
  test('forge verifies and opens a token that the service exports', async () => {
    const parameters = await service.controlPlane.send(
      new GetParametersForExportCommand({ KeyMaterialType: 'TR34_KEY_BLOCK', SigningKeyAlgorithm: 'RSA_2048' }),
    );
    const kdh = derOf(parameters.SigningKeyCertificate!);
    verifyChainWithForge([kdh], derOf(parameters.SigningKeyCertificateChain!), new Date());
    const key = await imports.importKey({ clear: TDES_KEY, usage: K0, algorithm: 'TDES_2KEY', modes: CIPHER });
    const input = {
      ExportKeyIdentifier: key.KeyArn,
      KeyMaterial: {
        Tr34KeyBlock: {
          CertificateAuthorityPublicKeyIdentifier: root.KeyArn,
          WrappingKeyCertificate: PEM(certificate),
          ExportToken: parameters.ExportToken,
          KeyBlockFormat: 'X9_TR34_2012',
          RandomNonce: hex(NONCE),
        },
      },
    } as const;
    const { WrappedKey: wrapped } = await service.controlPlane.send(new ExportKeyCommand(input));
    const krd = { certificate, privateKey: partner.key };
    const opened = openWithForge(Buffer.from(wrapped!.KeyMaterial!, 'hex'), { kdh, krd });
    expect(opened).toMatchObject({ header: 'D0112K0TB00E0000', key: TDES_KEY, nonce: NONCE });
    expect(wrapped!.KeyCheckValue).toBe(kcvWithForge('TDES', opened.key));
  });

  describe('with key pairs of the caller that forge certifies', () => {
    let krd: { arn: string; certificate: Buffer };

    beforeAll(async () => {
      const { Key: pair } = await service.controlPlane.send(
        new CreateKeyCommand({
          KeyAttributes: {
            KeyUsage: 'TR31_K2_TR34_ASYMMETRIC_KEY',
            KeyClass: 'ASYMMETRIC_KEY_PAIR',
            KeyAlgorithm: 'RSA_2048',
            KeyModesOfUse: { Decrypt: true, Unwrap: true },
          },
          Exportable: false,
        }),
      );
      // The SDK in use doesn't know this operation yet.
      const { json } = await service.send({
        headers: target('GetCertificateSigningRequest'),
        body: JSON.stringify({
          KeyIdentifier: pair!.KeyArn,
          SigningAlgorithm: 'SHA512',
          CertificateSubject: { CommonName: 'ours', Country: 'NZ' },
        }),
      });
      const request = forgeRequest(derOf(json['CertificateSigningRequest'] as string));
      expect(request.verify()).toBe(true);
      krd = { arn: pair!.KeyArn!, certificate: issue('ours', request.publicKey as ForgePublicKey) };

      const given = await service.controlPlane.send(new GetPublicKeyCertificateCommand({ KeyIdentifier: krd.arn }));
      const chain = derOf(given.KeyCertificateChain!);
      verifyChainWithForge([derOf(given.KeyCertificate!)], chain, new Date());
      expect(forgeCertificate(derOf(given.KeyCertificate!)).publicKey).toMatchObject({
        n: (request.publicKey as ForgePublicKey).n,
      });
    });

    const bring = (changes: Partial<TokenToCompose> = {}, change: object = {}) =>
      importMaterial(service, {
        Tr34KeyBlock: {
          CertificateAuthorityPublicKeyIdentifier: root.KeyArn,
          SigningKeyCertificate: PEM(certificate),
          WrappingKeyIdentifier: krd.arn,
          WrappingKeyCertificate: PEM(krd.certificate),
          WrappedKeyBlock: hex(
            composeWithForge({
              form: 'X9_TR34_2012',
              header: 'D0112K0TB00E0000',
              key: TDES_KEY,
              kdh: { certificate, privateKey: partner.key },
              krd: krd.certificate,
              nonce: NONCE,
              ...changes,
            }),
          ),
          KeyBlockFormat: 'X9_TR34_2012',
          RandomNonce: hex(NONCE),
          ...change,
        },
      });

    test.each(['X9_TR34_2012', 'X9_TR34_2019'] as const)(
      'the service imports a token that forge composes as %s',
      async (form) => {
        const key = await bring({ form });
        expect(key.KeyCheckValue).toBe(kcvWithForge('TDES', TDES_KEY));
        expect(key.KeyAttributes).toMatchObject({ KeyUsage: K0, KeyAlgorithm: 'TDES_2KEY', KeyModesOfUse: MODES });
      },
    );

    test.each<[string, Partial<TokenToCompose>, string]>([
      ['signed with another key', { kdh: { certificate, privateKey: partner.caKey } }, 'could not be verified'],
      ['with another nonce', { nonce: Buffer.alloc(8) }, 'could not be verified'],
      ['without a nonce', { nonce: undefined }, 'could not be verified'],
      ['encrypted for another receiver', { deviation: { encryptedFor: certificate } }, 'could not be verified'],
      ['with another header inside', { deviation: { innerHeader: 'D0112K0TB00N0000' } }, 'could not be verified'],
      ['with RSAES-PKCS1-v1_5', { deviation: { scheme: 'PKCS1' } }, 'RSAES-OAEP with SHA-256'],
      ['with SHA-1', { deviation: { digestAlgorithm: 'sha1' } }, 'digestAlgorithm'],
    ])('the service rejects a token %s', async (_, changes, message) => {
      expect(await refusal(bring(changes))).toContain(message);
    });
  });
});
