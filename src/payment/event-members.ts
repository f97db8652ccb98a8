import { eventMembers } from '../audit/request-parameters.js';

/**
 * Members of the inputs of both planes that an event may show: names of keys, teams and Regions, names of algorithms,
 * attributes, tags and policies. The name of a structure often identifies the algorithm.
 */
export const EVENT_MEMBERS = eventMembers({
  values: `
    Action AliasName As2805KeyVariant DeleteKeyInDays DeriveKeyUsage Enabled Exportable ExportKeyIdentifier KeyArn
    KeyBlockFormat KeyCheckValueAlgorithm KeyClass KeyExportability KeyIdentifier KeyMaterialType KeyState KeyUsage KeyVersion
    MpaTeamArn Policy PrivateKeyIdentifier ReplicationRegions ResourceArn ReuseLastGeneratedToken SigningAlgorithm
    SigningKeyAlgorithm SigningKeyIdentifier TagKeys WrappingKeyAlgorithm WrappingKeyIdentifier WrappingSpec
    Decrypt DeriveKey Encrypt Generate NoRestrictions Sign Unwrap Verify Wrap
    Key Value

    AuthorizationRequestKeyIdentifier CertificateAuthorityPublicKeyIdentifier CurrentPinPekIdentifier
    EncryptionKeyIdentifier GenerationKeyIdentifier IncomingKeyIdentifier NewPinPekIdentifier OutgoingKeyIdentifier
    SecureMessagingConfidentialityKeyIdentifier SecureMessagingIntegrityKeyIdentifier VerificationKeyIdentifier
    Algorithm DeriveKeyAlgorithm DukptDerivationType DukptKeyDerivationType DukptKeyVariant KeyAlgorithm
    KeyDerivationFunction KeyDerivationHashAlgorithm MajorKeyDerivationMode Mode PaddingType PinBlockFormat
    PinBlockLengthPosition PinBlockPaddingType RandomKeyMaxLength RandomKeySendVariantMask SessionKeyDerivationMode
  `,
  structures: `
    As2805KeyCryptogram CertificateSubject DerivationData DiffieHellmanTr31KeyBlock ExportAttributes ExportDukptInitialKey
    KeyAttributes KeyBlockHeaders KeyCryptogram KeyMaterial KeyModesOfUse RootCertificatePublicKey Tags Tr31KeyBlock
    Tr34KeyBlock TrustedCertificatePublicKey

    Amex AmexCardSecurityCodeVersion1 AmexCardSecurityCodeVersion2 ArpcMethod1 ArpcMethod2 As2805Format0 Asymmetric
    AuthResponseAttributes CardHolderVerificationValue CardVerificationValue1 CardVerificationValue2 CurrentPinAttributes
    DecryptionAttributes DerivationMethodAttributes DiffieHellmanSymmetricKey DiscoverDynamicCardVerificationCode Dukpt
    DukptAttributes DukptCmac DukptIso9797Algorithm1 DukptIso9797Algorithm3 DynamicCardVerificationCode
    DynamicCardVerificationValue Emv Emv2000 EmvCommon EmvMac EncryptionAttributes EncryptionWrappedKey
    GenerationAttributes Ibm3624NaturalPin Ibm3624Pin Ibm3624PinFromOffset Ibm3624PinOffset Ibm3624RandomPin
    IncomingAs2805Attributes IncomingDukptAttributes IncomingEncryptionAttributes IncomingKeyMaterial
    IncomingTranslationAttributes IncomingWrappedKey IsoFormat0 IsoFormat1 IsoFormat3 IsoFormat4 KekValidationRequest
    KekValidationResponse KekValidationType Mastercard OutgoingDukptAttributes OutgoingEncryptionAttributes
    OutgoingKeyMaterial OutgoingTranslationAttributes OutgoingWrappedKey SessionKeyDerivationAttributes
    SessionKeyDerivationValue Symmetric UnionPay VerificationAttributes Visa VisaPin VisaPinVerificationValue WrappedKey
    WrappedKeyMaterial
  `,
});
