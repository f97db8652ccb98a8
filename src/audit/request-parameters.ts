/**
 * Members of inputs, and labels of paths, whose value may be read by whoever reads the audit log: names of keys, teams and Regions, names of
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

  AccessKeyId Context DurationSeconds Name Principal Resource SessionName Statement Status Version id kind name policy

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

/** @returns how CloudTrail begins each member, whose name is in lower camel case: `"keyIdentifier":` */
function named(list: string): ReadonlyMap<string, string> {
  const beginning = (name: string) => `"${name.charAt(0).toLowerCase()}${name.slice(1)}":`;
  return new Map(list.trim().split(/\s+/).map((name) => [name, beginning(name)])); // prettier-ignore
}

/**
 * What an event may say of the input of an operation, as a JSON object.
 *
 * @param parts of the input as its schemas have read them: labels of the path, the body
 */
export function requestParameters(...parts: readonly (object | undefined)[]): string {
  let members = '';
  for (const part of parts) if (part) members = withMembers(members, part);
  return `{${members}}`;
}

function withMembers(before: string, structure: object): string {
  let members = before;
  for (const name in structure) {
    const value = (structure as Record<string, unknown>)[name];
    if (value === undefined) continue;
    const isStructure = typeof value === 'object' && STRUCTURES.has(name);
    const beginning = isStructure ? STRUCTURES.get(name) : VALUES.get(name);
    if (beginning === undefined) continue;
    const text = isStructure ? structureText(value as object) : JSON.stringify(value);
    members += `${members === '' ? '' : ','}${beginning}${text}`;
  }
  return members;
}

function structureText(value: object): string {
  if (!Array.isArray(value)) return `{${withMembers('', value)}}`;
  return `[${value.map((member: object) => structureText(member)).join()}]`;
}
