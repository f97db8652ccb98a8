import type { KeyAlgorithm, KeyMode, KeyUsage } from '../../src/payment/keys/key-attributes.js';
import { KEY_USAGES } from '../../src/payment/keys/key-attributes.js';

/**
 * The keys that the data plane accepts, transcribed by hand from AWS's table of valid keys, independently of the
 * service: operation and argument, variant, codes of the usages, algorithms, and the complete sets of modes by their
 * initials (DeriveKey is X). A key with NoRestrictions, which AWS's table lists in some rows only, may do whatever its
 * usage can do, except in ReEncryptData.
 */
const VALID_KEYS = `
  EncryptData KeyIdentifier                Symmetric                     D0     TDES AES      EDWU EW N
  EncryptData KeyIdentifier                Asymmetric                    D1     RSA           EDWU EW
  EncryptData KeyIdentifier                Dukpt                         B0     TDES_2KEY AES X N
  EncryptData KeyIdentifier                Emv                           E1 E6  TDES_2KEY     X N
  DecryptData KeyIdentifier                Symmetric                     D0     TDES AES      EDWU DU N
  DecryptData KeyIdentifier                Asymmetric                    D1     RSA           EDWU DU
  DecryptData KeyIdentifier                Dukpt                         B0     TDES_2KEY AES X N
  DecryptData KeyIdentifier                Emv                           E1 E6  TDES_2KEY     X N
  ReEncryptData IncomingKeyIdentifier      Symmetric                     D0     TDES AES      EDWU DU
  ReEncryptData IncomingKeyIdentifier      Asymmetric                    D1     RSA           EDWU DU
  ReEncryptData IncomingKeyIdentifier      Dukpt                         B0     TDES_2KEY AES X N
  ReEncryptData OutgoingKeyIdentifier      Symmetric                     D0     TDES AES      EDWU EW
  ReEncryptData OutgoingKeyIdentifier      Asymmetric                    D1     RSA           EDWU EW
  ReEncryptData OutgoingKeyIdentifier      Dukpt                         B0     TDES_2KEY AES X N
  TranslateKeyMaterial PrivateKeyIdentifier DiffieHellmanTr31KeyBlock    K3     ECC           X
  TranslateKeyMaterial WrappingKeyIdentifier Tr31KeyBlock                K0 K1  TDES AES      EDWU EW N

  GenerateMac KeyIdentifier                ISO9797_ALGORITHM1            M1     TDES          GV G N
  GenerateMac KeyIdentifier                ISO9797_ALGORITHM3            M3     TDES          GV G N
  GenerateMac KeyIdentifier                CMAC                          M6     TDES AES      GV G N
  GenerateMac KeyIdentifier                HMAC                          M7     HMAC          GV G N
  GenerateMac KeyIdentifier                HMAC_SHA224                   M7     HMAC_SHA224   GV G N
  GenerateMac KeyIdentifier                HMAC_SHA256                   M7     HMAC_SHA256   GV G N
  GenerateMac KeyIdentifier                HMAC_SHA384                   M7     HMAC_SHA384   GV G N
  GenerateMac KeyIdentifier                HMAC_SHA512                   M7     HMAC_SHA512   GV G N
  GenerateMac KeyIdentifier                AS2805_4_1                    M0     TDES          GV G
  GenerateMac KeyIdentifier                EmvMac                        E2     TDES_2KEY     X N
  GenerateMac KeyIdentifier                DukptIso9797Algorithm1        B0     TDES_2KEY AES X N
  GenerateMac KeyIdentifier                DukptIso9797Algorithm3        B0     TDES_2KEY AES X N
  GenerateMac KeyIdentifier                DukptCmac                     B0     TDES_2KEY AES X N
  VerifyMac KeyIdentifier                  ISO9797_ALGORITHM1            M1     TDES          GV V N
  VerifyMac KeyIdentifier                  ISO9797_ALGORITHM3            M3     TDES          GV V N
  VerifyMac KeyIdentifier                  CMAC                          M6     TDES AES      GV V N
  VerifyMac KeyIdentifier                  HMAC                          M7     HMAC          GV V N
  VerifyMac KeyIdentifier                  HMAC_SHA224                   M7     HMAC_SHA224   GV V N
  VerifyMac KeyIdentifier                  HMAC_SHA256                   M7     HMAC_SHA256   GV V N
  VerifyMac KeyIdentifier                  HMAC_SHA384                   M7     HMAC_SHA384   GV V N
  VerifyMac KeyIdentifier                  HMAC_SHA512                   M7     HMAC_SHA512   GV V N
  VerifyMac KeyIdentifier                  AS2805_4_1                    M0     TDES          GV V
  VerifyMac KeyIdentifier                  EmvMac                        E2     TDES_2KEY     X N
  VerifyMac KeyIdentifier                  DukptIso9797Algorithm1        B0     TDES_2KEY AES X N
  VerifyMac KeyIdentifier                  DukptIso9797Algorithm3        B0     TDES_2KEY AES X N
  VerifyMac KeyIdentifier                  DukptCmac                     B0     TDES_2KEY AES X N

  GenerateCardValidationData KeyIdentifier AmexCardSecurityCodeVersion1  C0     TDES          GV G N
  GenerateCardValidationData KeyIdentifier AmexCardSecurityCodeVersion2  C0     TDES          GV G N
  GenerateCardValidationData KeyIdentifier CardVerificationValue1        C0     TDES_2KEY     GV G N
  GenerateCardValidationData KeyIdentifier CardVerificationValue2        C0     TDES_2KEY     GV G N
  GenerateCardValidationData KeyIdentifier CardHolderVerificationValue   E6     TDES_2KEY     X N
  GenerateCardValidationData KeyIdentifier DynamicCardVerificationCode   E4     TDES_2KEY     X N
  GenerateCardValidationData KeyIdentifier DynamicCardVerificationValue  E6     TDES_2KEY     X N
  VerifyCardValidationData KeyIdentifier   AmexCardSecurityCodeVersion1  C0     TDES          GV V N
  VerifyCardValidationData KeyIdentifier   AmexCardSecurityCodeVersion2  C0     TDES          GV V N
  VerifyCardValidationData KeyIdentifier   CardVerificationValue1        C0     TDES_2KEY     GV V N
  VerifyCardValidationData KeyIdentifier   CardVerificationValue2        C0     TDES_2KEY     GV V N
  VerifyCardValidationData KeyIdentifier   CardHolderVerificationValue   E6     TDES_2KEY     X N
  VerifyCardValidationData KeyIdentifier   DynamicCardVerificationCode   E4     TDES_2KEY     X N
  VerifyCardValidationData KeyIdentifier   DynamicCardVerificationValue  E6     TDES_2KEY     X N
  VerifyCardValidationData KeyIdentifier   DiscoverDynamicCardVerificationCode E4 TDES_2KEY   X N

  GeneratePinData GenerationKeyIdentifier  Visa                          V2     TDES          GV G N
  GeneratePinData GenerationKeyIdentifier  Ibm3624                       V1     TDES          GV G N
  GeneratePinData EncryptionKeyIdentifier  ISO_FORMAT_0                  P0     TDES          EDWU EW N
  GeneratePinData EncryptionKeyIdentifier  ISO_FORMAT_1                  P0     TDES          EDWU EW N
  GeneratePinData EncryptionKeyIdentifier  ISO_FORMAT_3                  P0     TDES          EDWU EW N
  GeneratePinData EncryptionKeyIdentifier  ISO_FORMAT_4                  P0     AES           EDWU EW N
  GeneratePinData EncryptionKeyIdentifier+EncryptedPinBlock ISO_FORMAT_0 P0     TDES          EDWU N
  GeneratePinData EncryptionKeyIdentifier+EncryptedPinBlock ISO_FORMAT_1 P0     TDES          EDWU N
  GeneratePinData EncryptionKeyIdentifier+EncryptedPinBlock ISO_FORMAT_3 P0     TDES          EDWU N
  GeneratePinData EncryptionKeyIdentifier+EncryptedPinBlock ISO_FORMAT_4 P0     AES           EDWU N
  VerifyPinData VerificationKeyIdentifier  Visa                          V2     TDES          GV V N
  VerifyPinData VerificationKeyIdentifier  Ibm3624                       V1     TDES          GV V N
  VerifyPinData EncryptionKeyIdentifier    ISO_FORMAT_0                  P0     TDES          EDWU DU N
  VerifyPinData EncryptionKeyIdentifier    ISO_FORMAT_1                  P0     TDES          EDWU DU N
  VerifyPinData EncryptionKeyIdentifier    ISO_FORMAT_3                  P0     TDES          EDWU DU N
  VerifyPinData EncryptionKeyIdentifier    ISO_FORMAT_4                  P0     AES           EDWU DU N
  VerifyPinData EncryptionKeyIdentifier    Dukpt                         B0     TDES_2KEY AES X N
  TranslatePinData IncomingKeyIdentifier   ISO_FORMAT_0                  P0     TDES          EDWU DU N
  TranslatePinData IncomingKeyIdentifier   ISO_FORMAT_1                  P0     TDES          EDWU DU N
  TranslatePinData IncomingKeyIdentifier   ISO_FORMAT_3                  P0     TDES          EDWU DU N
  TranslatePinData IncomingKeyIdentifier   ISO_FORMAT_4                  P0     AES           EDWU DU N
  TranslatePinData IncomingKeyIdentifier   AS2805_FORMAT_0               P0     TDES          EDWU DU N
  TranslatePinData IncomingKeyIdentifier   Dukpt                         B0     TDES_2KEY AES X N
  TranslatePinData OutgoingKeyIdentifier   ISO_FORMAT_0                  P0     TDES          EDWU EW N
  TranslatePinData OutgoingKeyIdentifier   ISO_FORMAT_1                  P0     TDES          EDWU EW N
  TranslatePinData OutgoingKeyIdentifier   ISO_FORMAT_3                  P0     TDES          EDWU EW N
  TranslatePinData OutgoingKeyIdentifier   ISO_FORMAT_4                  P0     AES           EDWU EW N
  TranslatePinData OutgoingKeyIdentifier   AS2805_FORMAT_0               P0     TDES          EDWU EW N
  TranslatePinData OutgoingKeyIdentifier   Dukpt                         B0     TDES_2KEY AES X N

  GenerateAuthRequestCryptogram KeyIdentifier Emv                        E0     TDES_2KEY     X N
  VerifyAuthRequestCryptogram KeyIdentifier Emv                          E0     TDES_2KEY     X N
  GenerateMacEmvPinChange NewPinPekIdentifier ISO_FORMAT_0               P0     TDES          EDWU DU N
  GenerateMacEmvPinChange NewPinPekIdentifier ISO_FORMAT_1               P0     TDES          EDWU DU N
  GenerateMacEmvPinChange NewPinPekIdentifier ISO_FORMAT_3               P0     TDES          EDWU DU N
  GenerateMacEmvPinChange CurrentPinPekIdentifier ISO_FORMAT_0           P0     TDES          EDWU DU N
  GenerateMacEmvPinChange CurrentPinPekIdentifier ISO_FORMAT_1           P0     TDES          EDWU DU N
  GenerateMacEmvPinChange CurrentPinPekIdentifier ISO_FORMAT_3           P0     TDES          EDWU DU N
  GenerateMacEmvPinChange SecureMessagingIntegrityKeyIdentifier Emv      E2     TDES_2KEY     X N
  GenerateMacEmvPinChange SecureMessagingConfidentialityKeyIdentifier Emv E1    TDES_2KEY     X N
  GenerateMacEmvPinChange AuthorizationRequestKeyIdentifier Emv          E0     TDES_2KEY     X N
  GenerateAs2805KekValidation KeyIdentifier KekValidationRequest         K0     TDES          EDWU EW N
  GenerateAs2805KekValidation KeyIdentifier KekValidationResponse        K0     TDES          EDWU DU N
`;

