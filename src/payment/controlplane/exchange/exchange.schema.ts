import { z } from 'zod';
import { map } from '../../../http/bounds.js';
import { hexBytes, sensitive, Timestamp, union } from '../../../http/fields.js';
import {
  CertificateText,
  demoAlias,
  KeyAlgorithm,
  KeyArn,
  KeyArnOrKeyAlias,
  KeyAttributes,
  KeyCheckValue,
  KeyCheckValueAlgorithm,
  KeyDerivationFunction,
  KeyDerivationHashAlgorithm,
  KeyModesOfUse,
  Regions,
  SharedInformation,
  SymmetricKeyAlgorithm,
  Tags,
  Tr31WrappedKeyBlock,
} from '../../fields.js';

const upperCaseHex = (min: number, max: number) =>
  z
    .string()
    .min(min)
    .max(max)
    .regex(/^[0-9A-F]+$/, 'must be upper-case hexadecimal digits');

const KeyMaterialType = z.enum([
  'TR34_KEY_BLOCK',
  'TR31_KEY_BLOCK',
  'ROOT_PUBLIC_KEY_CERTIFICATE',
  'TRUSTED_PUBLIC_KEY_CERTIFICATE',
  'KEY_CRYPTOGRAM',
]);
export type KeyMaterialType = z.infer<typeof KeyMaterialType>;

const token = (prefix: string, must: string) =>
  z
    .string()
    .max(prefix.length + 64)
    .regex(new RegExp(`^(?:${prefix}[0-9a-zA-Z]{16,64})?$`), must);
const ImportToken = token('import-token-', 'must be an import token');
const ExportToken = token('export-token-', 'must be an export token');
const Tr34KeyBlockFormat = z.enum(['X9_TR34_2012']);
const RandomNonce = hexBytes(16, 32);
const WrappedKeyCryptogram = sensitive(upperCaseHex(16, 4096));
const WrappingKeySpec = z.enum(['RSA_OAEP_SHA_256', 'RSA_OAEP_SHA_512']);
const As2805KeyVariant = z.enum([
  'TERMINAL_MAJOR_KEY_VARIANT_00',
  'PIN_ENCRYPTION_KEY_VARIANT_28',
  'MESSAGE_AUTHENTICATION_KEY_VARIANT_24',
  'DATA_ENCRYPTION_KEY_VARIANT_22',
]);

const RootCertificatePublicKey = z
  .object({ KeyAttributes, PublicKeyCertificate: CertificateText })
  .meta({ id: 'RootCertificatePublicKey' });
export type RootCertificatePublicKey = z.infer<typeof RootCertificatePublicKey>;

const TrustedCertificatePublicKey = z
  .object({
    KeyAttributes,
    PublicKeyCertificate: CertificateText,
    CertificateAuthorityPublicKeyIdentifier: KeyArnOrKeyAlias,
  })
  .meta({ id: 'TrustedCertificatePublicKey' });
export type TrustedCertificatePublicKey = z.infer<typeof TrustedCertificatePublicKey>;

const ImportTr31KeyBlock = z
  .object({ WrappingKeyIdentifier: KeyArnOrKeyAlias, WrappedKeyBlock: Tr31WrappedKeyBlock })
  .meta({ id: 'ImportTr31KeyBlock' });
export type ImportTr31KeyBlock = z.infer<typeof ImportTr31KeyBlock>;

const ImportTr34KeyBlock = z
  .object({
    CertificateAuthorityPublicKeyIdentifier: KeyArnOrKeyAlias,
    SigningKeyCertificate: CertificateText,
    ImportToken: ImportToken.optional(),
    WrappingKeyIdentifier: KeyArnOrKeyAlias.optional(),
    WrappingKeyCertificate: CertificateText.optional(),
    WrappedKeyBlock: sensitive(upperCaseHex(2, 4096)),
    KeyBlockFormat: Tr34KeyBlockFormat,
    RandomNonce: RandomNonce.optional(),
  })
  .meta({ id: 'ImportTr34KeyBlock' });
export type ImportTr34KeyBlock = z.infer<typeof ImportTr34KeyBlock>;

const ImportKeyCryptogram = z
  .object({
    KeyAttributes,
    Exportable: z.boolean(),
    WrappedKeyCryptogram,
    ImportToken,
    WrappingSpec: WrappingKeySpec.optional(),
  })
  .meta({ id: 'ImportKeyCryptogram' });
export type ImportKeyCryptogram = z.infer<typeof ImportKeyCryptogram>;

