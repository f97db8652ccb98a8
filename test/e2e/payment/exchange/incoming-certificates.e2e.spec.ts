import forge from 'node-forge';
import { textOf } from '../../../../src/payment/exchange/certificate-text.js';
import { apiOf, expectControlError, useService } from '../../../support/api.js';
import { type CertificateToIssue, forgePrivateKey, forgePublicHalf, issueWithForge } from '../../../support/forge.js';
import { importRoot, type StoredKey } from '../../../support/import.js';
import { createKey } from '../../../support/keys.js';
import { testPki } from '../../../support/tr34.js';

const service = useService();
const { control, post } = apiOf(service);

const pki = testPki();
const caKey = forgePrivateKey(pki.kdhCa!.privateKey);
const caName = forge.pki.certificateFromAsn1(forge.asn1.fromDer(pki.kdhCa!.certificate.der.toString('latin1'))).subject;
const DAY_MS = 86_400_000;

/** Issues a certificate under the imported root. */
const issue = (changes: Partial<CertificateToIssue>) =>
  issueWithForge({
    subject: [{ shortName: 'CN', value: 'Partner' }],
    publicKey: forgePublicHalf(forgePrivateKey(pki.kdh!.privateKey)),
    issuer: { subject: caName.attributes, privateKey: caKey },
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + DAY_MS),
    ...changes,
  });
/** An empty SEQUENCE, as the binary string that forge uses for bytes. */
const EMPTY = '\x30\x00';

const BAD: [string, Buffer, string][] = [
  [
    'a SHA-1 signature',
    issue({ hash: 'sha1' }),
    'The certificate must be signed with SHA-224, SHA-256, SHA-384 or SHA-512',
  ],
  [
    'an MD5 signature',
    issue({ hash: 'md5' }),
    'The certificate must be signed with SHA-224, SHA-256, SHA-384 or SHA-512',
  ],
  [
    'an RSA key of 1024 bits',
    issue({ publicKey: forge.pki.rsa.generateKeyPair(1024).publicKey }),
    'The RSA key of a certificate must have at least 2048 bits',
  ],
  [
    'an unknown critical extension',
    issue({ extensions: [{ id: '1.2.3.4', critical: true, value: EMPTY }] }),
    'The certificate has the unknown critical extension 1.2.3.4',
  ],
  [
    'bytes after an extension',
    issue({ extensions: [{ id: '2.5.29.37', value: EMPTY + EMPTY }] }),
    'The certificate must be DER: extKeyUsage has further bytes',
  ],
  ['bytes after its end', Buffer.concat([issue({}), Buffer.alloc(1)]), 'The certificate must be X.509 in PEM or DER'],
  [
    'an indefinite length',
    Buffer.concat([Buffer.from('3080', 'hex'), issue({}).subarray(4), Buffer.alloc(2)]),
    'The certificate must be X.509 in PEM or DER',
  ],
];

let root: StoredKey;
let pair: string;
let wrappingPair: string;
let key: string;
beforeAll(async () => {
  root = await importRoot(service, textOf('CERTIFICATE', pki.kdhCa!.certificate.der));
  const create = async (attributes: object, more: object = {}) =>
    (await createKey(service, { KeyAttributes: attributes, Exportable: true, ...more } as never)).KeyArn;
  const K3 = {
    KeyUsage: 'TR31_K3_ASYMMETRIC_KEY_FOR_KEY_AGREEMENT',
    KeyClass: 'ASYMMETRIC_KEY_PAIR',
    KeyAlgorithm: 'ECC_NIST_P256',
    KeyModesOfUse: { DeriveKey: true },
  };
  const pairFor = (DeriveKeyUsage: string) => create(K3, { Exportable: false, DeriveKeyUsage });
  pair = await pairFor('TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY');
  wrappingPair = await pairFor('TR31_K1_KEY_BLOCK_PROTECTION_KEY');
  key = await create({
    KeyUsage: 'TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY',
    KeyClass: 'SYMMETRIC_KEY',
    KeyAlgorithm: 'AES_128',
    KeyModesOfUse: { Encrypt: true, Decrypt: true, Wrap: true, Unwrap: true },
  });
});

const agreement = (PublicKeyCertificate: string) => ({
  CertificateAuthorityPublicKeyIdentifier: root.KeyArn,
  PublicKeyCertificate,
  KeyDerivationFunction: 'NIST_SP800',
  KeyDerivationHashAlgorithm: 'SHA_256',
});
const S0 = 'TR31_S0_ASYMMETRIC_KEY_FOR_DIGITAL_SIGNATURE';
const D1 = 'TR31_D1_ASYMMETRIC_KEY_FOR_DATA_ENCRYPTION';
const publicKey = (KeyUsage: string, KeyModesOfUse: object) => ({
  KeyUsage,
  KeyClass: 'PUBLIC_KEY',
  KeyAlgorithm: 'RSA_2048',
  KeyModesOfUse,
});

