import { z } from 'zod';
import { hex, hexBytes, sensitive, union } from '../../../http/fields.js';
import {
  DukptDerivationType,
  DukptKeyVariant,
  demoAlias,
  InitializationVector,
  KeyArn,
  KeyArnOrKeyAlias,
  KeyCheckValue,
  KeySerialNumber,
  MajorKeyDerivationMode,
  PanSequenceNumber,
  PrimaryAccountNumber,
  WrappedKey,
} from '../../fields.js';

const PaddingType = z.enum(['PKCS1', 'OAEP_SHA1', 'OAEP_SHA256', 'OAEP_SHA512']);
const BlockMode = z.enum(['ECB', 'CBC']);

const SymmetricEncryptionAttributes = z
  .object({
    Mode: z.enum(['ECB', 'CBC', 'CFB', 'CFB1', 'CFB8', 'CFB64', 'CFB128', 'OFB']),
    InitializationVector: InitializationVector.optional(),
    PaddingType: PaddingType.optional().meta({ description: 'Has no effect: the data must be whole blocks.' }),
  })
  .meta({ id: 'SymmetricEncryptionAttributes' });
export type SymmetricEncryptionAttributes = z.infer<typeof SymmetricEncryptionAttributes>;

const AsymmetricEncryptionAttributes = z
  .object({ PaddingType: PaddingType.optional() })
  .meta({ id: 'AsymmetricEncryptionAttributes' });
export type AsymmetricEncryptionAttributes = z.infer<typeof AsymmetricEncryptionAttributes>;

const DukptEncryptionAttributes = z
  .object({
    KeySerialNumber,
    Mode: BlockMode.optional(),
    DukptKeyDerivationType: DukptDerivationType.optional(),
    DukptKeyVariant: DukptKeyVariant.optional(),
    InitializationVector: InitializationVector.optional(),
  })
  .meta({ id: 'DukptEncryptionAttributes' });
export type DukptEncryptionAttributes = z.infer<typeof DukptEncryptionAttributes>;

const EmvEncryptionAttributes = z
  .object({
    MajorKeyDerivationMode,
    PrimaryAccountNumber,
    PanSequenceNumber,
    SessionDerivationData: sensitive(hex(16, 16)),
    Mode: BlockMode.optional(),
    InitializationVector: InitializationVector.optional(),
  })
  .meta({ id: 'EmvEncryptionAttributes' });
export type EmvEncryptionAttributes = z.infer<typeof EmvEncryptionAttributes>;

const EncryptionDecryptionAttributes = union('EncryptionDecryptionAttributes', {
  Symmetric: SymmetricEncryptionAttributes,
  Asymmetric: AsymmetricEncryptionAttributes,
  Dukpt: DukptEncryptionAttributes,
  Emv: EmvEncryptionAttributes,
});
export type EncryptionDecryptionAttributes = z.infer<typeof EncryptionDecryptionAttributes>;

const ReEncryptionAttributes = union('ReEncryptionAttributes', {
  Symmetric: SymmetricEncryptionAttributes,
  Asymmetric: AsymmetricEncryptionAttributes,
  Dukpt: DukptEncryptionAttributes,
});
export type ReEncryptionAttributes = z.infer<typeof ReEncryptionAttributes>;

const CipherText = sensitive(hexBytes(2, 4224));

/** Path parameter that identifies the key; the example is a demo key. */
export const DataKey = KeyArnOrKeyAlias.meta({ example: demoAlias('data') });
export const BaseDerivationKey = KeyArnOrKeyAlias.meta({ example: demoAlias('bdk') });

export const EncryptDataInput = z
  .object({
    PlainText: sensitive(hexBytes(2, 4096)),
    EncryptionAttributes: EncryptionDecryptionAttributes,
    WrappedKey: WrappedKey.optional(),
  })
  .meta({
    id: 'EncryptDataInput',
    examples: [
      {
        PlainText: '31323334313233343132333431323334',
        EncryptionAttributes: { Symmetric: { Mode: 'CBC', InitializationVector: '000102030405060708090A0B0C0D0E0F' } },
      },
    ],
  });
export type EncryptDataInput = z.infer<typeof EncryptDataInput>;

export const EncryptDataOutput = z
  .object({ KeyArn, KeyCheckValue: KeyCheckValue.optional(), CipherText })
  .meta({ id: 'EncryptDataOutput' });
export type EncryptDataOutput = z.infer<typeof EncryptDataOutput>;

export const DecryptDataInput = z
  .object({
    CipherText,
    DecryptionAttributes: EncryptionDecryptionAttributes,
    WrappedKey: WrappedKey.optional(),
  })
  .meta({
    id: 'DecryptDataInput',
    examples: [
      {
        CipherText: '9FEC3D80FE756813F21C287D0F8D1894',
        DecryptionAttributes: { Symmetric: { Mode: 'CBC', InitializationVector: '000102030405060708090A0B0C0D0E0F' } },
      },
    ],
  });
export type DecryptDataInput = z.infer<typeof DecryptDataInput>;

export const DecryptDataOutput = z
  .object({ KeyArn, KeyCheckValue, PlainText: sensitive(hexBytes(2, 4224)) })
  .meta({ id: 'DecryptDataOutput' });
export type DecryptDataOutput = z.infer<typeof DecryptDataOutput>;

export const ReEncryptDataInput = z
  .object({
    OutgoingKeyIdentifier: KeyArnOrKeyAlias,
    CipherText,
    IncomingEncryptionAttributes: ReEncryptionAttributes,
    OutgoingEncryptionAttributes: ReEncryptionAttributes,
    IncomingWrappedKey: WrappedKey.optional(),
    OutgoingWrappedKey: WrappedKey.optional(),
  })
  .meta({
    id: 'ReEncryptDataInput',
    examples: [
      {
        OutgoingKeyIdentifier: demoAlias('data'),
        CipherText: '9720007894CB9A2D636CBC743AC186E6',
        IncomingEncryptionAttributes: { Dukpt: { KeySerialNumber: 'FFFF9876543210E00001' } },
        OutgoingEncryptionAttributes: { Symmetric: { Mode: 'CBC' } },
      },
    ],
  });
export type ReEncryptDataInput = z.infer<typeof ReEncryptDataInput>;

export const ReEncryptDataOutput = z.object({ KeyArn, KeyCheckValue, CipherText }).meta({ id: 'ReEncryptDataOutput' });
export type ReEncryptDataOutput = z.infer<typeof ReEncryptDataOutput>;
