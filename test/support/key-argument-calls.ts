import type { ValidKeys } from './key-arguments.js';
import type { RawRequest } from './service.js';

/** Returns a suitable key for another key argument of a call, by usage and algorithm. */
export type ServingKeys = (usage: string, algorithm: string) => string;

/** Calls an operation with a key in one of its arguments and suitable keys in the others. */
export type KeyArgumentCall = (key: string, serving: ServingKeys) => Partial<RawRequest>;

type Body = (key: string, serving: ServingKeys) => object;
type Bodies = (argument: string, variant: string) => Body;

const PAN = '12345678901234567';
const TDES_KSN = 'FFFF9876543210E00001';
const CARD = { PrimaryAccountNumber: PAN, PanSequenceNumber: '01' };
const DERIVATION = { MajorKeyDerivationMode: 'EMV_OPTION_A', ...CARD };
const BLOCK = '00'.repeat(16);
const DUKPT = { KeySerialNumber: TDES_KSN, DukptKeyVariant: 'REQUEST' };

/**
 * A key block with the header of a suitable key. Its content doesn't matter, since the wrapping key is checked first.
 */
const wrappedKey = (variant: string, usage: string, authority: string) =>
  variant === 'Tr31KeyBlock'
    ? { WrappedKeyMaterial: { Tr31KeyBlock: `D0112${usage}AB00E0000${'0'.repeat(96)}` } }
    : variant === 'DiffieHellmanSymmetricKey'
      ? {
          WrappedKeyMaterial: {
            DiffieHellmanSymmetricKey: {
              ...AGREEMENT,
              KeyAlgorithm: 'AES_128',
              CertificateAuthorityPublicKeyIdentifier: authority,
            },
          },
        }
      : undefined;
const AGREEMENT = {
  PublicKeyCertificate: 'bm8gY2VydGlmaWNhdGU=',
  KeyDerivationFunction: 'NIST_SP800',
  KeyDerivationHashAlgorithm: 'SHA_256',
  SharedInformation: 'C0FFEE',
};
const isAuthority = (argument: string) => argument.startsWith('CertificateAuthority');
/** Returns a key agreement pair that derives keys of this usage. */
const k3 = (serving: ServingKeys, derives: 'D0' | 'K1' | 'P0') => serving(`K3 ${derives}`, 'ECC_NIST_P256');
const authority = (serving: ServingKeys) => serving('S0', 'ECC_NIST_P256');

const DATA: Record<string, object> = {
  Asymmetric: { Asymmetric: { PaddingType: 'PKCS1' } },
  Dukpt: { Dukpt: { KeySerialNumber: TDES_KSN } },
  Emv: { Emv: { ...DERIVATION, SessionDerivationData: '000B000000000000' } },
};
const cipher = (variant: string) => DATA[variant] ?? { Symmetric: { Mode: 'CBC' } };

/** Calls EncryptData or DecryptData, whose key is in the path. */
const data =
  (direction: 'encrypt' | 'decrypt') =>
  (row: ValidKeys): KeyArgumentCall =>
  (key, serving) => {
    const [text, attributes] =
      direction === 'encrypt'
        ? (['PlainText', 'EncryptionAttributes'] as const)
        : (['CipherText', 'DecryptionAttributes'] as const);
    const ca = isAuthority(row.argument);
    return post(`/keys/${encodeURIComponent(ca ? k3(serving, 'D0') : key)}/${direction}`, {
      [text]: BLOCK,
      [attributes]: cipher(row.variant),
      WrappedKey: wrappedKey(row.variant, 'D0', ca ? key : authority(serving)),
    });
  };

const reEncrypt =
  ({ argument, variant }: ValidKeys): KeyArgumentCall =>
  (key, serving) => {
    const dataKey = serving('D0', 'TDES_2KEY');
    const ca = isAuthority(argument);
    const incoming = ca ? k3(serving, 'D0') : argument.startsWith('Incoming') ? key : dataKey;
    return post(`/keys/${encodeURIComponent(incoming)}/reencrypt`, {
      CipherText: BLOCK,
      OutgoingKeyIdentifier: argument.startsWith('Outgoing') ? key : dataKey,
      IncomingEncryptionAttributes: cipher(argument.startsWith('Incoming') ? variant : 'Symmetric'),
      OutgoingEncryptionAttributes: cipher(argument.startsWith('Outgoing') ? variant : 'Symmetric'),
      ...(argument.startsWith('Outgoing')
        ? { OutgoingWrappedKey: wrappedKey(variant, 'D0', authority(serving)) }
        : { IncomingWrappedKey: wrappedKey(variant, 'D0', ca ? key : authority(serving)) }),
    });
  };