/** Every parameter that takes a certificate, with a call that passes the certificate there. */
const PLACES: [string, string, (certificate: string) => object][] = [
  [
    'a root to import',
    'ImportKey',
    (PublicKeyCertificate) => ({
      KeyMaterial: {
        RootCertificatePublicKey: { KeyAttributes: publicKey(S0, { Verify: true }), PublicKeyCertificate },
      },
    }),
  ],
  [
    'a certificate to import',
    'ImportKey',
    (PublicKeyCertificate) => ({
      KeyMaterial: {
        TrustedCertificatePublicKey: {
          KeyAttributes: publicKey(D1, { Encrypt: true, Wrap: true }),
          PublicKeyCertificate,
          CertificateAuthorityPublicKeyIdentifier: root.KeyArn,
        },
      },
    }),
  ],
  [
    'the peer of a key agreement in an import',
    'ImportKey',
    (certificate) => ({
      KeyMaterial: {
        DiffieHellmanTr31KeyBlock: {
          ...agreement(certificate),
          PrivateKeyIdentifier: wrappingPair,
          DeriveKeyAlgorithm: 'AES_128',
          DerivationData: { SharedInformation: '00' },
          WrappedKeyBlock: `D0112D0AN00E0000${'0'.repeat(96)}`,
        },
      },
    }),
  ],
  [
    'the receiver of a TR-34 block',
    'ExportKey',
    (WrappingKeyCertificate) => ({
      ExportKeyIdentifier: key,
      KeyMaterial: {
        Tr34KeyBlock: {
          CertificateAuthorityPublicKeyIdentifier: root.KeyArn,
          WrappingKeyCertificate,
          KeyBlockFormat: 'X9_TR34_2012',
        },
      },
    }),
  ],
  [
    'the receiver of a cryptogram',
    'ExportKey',
    (WrappingKeyCertificate) => ({
      ExportKeyIdentifier: key,
      KeyMaterial: {
        KeyCryptogram: { CertificateAuthorityPublicKeyIdentifier: root.KeyArn, WrappingKeyCertificate },
      },
    }),
  ],
];

describe.each(BAD)('a certificate with %s is refused', (_, der, message) => {
  const text = textOf('CERTIFICATE', der);

  test.each(PLACES)('as %s', async (place, operation, inputWith) => {
    let input = inputWith(text) as { KeyMaterial: { Tr34KeyBlock?: object } };
    if (place.includes('TR-34')) {
      const parameters = {
        KeyMaterialType: 'TR34_KEY_BLOCK',
        SigningKeyAlgorithm: 'RSA_2048',
        ReuseLastGeneratedToken: true,
      };
      const { json } = await control('GetParametersForExport', parameters);
      const Tr34KeyBlock = { ...input.KeyMaterial.Tr34KeyBlock, ExportToken: json['ExportToken'] };
      input = { ...input, KeyMaterial: { Tr34KeyBlock } };
    }
    expectControlError(await control(operation, input), 'ValidationException', { Message: message });
  });

  test('as the signer of a TR-34 block', async () => {
    const parameters = {
      KeyMaterialType: 'TR34_KEY_BLOCK',
      WrappingKeyAlgorithm: 'RSA_2048',
      ReuseLastGeneratedToken: true,
    };
    const { json } = await control('GetParametersForImport', parameters);
    const Tr34KeyBlock = {
      CertificateAuthorityPublicKeyIdentifier: root.KeyArn,
      SigningKeyCertificate: text,
      ImportToken: json['ImportToken'],
      WrappedKeyBlock: '3000',
      KeyBlockFormat: 'X9_TR34_2012',
    };
    const answer = await control('ImportKey', { KeyMaterial: { Tr34KeyBlock } });
    expectControlError(answer, 'ValidationException', { Message: message });
  });

  test('as the peer of a key agreement in a data-plane call', async () => {
    const DiffieHellmanSymmetricKey = { ...agreement(text), KeyAlgorithm: 'AES_128', SharedInformation: '00' };
    const { status, json } = await post(`keys/${encodeURIComponent(pair)}/encrypt`, {
      PlainText: '00'.repeat(16),
      EncryptionAttributes: { Symmetric: { Mode: 'ECB' } },
      WrappedKey: { WrappedKeyMaterial: { DiffieHellmanSymmetricKey } },
    });
    expect({ status, message: json['message'] }).toEqual({ status: 400, message: message });
  });
});