/** Arguments whose working key may be part of the request, and the algorithms of the keys that may wrap it. */
const DYNAMIC_KEYS = [
  'EncryptData KeyIdentifier',
  'DecryptData KeyIdentifier',
  'ReEncryptData IncomingKeyIdentifier',
  'ReEncryptData OutgoingKeyIdentifier',
  'GeneratePinData EncryptionKeyIdentifier',
  'GeneratePinData EncryptionKeyIdentifier+EncryptedPinBlock',
  'VerifyPinData EncryptionKeyIdentifier',
  'TranslatePinData IncomingKeyIdentifier',
  'TranslatePinData OutgoingKeyIdentifier',
]
  .map(
    (argument) => `
  ${argument}                              Tr31KeyBlock                  K0 K1  TDES AES      EDWU DU N
  ${argument}                              DiffieHellmanSymmetricKey     K3     ECC           X`,
  )
  .join('');

/** The key that verifies the other party's certificates. No S0 key has the modes GV, which would be acceptable. */
const CERTIFICATE_AUTHORITIES = [
  'EncryptData CertificateAuthorityPublicKeyIdentifier DiffieHellmanSymmetricKey',
  'DecryptData CertificateAuthorityPublicKeyIdentifier DiffieHellmanSymmetricKey',
  'ReEncryptData CertificateAuthorityPublicKeyIdentifier DiffieHellmanSymmetricKey',
  'TranslateKeyMaterial CertificateAuthorityPublicKeyIdentifier DiffieHellmanTr31KeyBlock',
  'GeneratePinData CertificateAuthorityPublicKeyIdentifier DiffieHellmanSymmetricKey',
  'VerifyPinData CertificateAuthorityPublicKeyIdentifier DiffieHellmanSymmetricKey',
  'TranslatePinData CertificateAuthorityPublicKeyIdentifier DiffieHellmanSymmetricKey',
]
  .map((argument) => `\n  ${argument} S0 RSA ECC GV V`)
  .join('');

