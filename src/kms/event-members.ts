import { eventMembers } from '../audit/request-parameters.js';

/** Members of KMS inputs that an event may show, as CloudTrail does: never a plaintext, a message or a ciphertext. */
export const EVENT_MEMBERS = eventMembers({
  values: `
    AliasName BypassPolicyLockoutSafetyCheck CustomKeyStoreId CustomKeyStoreName CustomerMasterKeySpec Description
    DestinationEncryptionAlgorithm DestinationEncryptionContext DestinationKeyId DryRun DryRunModifiers
    EncapsulationAlgorithm EncryptionAlgorithm EncryptionContext ExpirationModel GrantId GranteePrincipal
    GranteeServicePrincipal ImportType IncludeKeyMaterial KeyAgreementAlgorithm KeyEncryptionAlgorithm KeyId
    KeyMaterialDescription KeyMaterialId KeyPairSpec KeySpec KeyUsage Limit MacAlgorithm Marker MessageType MultiRegion
    Name NumberOfBytes Operations Origin PendingWindowInDays Policy PolicyName PrimaryRegion ReplicaRegion
    RetiringPrincipal RetiringServicePrincipal RotationPeriodInDays SigningAlgorithm SourceEncryptionAlgorithm
    SourceEncryptionContext SourceKeyId TagKey TagKeys TagValue TargetKeyId ValidTo WrappingAlgorithm WrappingKeySpec
    XksKeyId EncryptionContextEquals EncryptionContextSubset SourceArn
  `,
  structures: 'Constraints Recipient Tags',
});
