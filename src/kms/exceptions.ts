import { ServiceException } from '../errors/exceptions.js';

/** The exceptions of the KMS model. AWS JSON answers 400 for all of them but the three faults of the service. */
type Name =
  | 'AlreadyExistsException'
  | 'CloudHsmClusterInUseException'
  | 'CloudHsmClusterInvalidConfigurationException'
  | 'CloudHsmClusterNotActiveException'
  | 'CloudHsmClusterNotFoundException'
  | 'CloudHsmClusterNotRelatedException'
  | 'ConflictException'
  | 'CustomKeyStoreHasCMKsException'
  | 'CustomKeyStoreInvalidStateException'
  | 'CustomKeyStoreNameInUseException'
  | 'CustomKeyStoreNotFoundException'
  | 'DependencyTimeoutException'
  | 'DisabledException'
  | 'DryRunOperationException'
  | 'ExpiredImportTokenException'
  | 'IncorrectKeyException'
  | 'IncorrectKeyMaterialException'
  | 'IncorrectTrustAnchorException'
  | 'InvalidAliasNameException'
  | 'InvalidArnException'
  | 'InvalidCiphertextException'
  | 'InvalidGrantIdException'
  | 'InvalidGrantTokenException'
  | 'InvalidImportTokenException'
  | 'InvalidKeyUsageException'
  | 'InvalidMarkerException'
  | 'KMSInternalException'
  | 'KMSInvalidMacException'
  | 'KMSInvalidSignatureException'
  | 'KMSInvalidStateException'
  | 'LimitExceededException'
  | 'MalformedPolicyDocumentException'
  | 'NotAuthorizedException'
  | 'NotFoundException'
  | 'TagException'
  | 'UnsupportedOperationException'
  | 'XksKeyAlreadyInUseException'
  | 'XksKeyInvalidConfigurationException'
  | 'XksKeyNotFoundException'
  | 'XksProxyIncorrectAuthenticationCredentialException'
  | 'XksProxyInvalidConfigurationException'
  | 'XksProxyInvalidResponseException'
  | 'XksProxyUriInUseException'
  | 'XksProxyUriUnreachableException'
  | 'XksProxyVpcEndpointServiceNotFoundException';

const FAULTS: readonly Name[] = ['DependencyTimeoutException', 'KMSInternalException'];

/** An exception of the KMS model. AWS sends some exceptions without a message: `message` is empty then. */
export class KmsException extends ServiceException {
  readonly status: number;

  constructor(
    override readonly name: Name,
    message = '',
  ) {
    super(message);
    this.status = FAULTS.includes(name) ? 500 : 400;
  }
}

/** An account or a key has reached a limit on the number of resources. */
export class LimitExceededException extends KmsException {
  constructor(message: string) {
    super('LimitExceededException', message);
  }
}

/** The KMS model's exception for a request that would have succeeded without DryRun. */
export function requireNoDryRun(isDryRun: boolean | undefined): void {
  if (isDryRun)
    throw new KmsException(
      'DryRunOperationException',
      'The request would have succeeded, but the DryRun option is set.',
    );
}
