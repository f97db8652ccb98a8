import type { KeyAlgorithm, KeyUsage } from '../../keys/key-attributes.js';
import { ECC_KEY_ALGORITHMS, type KeyMode, RSA_KEY_ALGORITHMS } from '../../keys/key-attributes.js';
import type { KeyRequirement } from '../../keys/key-rules.js';

const TDES = ['TDES_2KEY', 'TDES_3KEY'] as const;
const AES = ['AES_128', 'AES_192', 'AES_256'] as const;
const BLOCK_CIPHERS = [...TDES, ...AES] as const;
const HMACS = ['HMAC_SHA224', 'HMAC_SHA256', 'HMAC_SHA384', 'HMAC_SHA512'] as const;

const keyFor = (
  usages: readonly KeyUsage[],
  algorithms: readonly KeyAlgorithm[],
  ...modes: KeyMode[]
): KeyRequirement => ({ usages, algorithms, modes });

const bdk = keyFor(['TR31_B0_BASE_DERIVATION_KEY'], ['TDES_2KEY', ...AES], 'DeriveKey');
const issuerMasterKey = (...usages: KeyUsage[]) => keyFor(usages, ['TDES_2KEY'], 'DeriveKey');
const kek = (...modes: KeyMode[]) =>
  keyFor(['TR31_K0_KEY_ENCRYPTION_KEY', 'TR31_K1_KEY_BLOCK_PROTECTION_KEY'], BLOCK_CIPHERS, ...modes);
const agreementKey = keyFor(['TR31_K3_ASYMMETRIC_KEY_FOR_KEY_AGREEMENT'], ECC_KEY_ALGORITHMS, 'DeriveKey');

/** Key that a working key in the request is wrapped under or derived with. */
export const WRAPPING = { Tr31KeyBlock: kek('Unwrap'), DiffieHellmanSymmetricKey: agreementKey };

const RSA_OR_ECC = [...RSA_KEY_ALGORITHMS, ...ECC_KEY_ALGORITHMS];
const certificateAuthority = keyFor(['TR31_S0_ASYMMETRIC_KEY_FOR_DIGITAL_SIGNATURE'], RSA_OR_ECC, 'Verify');
/** Key that verifies the peer's certificate. */
const peerAuthority = { DiffieHellmanSymmetricKey: certificateAuthority };

const DATA = ['TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY'] as const;
const RSA_DATA = ['TR31_D1_ASYMMETRIC_KEY_FOR_DATA_ENCRYPTION'] as const;
const dataKey = (mode: 'Encrypt' | 'Decrypt') => ({
  Symmetric: keyFor(DATA, BLOCK_CIPHERS, mode),
  Asymmetric: keyFor(RSA_DATA, RSA_KEY_ALGORITHMS, mode),
  Dukpt: bdk,
  Emv: issuerMasterKey('TR31_E1_EMV_MKEY_CONFIDENTIALITY', 'TR31_E6_EMV_MKEY_OTHER'),
  ...WRAPPING,
});
/** AWS refuses a data key with NoRestrictions here, with a special message. */
const reEncryptionKey = (mode: 'Encrypt' | 'Decrypt') => ({
  Symmetric: {
    ...keyFor(DATA, BLOCK_CIPHERS, mode),
    unrestrictedRefusal: `KeyUsages not allowed: use a key with the mode of use ${mode} instead of NoRestrictions.`,
  },
  Asymmetric: keyFor(RSA_DATA, RSA_KEY_ALGORITHMS, mode),
  Dukpt: bdk,
  ...WRAPPING,
});

const hmacKey = (mode: 'Generate' | 'Verify', ...algorithms: (typeof HMACS)[number][]) =>
  keyFor(['TR31_M7_HMAC_KEY'], algorithms, mode);
