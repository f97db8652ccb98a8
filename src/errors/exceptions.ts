/** An exception that reaches the caller: one of the service model, or of AWS's front ends. */
export abstract class ServiceException extends Error {
  /** HTTP status in REST-JSON. AWS JSON answers 400 for client faults of the model. */
  abstract readonly status: number;
  /** Name of the shape, which clients rely on. Written out because a bundler may rename the class. */
  abstract override readonly name: string;

  /** @param members members of the shape besides the message, which are sent unchanged */
  constructor(
    message: string,
    readonly members: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

/** A member of the input that violates a constraint of the model, as ValidationException lists it in REST-JSON. */
export interface ValidationExceptionField {
  /** JSON pointer into the input, e.g. `/EncryptionAttributes/Symmetric/Mode`. */
  path: string;
  message: string;
}

export class ValidationException extends ServiceException {
  override readonly name = 'ValidationException';
  readonly status = 400;
  constructor(
    message: string,
    readonly fieldList: readonly ValidationExceptionField[] = [],
  ) {
    super(message);
  }
}

export class ResourceNotFoundException extends ServiceException {
  override readonly name = 'ResourceNotFoundException';
  readonly status = 404;
  /** @param resourceId the identifier as the caller sent it */
  constructor(resourceId: string) {
    super('The resource was not found.', { ResourceId: resourceId });
  }
}

export type VerificationFailedReason =
  'INVALID_MAC' | 'INVALID_PIN' | 'INVALID_VALIDATION_DATA' | 'INVALID_AUTH_REQUEST_CRYPTOGRAM';

export class VerificationFailedException extends ServiceException {
  override readonly name = 'VerificationFailedException';
  readonly status = 400;
  constructor(
    message: string,
    readonly reason: VerificationFailedReason,
  ) {
    super(message, { Reason: reason });
  }
}

export class AccessDeniedException extends ServiceException {
  override readonly name = 'AccessDeniedException';
  readonly status = 403;
}

/** The call needs approvals that it doesn't have yet: the message and a header of the response name the sessions. */
export class ApprovalRequiredException extends AccessDeniedException {
  /** @param sessionArns sessions for the approvals */
  constructor(
    message: string,
    readonly sessionArns: readonly string[],
  ) {
    super(message);
  }
}

/** The request conflicts with the state of a resource, e.g. a name that is taken. */
export class ConflictException extends ServiceException {
  override readonly name = 'ConflictException';
  readonly status = 409;
}

/** The account has the maximum number of resources of this kind. */
export class ServiceQuotaExceededException extends ServiceException {
  override readonly name = 'ServiceQuotaExceededException';
  readonly status = 402;
}

/** The account's request rate, or another limit per period of time, is exceeded; SDKs retry with a delay. */
export class ThrottlingException extends ServiceException {
  override readonly name = 'ThrottlingException';
  readonly status = 429;
  constructor(message = 'Rate exceeded') {
    super(message);
  }
}

/** The policy would grant public access. */
export class PublicPolicyException extends ServiceException {
  override readonly name = 'PublicPolicyException';
  readonly status = 400;
}

export class InternalServerException extends ServiceException {
  override readonly name = 'InternalServerException';

  /** @param status 503 if the service can't be used at the moment and the API has no exception that says so */
  constructor(
    message = 'The request could not be processed because of an internal error. Try again.',
    readonly status: 500 | 503 = 500,
  ) {
    super(message);
  }
}

export class ServiceUnavailableException extends ServiceException {
  override readonly name = 'ServiceUnavailableException';
  readonly status = 503;
}

/** The request isn't JSON, or a member has the wrong JSON type. */
export class SerializationException extends ServiceException {
  override readonly name = 'SerializationException';
  readonly status = 400;
}

/** No operation has this target or path (404), or not with this method (405). */
export class UnknownOperationException extends ServiceException {
  override readonly name = 'UnknownOperationException';
  constructor(
    message: string,
    readonly status: 404 | 405 = 404,
  ) {
    super(message);
  }
}

export class RequestEntityTooLargeException extends ServiceException {
  override readonly name = 'RequestEntityTooLargeException';
  readonly status = 413;
}

/** The request isn't signed. */
export class MissingAuthenticationTokenException extends ServiceException {
  override readonly name = 'MissingAuthenticationTokenException';
  readonly status = 403;
  constructor() {
    super('Missing Authentication Token');
  }
}

/** The Authorization header is malformed or incomplete, or a header that it needs is missing. */
export class IncompleteSignatureException extends ServiceException {
  override readonly name = 'IncompleteSignatureException';
  readonly status = 403;
}

/** The access key doesn't exist or isn't active, or its session token is wrong. */
export class UnrecognizedClientException extends ServiceException {
  override readonly name = 'UnrecognizedClientException';
  readonly status = 403;
  constructor() {
    super('The security token included in the request is invalid.');
  }
}

/** The session of the temporary access key has expired. */
export class ExpiredTokenException extends ServiceException {
  override readonly name = 'ExpiredTokenException';
  readonly status = 403;
  constructor() {
    super('The security token included in the request is expired');
  }
}

/** The signature is wrong, or its date or scope isn't accepted. */
export class InvalidSignatureException extends ServiceException {
  override readonly name = 'InvalidSignatureException';
  readonly status = 403;
}