const ALGORITHMS: Record<string, readonly KeyAlgorithm[]> = {
  TDES: ['TDES_2KEY', 'TDES_3KEY'],
  AES: ['AES_128', 'AES_192', 'AES_256'],
  HMAC: ['HMAC_SHA224', 'HMAC_SHA256', 'HMAC_SHA384', 'HMAC_SHA512'],
  RSA: ['RSA_2048', 'RSA_3072', 'RSA_4096'],
  ECC: ['ECC_NIST_P256', 'ECC_NIST_P384', 'ECC_NIST_P521'],
};

/** Every set of modes that a key can have, by its initials. */
export const MODE_SETS: Readonly<Record<string, readonly KeyMode[]>> = {
  EDWU: ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap'],
  EW: ['Encrypt', 'Wrap'],
  DU: ['Decrypt', 'Unwrap'],
  GV: ['Generate', 'Verify'],
  G: ['Generate'],
  V: ['Verify'],
  S: ['Sign'],
  X: ['DeriveKey'],
  N: ['NoRestrictions'],
};

export interface ValidKeys {
  operation: string;
  argument: string;
  variant: string;
  usages: readonly KeyUsage[];
  algorithms: readonly KeyAlgorithm[];
  /** Elements of MODE_SETS. */
  modeSets: readonly string[];
}