const macKey = (mode: 'Generate' | 'Verify') => ({
  ISO9797_ALGORITHM1: keyFor(['TR31_M1_ISO_9797_1_MAC_KEY'], TDES, mode),
  ISO9797_ALGORITHM3: keyFor(['TR31_M3_ISO_9797_3_MAC_KEY'], TDES, mode),
  CMAC: keyFor(['TR31_M6_ISO_9797_5_CMAC_KEY'], BLOCK_CIPHERS, mode),
  HMAC: hmacKey(mode, ...HMACS),
  HMAC_SHA224: hmacKey(mode, 'HMAC_SHA224'),
  HMAC_SHA256: hmacKey(mode, 'HMAC_SHA256'),
  HMAC_SHA384: hmacKey(mode, 'HMAC_SHA384'),
  HMAC_SHA512: hmacKey(mode, 'HMAC_SHA512'),
  AS2805_4_1: keyFor(['TR31_M0_ISO_16609_MAC_KEY'], TDES, mode),
  EmvMac: issuerMasterKey('TR31_E2_EMV_MKEY_INTEGRITY'),
  DukptIso9797Algorithm1: bdk,
  DukptIso9797Algorithm3: bdk,
  DukptCmac: bdk,
});

const CVK = ['TR31_C0_CARD_VERIFICATION_KEY'] as const;
const cardKey = (mode: 'Generate' | 'Verify') => ({
  AmexCardSecurityCodeVersion1: keyFor(CVK, TDES, mode),
  AmexCardSecurityCodeVersion2: keyFor(CVK, TDES, mode),
  CardVerificationValue1: keyFor(CVK, ['TDES_2KEY'], mode),
  CardVerificationValue2: keyFor(CVK, ['TDES_2KEY'], mode),
  CardHolderVerificationValue: issuerMasterKey('TR31_E6_EMV_MKEY_OTHER'),
  DynamicCardVerificationCode: issuerMasterKey('TR31_E4_EMV_MKEY_DYNAMIC_NUMBERS'),
  DynamicCardVerificationValue: issuerMasterKey('TR31_E6_EMV_MKEY_OTHER'),
});

const PEK = ['TR31_P0_PIN_ENCRYPTION_KEY'] as const;
/** The cipher must have the block length of the PIN block: 8 bytes (TDES), or 16 bytes (AES) for ISO format 4. */
const pinBlockKey = (...modes: ('Encrypt' | 'Decrypt')[]) => ({
  ISO_FORMAT_0: keyFor(PEK, TDES, ...modes),
  ISO_FORMAT_1: keyFor(PEK, TDES, ...modes),
  ISO_FORMAT_3: keyFor(PEK, TDES, ...modes),
  ISO_FORMAT_4: keyFor(PEK, AES, ...modes),
});
const pinVerificationKey = (usage: KeyUsage, mode: 'Generate' | 'Verify') => keyFor([usage], TDES, mode);
const pinGenerationKey = (mode: 'Generate' | 'Verify') => ({
  Visa: pinVerificationKey('TR31_V2_VISA_PIN_VERIFICATION_KEY', mode),
  Ibm3624: pinVerificationKey('TR31_V1_IBM3624_PIN_VERIFICATION_KEY', mode),
});

const arqcKey = { Emv: issuerMasterKey('TR31_E0_EMV_MKEY_APP_CRYPTOGRAMS') };
const pinChangePek = pinBlockKey('Decrypt');

/**
 * Keys that the data plane accepts, by operation, argument and variant of the request. The operations enforce these
 * rules and no others, and `docs/key-arguments.md` is generated from them. In addition, every key must be enabled.
 */