const translateKeyMaterial: Bodies = (argument) => (key, serving) => {
  const { SharedInformation, ...agreement } = AGREEMENT;
  return {
    IncomingKeyMaterial: {
      DiffieHellmanTr31KeyBlock: {
        ...agreement,
        PrivateKeyIdentifier: argument.startsWith('Private') ? key : k3(serving, 'K1'),
        CertificateAuthorityPublicKeyIdentifier: isAuthority(argument) ? key : authority(serving),
        DeriveKeyAlgorithm: 'AES_256',
        DerivationData: { SharedInformation },
        WrappedKeyBlock: `D0112P0AB00E0000${'0'.repeat(96)}`,
        // Passes a valid certificate, so that the call gets as far as the outgoing key.
        ...(argument.startsWith('Wrapping') && { PublicKeyCertificate: serving('certificate', 'ECC_NIST_P256') }),
      },
    },
    OutgoingKeyMaterial: {
      Tr31KeyBlock: { WrappingKeyIdentifier: argument.startsWith('Wrapping') ? key : serving('K0', 'AES_256') },
    },
  };
};

const mac =
  (attributes: string, more: object = {}): Bodies =>
  (_, variant) =>
  (key) => ({
    KeyIdentifier: key,
    MessageData: BLOCK,
    ...more,
    [attributes]:
      variant === 'EmvMac'
        ? {
            EmvMac: {
              ...DERIVATION,
              SessionKeyDerivationMode: 'VISA',
              SessionKeyDerivationValue: { ApplicationTransactionCounter: '000B' },
            },
          }
        : variant.startsWith('Dukpt')
          ? { [variant]: DUKPT }
          : { Algorithm: variant },
  });

const CARD_DATA = {
  CardExpiryDate: '3012',
  ServiceCode: '101',
  UnpredictableNumber: '00000899',
  PanSequenceNumber: '01',
  ApplicationTransactionCounter: '005E',
  TrackData: '5123456789012345D35121010000000000000F',
};
const card =
  (attributes: string, more: object = {}): Bodies =>
  (_, variant) =>
  (key) => ({
    KeyIdentifier: key,
    PrimaryAccountNumber: PAN,
    ...more,
    [attributes]: { [variant]: CARD_DATA },
  });

const IBM_3624 = {
  DecimalizationTable: '0123456789012345',
  PinValidationDataPadCharacter: 'F',
  PinValidationData: '5432101234567890',
};
const pinFormat = (variant: string) => (variant.startsWith('ISO') ? variant : 'ISO_FORMAT_0');
const pinBlock = (variant: string) => '12'.repeat(variant === 'ISO_FORMAT_4' ? 16 : 8);
const pek = (variant: string, serving: ServingKeys) =>
  serving('P0', variant === 'ISO_FORMAT_4' ? 'AES_128' : 'TDES_2KEY');

const generatePin: Bodies = (argument, variant) => (key, serving) => {
  const generation = argument.startsWith('Generation');
  const generationAttributes =
    variant === 'Ibm3624'
      ? { Ibm3624RandomPin: IBM_3624 }
      : argument.endsWith('EncryptedPinBlock')
        ? { VisaPinVerificationValue: { EncryptedPinBlock: pinBlock(variant), PinVerificationKeyIndex: 1 } }
        : { VisaPin: { PinVerificationKeyIndex: 1 } };
  const ca = isAuthority(argument);
  return {
    GenerationKeyIdentifier: generation ? key : serving('V2', 'TDES_2KEY'),
    EncryptionKeyIdentifier: generation ? pek(variant, serving) : ca ? k3(serving, 'P0') : key,
    GenerationAttributes: generationAttributes,
    PrimaryAccountNumber: PAN,
    PinBlockFormat: pinFormat(variant),
    EncryptionWrappedKey: wrappedKey(variant, 'P0', ca ? key : authority(serving)),
  };
};

const verifyPin: Bodies = (argument, variant) => (key, serving) => {
  const verification = argument.startsWith('Verification');
  const ca = isAuthority(argument);
  return {
    VerificationKeyIdentifier: verification ? key : serving('V2', 'TDES_2KEY'),
    EncryptionKeyIdentifier: verification ? pek(variant, serving) : ca ? k3(serving, 'P0') : key,
    VerificationAttributes:
      variant === 'Ibm3624'
        ? { Ibm3624Pin: { ...IBM_3624, PinOffset: '1234' } }
        : { VisaPin: { PinVerificationKeyIndex: 1, VerificationValue: '1234' } },
    EncryptedPinBlock: pinBlock(variant),
    PrimaryAccountNumber: PAN,
    PinBlockFormat: pinFormat(variant),
    EncryptionWrappedKey: wrappedKey(variant, 'P0', ca ? key : authority(serving)),
    ...(variant === 'Dukpt' && { DukptAttributes: { KeySerialNumber: TDES_KSN, DukptDerivationType: 'TDES_2KEY' } }),
  };
};

