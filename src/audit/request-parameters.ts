/**
 * Members of inputs whose value may be read by whoever reads the audit log: names of keys, teams and Regions, names of
 * algorithms, attributes, tags and policies. What isn't here is in no event: a member that the model gains is left out
 * until somebody says that it is harmless.
 */
const VALUES = named(`
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
`);

/** Members that are structures: the name alone often says which algorithm is meant, and what is in them is looked at. */
const STRUCTURES = named(`
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
`);

/** @returns CloudTrail's name of each member, which begins in lower case */
function named(list: string): ReadonlyMap<string, string> {
  return new Map(list.split(/\s+/).filter(Boolean).map((name) => [name, name.charAt(0).toLowerCase() + name.slice(1)])); // prettier-ignore
}

/**
 * What an event may say of an operation's input.
 *
 * @param input as its schema has read it
 */
export function requestParameters(input: object): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(input)) {
    const isStructure = typeof value === 'object' && value !== null && !isListOfValues(value as object);
    const shownName = (isStructure ? STRUCTURES : VALUES).get(name);
    if (shownName !== undefined && value !== undefined)
      shown[shownName] = isStructure ? structure(value as object) : value;
  }
  return shown;
}

function structure(value: object): unknown {
  return Array.isArray(value) ? value.map((member: object) => requestParameters(member)) : requestParameters(value);
}

function isListOfValues(value: object): boolean {
  return Array.isArray(value) && value.every((member) => typeof member !== 'object');
}
