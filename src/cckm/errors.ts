import { AccessDeniedException, ServiceException } from '../errors/exceptions.js';

/** A fault as CipherTrust Manager's error envelope states it. Clients parse `codeDesc`. */
interface Fault {
  status: number;
  code: number;
  codeDesc: string;
}

/** Faults with the numbers and descriptions of CipherTrust Manager. */
const FAULTS = {
  NCERRInvalidParamValue: { status: 400, code: 9, codeDesc: 'NCERRInvalidParamValue' },
  NCERRBadRequest: { status: 400, code: 15, codeDesc: 'NCERRBadRequest: Bad HTTP request' },
  NCERRUnauthorizedAccess: { status: 401, code: 5, codeDesc: 'NCERRUnauthorizedAccess' },
  NCERRForbidden: { status: 403, code: 4, codeDesc: 'NCERRForbidden' },
  NCERRResourceNotFound: { status: 404, code: 16, codeDesc: 'NCERRResourceNotFound: Resource not found' },
  NCERRConflict: { status: 409, code: 17, codeDesc: 'NCERRConflict' },
  NCERRKeyAlreadyExists: { status: 409, code: 18, codeDesc: 'NCERRKeyAlreadyExists' },
  NCERRInternalServerError: { status: 500, code: 14, codeDesc: 'NCERRInternalServerError: unexpected error' },
} as const satisfies Record<string, Fault>;

type FaultName = keyof typeof FAULTS;

/** A refusal by CCKM itself, before or without a call to KMS. */
export class CckmException extends ServiceException {
  readonly status: number;

  constructor(
    override readonly name: FaultName,
    message: string,
  ) {
    super(message);
    this.status = FAULTS[name].status;
  }
}

/** Faults for the exceptions of KMS and of the front. Any other exception is an internal error. */
const OTHERS: Readonly<Record<string, FaultName>> = {
  NotFoundException: 'NCERRResourceNotFound',
  CustomKeyStoreNotFoundException: 'NCERRResourceNotFound',
  ResourceNotFoundException: 'NCERRResourceNotFound',
  UnknownOperationException: 'NCERRResourceNotFound',
  ValidationException: 'NCERRInvalidParamValue',
  TagException: 'NCERRInvalidParamValue',
  InvalidArnException: 'NCERRInvalidParamValue',
  MalformedPolicyDocumentException: 'NCERRInvalidParamValue',
  InvalidAliasNameException: 'NCERRInvalidParamValue',
  InvalidKeyUsageException: 'NCERRInvalidParamValue',
  CloudHsmClusterNotFoundException: 'NCERRInvalidParamValue',
  CloudHsmClusterNotRelatedException: 'NCERRInvalidParamValue',
  IncorrectTrustAnchorException: 'NCERRInvalidParamValue',
  XksProxyIncorrectAuthenticationCredentialException: 'NCERRInvalidParamValue',
  XksProxyInvalidConfigurationException: 'NCERRInvalidParamValue',
  XksProxyInvalidResponseException: 'NCERRInvalidParamValue',
  XksProxyUriUnreachableException: 'NCERRInvalidParamValue',
  SerializationException: 'NCERRBadRequest',
  RequestEntityTooLargeException: 'NCERRBadRequest',
  UnsupportedOperationException: 'NCERRBadRequest',
  LimitExceededException: 'NCERRBadRequest',
  ThrottlingException: 'NCERRBadRequest',
  AlreadyExistsException: 'NCERRConflict',
  ConflictException: 'NCERRConflict',
  CloudHsmClusterInUseException: 'NCERRConflict',
  CloudHsmClusterInvalidConfigurationException: 'NCERRConflict',
  CloudHsmClusterNotActiveException: 'NCERRConflict',
  CustomKeyStoreHasCMKsException: 'NCERRConflict',
  CustomKeyStoreInvalidStateException: 'NCERRConflict',
  CustomKeyStoreNameInUseException: 'NCERRConflict',
  XksProxyUriInUseException: 'NCERRConflict',
  DisabledException: 'NCERRConflict',
  KMSInvalidStateException: 'NCERRConflict',
  AccessDeniedException: 'NCERRForbidden',
  NotAuthorizedException: 'NCERRForbidden',
};

/** Statuses that replace the status of the fault. */
const STATUSES: Readonly<Record<string, number>> = { LimitExceededException: 429, ThrottlingException: 429 };

/** Exceptions of the front, which keep their own status. */
const OWN_STATUS = new Set([
  'RequestEntityTooLargeException',
  'UnknownOperationException',
  'ServiceUnavailableException',
]);

export function statusOf(error: ServiceException): number {
  if (OWN_STATUS.has(error.name)) return error.status;
  return STATUSES[error.name] ?? faultOf(error).status;
}

/** Returns the error envelope. The message begins with the name of the exception, unless CCKM itself refuses. */
export function envelopeOf(error: ServiceException, requestID: string): object {
  const { code, codeDesc } = faultOf(error);
  const message = error instanceof CckmException ? error.message : `${error.name}: ${error.message}`;
  return { code, codeDesc, message, requestID };
}

function faultOf({ name }: ServiceException): Fault {
  if (Object.hasOwn(FAULTS, name)) return FAULTS[name as FaultName];
  return FAULTS[OTHERS[name] ?? 'NCERRInternalServerError'];
}

/** Returns the fault for an unknown id or name. @param what the kind of resource */
export function notFound(what: string): CckmException {
  return new CckmException('NCERRResourceNotFound', `${what} not found`);
}

/** Returns the fault for a request that Keyblock doesn't serve. @param instead a sentence with the alternative */
export function notServed(instead: string): CckmException {
  return new CckmException('NCERRBadRequest', `Keyblock doesn't serve this request. ${instead}`);
}

/** Returns the result of a call to KMS; undefined if policies or ACLs don't allow it. */
export async function ifAllowed<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    const isForbidden = error instanceof CckmException && error.name === 'NCERRForbidden';
    if (error instanceof AccessDeniedException || isForbidden) return undefined;
    throw error;
  }
}