export const KEY_ARGUMENTS = {
  EncryptData: { KeyIdentifier: dataKey('Encrypt'), CertificateAuthorityPublicKeyIdentifier: peerAuthority },
  DecryptData: { KeyIdentifier: dataKey('Decrypt'), CertificateAuthorityPublicKeyIdentifier: peerAuthority },
  ReEncryptData: {
    IncomingKeyIdentifier: reEncryptionKey('Decrypt'),
    OutgoingKeyIdentifier: reEncryptionKey('Encrypt'),
    CertificateAuthorityPublicKeyIdentifier: peerAuthority,
  },
  TranslateKeyMaterial: {
    PrivateKeyIdentifier: { DiffieHellmanTr31KeyBlock: agreementKey },
    CertificateAuthorityPublicKeyIdentifier: { DiffieHellmanTr31KeyBlock: certificateAuthority },
    WrappingKeyIdentifier: { Tr31KeyBlock: kek('Wrap') },
  },
  GenerateMac: { KeyIdentifier: macKey('Generate') },
  VerifyMac: { KeyIdentifier: macKey('Verify') },
  GenerateCardValidationData: { KeyIdentifier: cardKey('Generate') },
  VerifyCardValidationData: {
    KeyIdentifier: {
      ...cardKey('Verify'),
      DiscoverDynamicCardVerificationCode: issuerMasterKey('TR31_E4_EMV_MKEY_DYNAMIC_NUMBERS'),
    },
  },
  GeneratePinData: {
    GenerationKeyIdentifier: pinGenerationKey('Generate'),
    // The key encrypts the PIN block in the response and, if the PIN comes from the request, also decrypts it.
    EncryptionKeyIdentifier: { ...pinBlockKey('Encrypt'), ...WRAPPING },
    EncryptionKeyIdentifierWithEncryptedPinBlock: { ...pinBlockKey('Encrypt', 'Decrypt'), ...WRAPPING },
    CertificateAuthorityPublicKeyIdentifier: peerAuthority,
  },
  VerifyPinData: {
    VerificationKeyIdentifier: pinGenerationKey('Verify'),
    EncryptionKeyIdentifier: { ...pinBlockKey('Decrypt'), Dukpt: bdk, ...WRAPPING },
    CertificateAuthorityPublicKeyIdentifier: peerAuthority,
  },
  TranslatePinData: {
    IncomingKeyIdentifier: {
      ...pinBlockKey('Decrypt'),
      AS2805_FORMAT_0: keyFor(PEK, TDES, 'Decrypt'),
      Dukpt: bdk,
      ...WRAPPING,
    },
    OutgoingKeyIdentifier: {
      ...pinBlockKey('Encrypt'),
      AS2805_FORMAT_0: keyFor(PEK, TDES, 'Encrypt'),
      Dukpt: bdk,
      ...WRAPPING,
    },
    CertificateAuthorityPublicKeyIdentifier: peerAuthority,
  },
  GenerateAuthRequestCryptogram: { KeyIdentifier: arqcKey },
  VerifyAuthRequestCryptogram: { KeyIdentifier: arqcKey },
  GenerateMacEmvPinChange: {
    NewPinPekIdentifier: {
      ISO_FORMAT_0: pinChangePek.ISO_FORMAT_0,
      ISO_FORMAT_1: pinChangePek.ISO_FORMAT_1,
      ISO_FORMAT_3: pinChangePek.ISO_FORMAT_3,
    },
    CurrentPinPekIdentifier: {
      ISO_FORMAT_0: pinChangePek.ISO_FORMAT_0,
      ISO_FORMAT_1: pinChangePek.ISO_FORMAT_1,
      ISO_FORMAT_3: pinChangePek.ISO_FORMAT_3,
    },
    SecureMessagingIntegrityKeyIdentifier: { Emv: issuerMasterKey('TR31_E2_EMV_MKEY_INTEGRITY') },
    SecureMessagingConfidentialityKeyIdentifier: { Emv: issuerMasterKey('TR31_E1_EMV_MKEY_CONFIDENTIALITY') },
    AuthorizationRequestKeyIdentifier: arqcKey,
  },
  GenerateAs2805KekValidation: {
    KeyIdentifier: {
      KekValidationRequest: keyFor(['TR31_K0_KEY_ENCRYPTION_KEY'], TDES, 'Wrap'),
      KekValidationResponse: keyFor(['TR31_K0_KEY_ENCRYPTION_KEY'], TDES, 'Unwrap'),
    },
  },
} as const satisfies Record<string, Record<string, Record<string, KeyRequirement>>>;