const TRANSLATION: Record<string, object> = {
  ISO_FORMAT_1: { IsoFormat1: {} },
  ISO_FORMAT_3: { IsoFormat3: { PrimaryAccountNumber: PAN } },
  ISO_FORMAT_4: { IsoFormat4: { PrimaryAccountNumber: PAN } },
  AS2805_FORMAT_0: { As2805Format0: { PrimaryAccountNumber: PAN } },
};
const translation = (variant: string) => TRANSLATION[variant] ?? { IsoFormat0: { PrimaryAccountNumber: PAN } };
const translatePin: Bodies = (argument, variant) => (key, serving) => {
  const ca = isAuthority(argument);
  const side = argument.startsWith('Outgoing') ? 'Outgoing' : 'Incoming';
  const other = side === 'Incoming' ? 'Outgoing' : 'Incoming';
  // A format without a PAN can be translated into every other format.
  const otherFormat = variant === 'ISO_FORMAT_1' || side === 'Outgoing' ? 'ISO_FORMAT_1' : 'ISO_FORMAT_0';
  return {
    [`${side}KeyIdentifier`]: ca ? k3(serving, 'P0') : key,
    [`${side}TranslationAttributes`]: translation(variant),
    [`${side}WrappedKey`]: wrappedKey(variant, 'P0', ca ? key : authority(serving)),
    ...(variant === 'Dukpt' && {
      [`${side}DukptAttributes`]: { KeySerialNumber: TDES_KSN, DukptKeyDerivationType: 'TDES_2KEY' },
    }),
    [`${other}KeyIdentifier`]: serving('P0', 'TDES_2KEY'),
    [`${other}TranslationAttributes`]: translation(otherFormat),
    EncryptedPinBlock: pinBlock(side === 'Incoming' ? variant : otherFormat),
    ...(variant === 'AS2805_FORMAT_0' &&
      side === 'Incoming' && {
        IncomingAs2805Attributes: { SystemTraceAuditNumber: '123456', TransactionAmount: '000000012345' },
      }),
  };
};

const arqc =
  (more: object = {}): Bodies =>
  () =>
  (key) => ({
    KeyIdentifier: key,
    TransactionData: BLOCK,
    MajorKeyDerivationMode: 'EMV_OPTION_A',
    SessionKeyDerivationAttributes: { Visa: CARD },
    ...more,
  });

const pinChange: Bodies = (argument, variant) => (key, serving) => {
  const argumentOr = (name: string, usage: string) => (argument === name ? key : serving(usage, 'TDES_2KEY'));
  return {
    NewPinPekIdentifier: argumentOr('NewPinPekIdentifier', 'P0'),
    NewEncryptedPinBlock: pinBlock('ISO_FORMAT_0'),
    PinBlockFormat: pinFormat(variant),
    SecureMessagingIntegrityKeyIdentifier: argumentOr('SecureMessagingIntegrityKeyIdentifier', 'E2'),
    SecureMessagingConfidentialityKeyIdentifier: argumentOr('SecureMessagingConfidentialityKeyIdentifier', 'E1'),
    MessageData: BLOCK,
    DerivationMethodAttributes: {
      Visa: {
        ...DERIVATION,
        ApplicationTransactionCounter: '000B',
        AuthorizationRequestKeyIdentifier: argumentOr('AuthorizationRequestKeyIdentifier', 'E0'),
        CurrentPinAttributes: {
          CurrentPinPekIdentifier: argumentOr('CurrentPinPekIdentifier', 'P0'),
          CurrentEncryptedPinBlock: pinBlock('ISO_FORMAT_0'),
        },
      },
    },
  };
};

const kekValidation: Bodies = (_, variant) => (key) => ({
  KeyIdentifier: key,
  RandomKeySendVariantMask: 'VARIANT_MASK_82',
  KekValidationType:
    variant === 'KekValidationRequest'
      ? { KekValidationRequest: { DeriveKeyAlgorithm: 'TDES_2KEY' } }
      : { KekValidationResponse: { RandomKeySend: BLOCK } },
});

const post = (path: string, body: object): Partial<RawRequest> => ({ path, body: JSON.stringify(body) });
const at =
  (path: string, bodies: Bodies) =>
  ({ argument, variant }: ValidKeys): KeyArgumentCall => {
    const body = bodies(argument, variant);
    return (key, serving) => post(path, body(key, serving));
  };

/** Calls each data-plane operation with a key in the argument of a row. */
export const KEY_ARGUMENT_CALLS: Readonly<Record<string, (row: ValidKeys) => KeyArgumentCall>> = {
  EncryptData: data('encrypt'),
  DecryptData: data('decrypt'),
  ReEncryptData: reEncrypt,
  TranslateKeyMaterial: at('/keymaterial/translate', translateKeyMaterial),
  GenerateMac: at('/mac/generate', mac('GenerationAttributes')),
  VerifyMac: at('/mac/verify', mac('VerificationAttributes', { Mac: '00'.repeat(4) })),
  GenerateCardValidationData: at('/cardvalidationdata/generate', card('GenerationAttributes')),
  VerifyCardValidationData: at('/cardvalidationdata/verify', card('VerificationAttributes', { ValidationData: '123' })),
  GeneratePinData: at('/pindata/generate', generatePin),
  VerifyPinData: at('/pindata/verify', verifyPin),
  TranslatePinData: at('/pindata/translate', translatePin),
  GenerateAuthRequestCryptogram: at('/cryptogram/generate', arqc()),
  VerifyAuthRequestCryptogram: at('/cryptogram/verify', arqc({ AuthRequestCryptogram: '00'.repeat(8) })),
  GenerateMacEmvPinChange: at('/macemvpinchange/generate', pinChange),
  GenerateAs2805KekValidation: at('/as2805kekvalidation/generate', kekValidation),
};