const keyAgreement = {
  PrivateKeyIdentifier: KeyArnOrKeyAlias,
  CertificateAuthorityPublicKeyIdentifier: KeyArnOrKeyAlias,
  PublicKeyCertificate: CertificateText,
  DeriveKeyAlgorithm: SymmetricKeyAlgorithm,
  KeyDerivationFunction,
  KeyDerivationHashAlgorithm,
  DerivationData: z
    .object({ SharedInformation })
    .meta({ id: 'DiffieHellmanDerivationData', minProperties: 1, maxProperties: 1, required: [] }),
};

const ImportDiffieHellmanTr31KeyBlock = z
  .object({ ...keyAgreement, WrappedKeyBlock: Tr31WrappedKeyBlock })
  .meta({ id: 'ImportDiffieHellmanTr31KeyBlock' });
export type ImportDiffieHellmanTr31KeyBlock = z.infer<typeof ImportDiffieHellmanTr31KeyBlock>;

const ImportAs2805KeyCryptogram = z
  .object({
    As2805KeyVariant,
    KeyModesOfUse,
    KeyAlgorithm,
    Exportable: z.boolean(),
    WrappingKeyIdentifier: KeyArnOrKeyAlias,
    WrappedKeyCryptogram,
  })
  .meta({ id: 'ImportAs2805KeyCryptogram' });
export type ImportAs2805KeyCryptogram = z.infer<typeof ImportAs2805KeyCryptogram>;

const ImportKeyMaterial = union('ImportKeyMaterial', {
  RootCertificatePublicKey,
  TrustedCertificatePublicKey,
  Tr31KeyBlock: ImportTr31KeyBlock,
  Tr34KeyBlock: ImportTr34KeyBlock,
  KeyCryptogram: ImportKeyCryptogram,
  DiffieHellmanTr31KeyBlock: ImportDiffieHellmanTr31KeyBlock,
  As2805KeyCryptogram: ImportAs2805KeyCryptogram,
});
export type ImportKeyMaterial = z.infer<typeof ImportKeyMaterial>;

export const ImportKeyInput = z
  .object({
    KeyMaterial: ImportKeyMaterial,
    KeyCheckValueAlgorithm: KeyCheckValueAlgorithm.optional(),
    Enabled: z.boolean().optional(),
    Tags: Tags.optional(),
    ReplicationRegions: Regions.optional(),
    RequesterComment: sensitive(z.string().min(0).max(200)).optional(),
  })
  .meta({
    id: 'ImportKeyInput',
    examples: [
      {
        KeyMaterial: {
          Tr31KeyBlock: {
            WrappingKeyIdentifier: demoAlias('kek'),
            WrappedKeyBlock:
              'D0112P0TB00E00002860D4045E7366DD8428D9BE729E2C24A7B4D30968B4272DEBD69990F92651313E32D1F6E9611DC5639D69CB97009E5E',
          },
        },
      },
    ],
  });
export type ImportKeyInput = z.infer<typeof ImportKeyInput>;

export const GetParametersForImportInput = z
  .object({
    KeyMaterialType,
    WrappingKeyAlgorithm: KeyAlgorithm,
    ReuseLastGeneratedToken: z.boolean().optional(),
  })
  .meta({
    id: 'GetParametersForImportInput',
    examples: [{ KeyMaterialType: 'KEY_CRYPTOGRAM', WrappingKeyAlgorithm: 'RSA_2048', ReuseLastGeneratedToken: true }],
  });
export type GetParametersForImportInput = z.infer<typeof GetParametersForImportInput>;

export const GetParametersForImportOutput = z
  .object({
    WrappingKeyCertificate: CertificateText,
    WrappingKeyCertificateChain: CertificateText,
    WrappingKeyAlgorithm: KeyAlgorithm,
    ImportToken,
    ParametersValidUntilTimestamp: Timestamp,
  })
  .meta({ id: 'GetParametersForImportOutput' });
export type GetParametersForImportOutput = z.infer<typeof GetParametersForImportOutput>;

export const GetParametersForExportInput = z
  .object({ KeyMaterialType, SigningKeyAlgorithm: KeyAlgorithm, ReuseLastGeneratedToken: z.boolean().optional() })
  .meta({
    id: 'GetParametersForExportInput',
    examples: [{ KeyMaterialType: 'TR34_KEY_BLOCK', SigningKeyAlgorithm: 'RSA_2048', ReuseLastGeneratedToken: true }],
  });
export type GetParametersForExportInput = z.infer<typeof GetParametersForExportInput>;

