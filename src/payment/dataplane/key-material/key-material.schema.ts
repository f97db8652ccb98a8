import { z } from 'zod';
import { sensitive, union } from '../../../http/fields.js';
import {
  CertificateText,
  EXAMPLE_KEY,
  KeyArnOrKeyAlias,
  KeyCheckValue,
  KeyCheckValueAlgorithm,
  KeyDerivationFunction,
  KeyDerivationHashAlgorithm,
  SharedInformation,
  SymmetricKeyAlgorithm,
  Tr31WrappedKeyBlock,
} from '../../fields.js';

const IncomingDiffieHellmanTr31KeyBlock = z
  .object({
    PrivateKeyIdentifier: KeyArnOrKeyAlias,
    CertificateAuthorityPublicKeyIdentifier: KeyArnOrKeyAlias,
    PublicKeyCertificate: CertificateText,
    DeriveKeyAlgorithm: SymmetricKeyAlgorithm,
    KeyDerivationFunction,
    KeyDerivationHashAlgorithm,
    DerivationData: union('DiffieHellmanDerivationData', { SharedInformation }),
    WrappedKeyBlock: Tr31WrappedKeyBlock,
  })
  .meta({ id: 'IncomingDiffieHellmanTr31KeyBlock' });

const OutgoingTr31KeyBlock = z.object({ WrappingKeyIdentifier: KeyArnOrKeyAlias }).meta({ id: 'OutgoingTr31KeyBlock' });

export const TranslateKeyMaterialInput = z
  .object({
    IncomingKeyMaterial: union('IncomingKeyMaterial', { DiffieHellmanTr31KeyBlock: IncomingDiffieHellmanTr31KeyBlock }),
    OutgoingKeyMaterial: union('OutgoingKeyMaterial', { Tr31KeyBlock: OutgoingTr31KeyBlock }),
    KeyCheckValueAlgorithm: KeyCheckValueAlgorithm.optional(),
  })
  .meta({
    id: 'TranslateKeyMaterialInput',
    examples: [
      {
        IncomingKeyMaterial: {
          DiffieHellmanTr31KeyBlock: {
            PrivateKeyIdentifier: EXAMPLE_KEY,
            CertificateAuthorityPublicKeyIdentifier: EXAMPLE_KEY,
            PublicKeyCertificate: 'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t',
            DeriveKeyAlgorithm: 'AES_256',
            KeyDerivationFunction: 'NIST_SP800',
            KeyDerivationHashAlgorithm: 'SHA_256',
            DerivationData: { SharedInformation: '0A0B0C' },
            WrappedKeyBlock: 'D0112P0TE00E0000',
          },
        },
        OutgoingKeyMaterial: { Tr31KeyBlock: { WrappingKeyIdentifier: EXAMPLE_KEY } },
      },
    ],
  });
export type TranslateKeyMaterialInput = z.infer<typeof TranslateKeyMaterialInput>;

const WrappedWorkingKey = z
  .object({
    WrappedKeyMaterial: sensitive(z.string().min(32).max(16384)),
    KeyCheckValue,
    WrappedKeyMaterialFormat: z.enum(['KEY_CRYPTOGRAM', 'TR31_KEY_BLOCK', 'TR34_KEY_BLOCK']),
  })
  .meta({ id: 'WrappedWorkingKey' });

export const TranslateKeyMaterialOutput = z
  .object({ WrappedKey: WrappedWorkingKey })
  .meta({ id: 'TranslateKeyMaterialOutput' });
export type TranslateKeyMaterialOutput = z.infer<typeof TranslateKeyMaterialOutput>;