/** The rows of the table. */
export const VALID_KEY_ROWS: readonly ValidKeys[] = (VALID_KEYS + DYNAMIC_KEYS + CERTIFICATE_AUTHORITIES)
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => {
    const [operation = '', argument = '', variant = '', ...words] = line.trim().split(/\s+/);
    const usages = words.flatMap((word) => KEY_USAGES.filter((usage) => usage.startsWith(`TR31_${word}_`)));
    const rest = words.slice(usages.length);
    const modeSets = rest.filter((word) => word in MODE_SETS);
    const algorithms = rest
      .slice(0, rest.length - modeSets.length)
      .flatMap((word) => ALGORITHMS[word] ?? [word as KeyAlgorithm]);
    return { operation, argument: argument.replace('+', 'With'), variant, usages, algorithms, modeSets };
  });

/** Returns the first attribute for which a row refuses a key, in AWS's order; undefined if it accepts the key. */
export function refusedBy(
  row: ValidKeys,
  key: { usage: KeyUsage; algorithm: KeyAlgorithm; modeSet: string },
): 'KeyUsage' | 'KeyAlgorithm' | 'KeyModesOfUse' | undefined {
  if (!row.usages.includes(key.usage)) return 'KeyUsage';
  if (!row.algorithms.includes(key.algorithm)) return 'KeyAlgorithm';
  return row.modeSets.includes(key.modeSet) ? undefined : 'KeyModesOfUse';
}