export const GetParametersForExportOutput = z
  .object({
    SigningKeyCertificate: CertificateText,
    SigningKeyCertificateChain: CertificateText,
    SigningKeyAlgorithm: KeyAlgorithm,
    ExportToken,
    ParametersValidUntilTimestamp: Timestamp,
  })
  .meta({ id: 'GetParametersForExportOutput' });
export type GetParametersForExportOutput = z.infer<typeof GetParametersForExportOutput>;

/** A key block counts its optional blocks in two digits. */
const OptionalBlocks = map(
  sensitive(
    z
      .string()
      .max(2)
      .regex(/^[0-9A-Z]{2}$/, 'must have IDs of 2 digits or capital letters'),
  ),
  sensitive(
    z
      .string()
      .min(1)
      .max(108)
      .regex(/^[0-9a-zA-Z]+$/, 'must be letters and digits'),
  ),
  99,
);

const KeyBlockHeaders = z
  .object({
    KeyModesOfUse: KeyModesOfUse.optional(),
    KeyExportability: z.enum(['EXPORTABLE', 'NON_EXPORTABLE', 'SENSITIVE']).optional(),
    KeyVersion: z
      .string()
      .min(2)
      .max(2)
      .regex(/^[0-9A-Z]{2}$/, 'must be 2 digits or capital letters')
      .optional(),
    OptionalBlocks: OptionalBlocks.optional(),
  })
  .meta({ id: 'KeyBlockHeaders' });
export type KeyBlockHeaders = z.infer<typeof KeyBlockHeaders>;

const ExportTr31KeyBlock = z
  .object({ WrappingKeyIdentifier: KeyArnOrKeyAlias, KeyBlockHeaders: KeyBlockHeaders.optional() })
  .meta({ id: 'ExportTr31KeyBlock' });
export type ExportTr31KeyBlock = z.infer<typeof ExportTr31KeyBlock>;

const ExportTr34KeyBlock = z
  .object({
    CertificateAuthorityPublicKeyIdentifier: KeyArnOrKeyAlias,
    WrappingKeyCertificate: CertificateText,
    ExportToken: ExportToken.optional(),
    SigningKeyIdentifier: KeyArnOrKeyAlias.optional(),
    SigningKeyCertificate: CertificateText.optional(),
    KeyBlockFormat: Tr34KeyBlockFormat,
    RandomNonce: RandomNonce.optional(),
    KeyBlockHeaders: KeyBlockHeaders.optional(),
  })
  .meta({ id: 'ExportTr34KeyBlock' });
export type ExportTr34KeyBlock = z.infer<typeof ExportTr34KeyBlock>;

const ExportKeyCryptogram = z
  .object({
    CertificateAuthorityPublicKeyIdentifier: KeyArnOrKeyAlias,
    WrappingKeyCertificate: CertificateText,
    WrappingSpec: WrappingKeySpec.optional(),
  })
  .meta({ id: 'ExportKeyCryptogram' });
export type ExportKeyCryptogram = z.infer<typeof ExportKeyCryptogram>;

const ExportDiffieHellmanTr31KeyBlock = z
  .object({ ...keyAgreement, KeyBlockHeaders: KeyBlockHeaders.optional() })
  .meta({ id: 'ExportDiffieHellmanTr31KeyBlock' });
export type ExportDiffieHellmanTr31KeyBlock = z.infer<typeof ExportDiffieHellmanTr31KeyBlock>;

const ExportAs2805KeyCryptogram = z
  .object({ WrappingKeyIdentifier: KeyArnOrKeyAlias, As2805KeyVariant })
  .meta({ id: 'ExportAs2805KeyCryptogram' });
export type ExportAs2805KeyCryptogram = z.infer<typeof ExportAs2805KeyCryptogram>;

const ExportKeyMaterial = union('ExportKeyMaterial', {
  Tr31KeyBlock: ExportTr31KeyBlock,
  Tr34KeyBlock: ExportTr34KeyBlock,
  KeyCryptogram: ExportKeyCryptogram,
  DiffieHellmanTr31KeyBlock: ExportDiffieHellmanTr31KeyBlock,
  As2805KeyCryptogram: ExportAs2805KeyCryptogram,
});
export type ExportKeyMaterial = z.infer<typeof ExportKeyMaterial>;

const ExportDukptInitialKey = z
  .object({
    KeySerialNumber: z
      .string()
      .min(20)
      .max(24)
      .regex(/^(?:[0-9A-F]{20}|[0-9A-F]{24})$/, 'must be 20 or 24 upper-case hexadecimal digits'),
  })
  .meta({ id: 'ExportDukptInitialKey' });

