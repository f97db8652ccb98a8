import { ServiceException } from '../errors/exceptions.js';

/** A fault as CipherTrust Manager's error envelope states it. Clients look for the words of `codeDesc`. */
interface Fault {
  status: number;
  code: number;
  codeDesc: string;
}

/** The faults that CCKM answers by itself. */
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

/** A fault that CCKM finds by itself. */
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

/** Exceptions of KMS and of the service itself, as faults. Every other one is an internal error. */
const OTHERS: Readonly<Record<string, FaultName>> = {
  NotFoundException: 'NCERRResourceNotFound',
  ResourceNotFoundException: 'NCERRResourceNotFound',
  UnknownOperationException: 'NCERRResourceNotFound',
  ValidationException: 'NCERRInvalidParamValue',
  TagException: 'NCERRInvalidParamValue',
  InvalidArnException: 'NCERRInvalidParamValue',
  MalformedPolicyDocumentException: 'NCERRInvalidParamValue',
  InvalidAliasNameException: 'NCERRInvalidParamValue',
  InvalidKeyUsageException: 'NCERRInvalidParamValue',
  SerializationException: 'NCERRBadRequest',
  RequestEntityTooLargeException: 'NCERRBadRequest',
  UnsupportedOperationException: 'NCERRBadRequest',
  LimitExceededException: 'NCERRBadRequest',
  ThrottlingException: 'NCERRBadRequest',
  AlreadyExistsException: 'NCERRConflict',
  ConflictException: 'NCERRConflict',
  DisabledException: 'NCERRConflict',
  KMSInvalidStateException: 'NCERRConflict',
  AccessDeniedException: 'NCERRForbidden',
  NotAuthorizedException: 'NCERRForbidden',
};

/** Statuses that differ from that of the fault. */
const STATUSES: Readonly<Record<string, number>> = { LimitExceededException: 429, ThrottlingException: 429 };

/** Faults that the front finds, whose own status says more than that of the fault. */
const OWN_STATUS = new Set([
  'RequestEntityTooLargeException',
  'UnknownOperationException',
  'ServiceUnavailableException',
]);

export function statusOf(error: ServiceException): number {
  if (OWN_STATUS.has(error.name)) return error.status;
  return STATUSES[error.name] ?? faultOf(error).status;
}

/** Returns the error envelope. The message names the exception of KMS that it is from. */
export function envelopeOf(error: ServiceException, requestID: string): object {
  const { code, codeDesc } = faultOf(error);
  const message = error instanceof CckmException ? error.message : `${error.name}: ${error.message}`;
  return { code, codeDesc, message, requestID };
}

function faultOf({ name }: ServiceException): Fault {
  if (Object.hasOwn(FAULTS, name)) return FAULTS[name as FaultName];
  return FAULTS[OTHERS[name] ?? 'NCERRInternalServerError'];
}

/** Returns the fault for an id or a name that nothing has. @param what the kind of resource */
export function notFound(what: string): CckmException {
  return new CckmException('NCERRResourceNotFound', `${what} not found`);
}

/** Returns the fault for a request that Keyblock doesn't serve. @param instead what the caller can do, as a sentence */
export function notServed(instead: string): CckmException {
  return new CckmException('NCERRBadRequest', `Keyblock doesn't serve this request. ${instead}`);
}
