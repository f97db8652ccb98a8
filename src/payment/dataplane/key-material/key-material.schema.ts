import { z } from 'zod';
import { sensitive, union } from '../../../http/fields.js';
import {
  CertificateText,
  demoAlias,
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

/** Certificate of a peer whose authority is the demo key `ca`. */
const EXAMPLE_CERTIFICATE =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUIzVENDQVlTZ0F3SUJBZ0lJYVcvakpLTEZEVGd3Q2dZSUtvWkl6ajBFQXdJd1RqRUxNQWtH' +
  'QTFVRUJoTUMKVlZNeEdqQVlCZ05WQkFvTUVWUkZVMVFnVDA1TVdTQjJhWE5wWW14bE1TTXdJUVlEVlFRRERCcFVSVk5VSUVWRApSRWdnUTBFZ1JV' +
  'TkRYMDVKVTFSZlVESTFOakFlRncweU1EQXhNREV3TURBd01EQmFGdzAwT1RFeU16RXlNelU1Ck5UbGFNRDB4T3pBNUJnTlZCQU1NTWxSRlUxUWdS' +
  'VU5FU0NCamJHbGxiblFnWldOa2FDMXdNalUyTFc1cGMzUXQKYzJoaE1qVTJMV0ZsY3pJMU5pMTBjak14TUZrd0V3WUhLb1pJemowQ0FRWUlLb1pJ' +
  'emowREFRY0RRZ0FFbzhOMgpIZzIzeVA3QWQ2OENnREd4TDB3cHdwS0VJazV4Tzg1MXErMzNmV3FjZEVZNHJpYXpUdE9rMmR5WDU0b0hjeFUyCmVC' +
  'TGdVUGllbUZKRFdIWmg3cU5kTUZzd0NRWURWUjBUQkFJd0FEQWZCZ05WSFNNRUdEQVdnQlR3cUhYbjhUUUIKU1pmcStQRVVzeVRQRHB4ZkFEQWRC' +
  'Z05WSFE0RUZnUVVpZXdSK1dpbnVJdVVGTDZXQVpVVmZCOHpQWFl3RGdZRApWUjBQQVFIL0JBUURBZ09JTUFvR0NDcUdTTTQ5QkFNQ0EwY0FNRVFD' +
  'SUNIeXRhZ21aU09WYnNOUnloOGJVak9rCjZXSHNnUEhBQldUSEFIQWNZelVvQWlBdkpwTFR2RVBYUTN4YmNHVnhQclEwUW4zeUpOeHZyZlBKeEs4' +
  'NWlMTTgKaVE9PQotLS0tLUVORCBDRVJUSUZJQ0FURS0tLS0tCg==';

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
            PrivateKeyIdentifier: demoAlias('ecdh'),
            CertificateAuthorityPublicKeyIdentifier: demoAlias('ca'),
            PublicKeyCertificate: EXAMPLE_CERTIFICATE,
            DeriveKeyAlgorithm: 'AES_256',
            KeyDerivationFunction: 'NIST_SP800',
            KeyDerivationHashAlgorithm: 'SHA_256',
            DerivationData: { SharedInformation: '1234567890' },
            WrappedKeyBlock:
              'D0112K1TB00E000079B2C32D5457F6284557D1B13238A07313D4451A0C1FED0BE72886EB537B893258ED348864B1CC465F3299988F2F99FA',
          },
        },
        OutgoingKeyMaterial: { Tr31KeyBlock: { WrappingKeyIdentifier: demoAlias('kek') } },
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