const ExportAttributes = z
  .object({
    ExportDukptInitialKey: ExportDukptInitialKey.optional(),
    KeyCheckValueAlgorithm: KeyCheckValueAlgorithm.optional(),
  })
  .meta({ id: 'ExportAttributes' });
export type ExportAttributes = z.infer<typeof ExportAttributes>;

export const ExportKeyInput = z
  .object({
    KeyMaterial: ExportKeyMaterial,
    ExportKeyIdentifier: KeyArnOrKeyAlias,
    ExportAttributes: ExportAttributes.optional(),
  })
  .meta({
    id: 'ExportKeyInput',
    examples: [
      {
        ExportKeyIdentifier: demoAlias('mac'),
        KeyMaterial: { Tr31KeyBlock: { WrappingKeyIdentifier: demoAlias('kek') } },
      },
    ],
  });
export type ExportKeyInput = z.infer<typeof ExportKeyInput>;

/** Exported key. The data plane has a type of the same name for keys sent with a request. */
const WrappedKey = z
  .object({
    WrappingKeyArn: KeyArn,
    WrappedKeyMaterialFormat: z.enum(['KEY_CRYPTOGRAM', 'TR31_KEY_BLOCK', 'TR34_KEY_BLOCK']),
    KeyMaterial: sensitive(z.string().min(32).max(16384)),
    KeyCheckValue: KeyCheckValue.optional(),
    KeyCheckValueAlgorithm: KeyCheckValueAlgorithm.optional(),
  })
  .meta({ id: 'ExportedWrappedKey' });
export type WrappedKey = z.infer<typeof WrappedKey>;

export const ExportKeyOutput = z.object({ WrappedKey: WrappedKey.optional() }).meta({ id: 'ExportKeyOutput' });
export type ExportKeyOutput = z.infer<typeof ExportKeyOutput>;

export const GetPublicKeyCertificateInput = z
  .object({ KeyIdentifier: KeyArnOrKeyAlias })
  .meta({ id: 'GetPublicKeyCertificateInput', examples: [{ KeyIdentifier: demoAlias('ecdh') }] });
export type GetPublicKeyCertificateInput = z.infer<typeof GetPublicKeyCertificateInput>;

export const GetPublicKeyCertificateOutput = z
  .object({ KeyCertificate: CertificateText, KeyCertificateChain: CertificateText })
  .meta({ id: 'GetPublicKeyCertificateOutput' });
export type GetPublicKeyCertificateOutput = z.infer<typeof GetPublicKeyCertificateOutput>;

const nameAttribute = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^[;\]<>]+$/, 'must not contain any of [ ; ] < >');

const CertificateSubject = z
  .object({
    CommonName: nameAttribute(64),
    OrganizationUnit: nameAttribute(64).optional(),
    Organization: nameAttribute(64).optional(),
    City: nameAttribute(128).optional(),
    Country: z
      .string()
      .min(2)
      .max(2)
      .regex(/^[A-Za-z]+$/, 'must be 2 letters')
      .optional(),
    StateOrProvince: nameAttribute(128).optional(),
    EmailAddress: z
      .string()
      .min(1)
      .max(128)
      .regex(/^[a-zA-Z0-9.!#$%&’*+/=?^_`{|}~-]+@[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)*$/, 'must be an e-mail address')
      .optional(),
  })
  .meta({ id: 'CertificateSubjectType' });
export type CertificateSubject = z.infer<typeof CertificateSubject>;

export const GetCertificateSigningRequestInput = z
  .object({
    KeyIdentifier: KeyArnOrKeyAlias,
    SigningAlgorithm: z.enum(['SHA224', 'SHA256', 'SHA384', 'SHA512']),
    CertificateSubject,
  })
  .meta({
    id: 'GetCertificateSigningRequestInput',
    examples: [
      {
        KeyIdentifier: demoAlias('ecdh'),
        SigningAlgorithm: 'SHA256',
        CertificateSubject: { CommonName: 'Key receiving device 1', Organization: 'Example Bank', Country: 'NZ' },
      },
    ],
  });
export type GetCertificateSigningRequestInput = z.infer<typeof GetCertificateSigningRequestInput>;

export const GetCertificateSigningRequestOutput = z
  .object({ CertificateSigningRequest: sensitive(CertificateText) })
  .meta({ id: 'GetCertificateSigningRequestOutput' });
export type GetCertificateSigningRequestOutput = z.infer<typeof GetCertificateSigningRequestOutput>;

/** Members that imports and exports by key agreement have in common. */
export type DiffieHellmanTr31KeyBlock = Omit<ImportDiffieHellmanTr31KeyBlock, 'WrappedKeyBlock'>;
