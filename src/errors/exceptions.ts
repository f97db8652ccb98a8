/** What the service answers instead of a result: a shape of the service model, or one of AWS's front ends. */
export abstract class ServiceException extends Error {
  /** Status on the data plane (REST-JSON). On the control plane (AWS JSON 1.0) every client fault is 400. */
  abstract readonly status: number;
  /** The shape's name, which callers go by: written out, since a bundler may call the class something else. */
  abstract override readonly name: string;

  /** @param members the shape's members besides the message; they reach the caller as they are */
  constructor(
    message: string,
    readonly members: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

/** A member of the input that fails a constraint of the model, as the data plane's ValidationException lists it. */
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
  /** @param resourceId the identifier as the caller gave it */
  constructor(resourceId: string) {
    super('The resource was not found.', { ResourceId: resourceId });
  }
}

export type VerificationFailedReason =
  'INVALID_MAC' | 'INVALID_PIN' | 'INVALID_VALIDATION_DATA' | 'INVALID_AUTH_REQUEST_CRYPTOGRAM';

export class VerificationFailedException extends ServiceException {
  override readonly name = 'VerificationFailedException';
  readonly status = 400;
  constructor(message: string, reason: VerificationFailedReason) {
    super(message, { Reason: reason });
  }
}

export class AccessDeniedException extends ServiceException {
  override readonly name = 'AccessDeniedException';
  readonly status = 403;
}

/** What is asked doesn't go with what is there, e.g. a name that is taken. */
export class ConflictException extends ServiceException {
  override readonly name = 'ConflictException';
  readonly status = 409;
}

/** More of something than the account may have. */
export class ServiceQuotaExceededException extends ServiceException {
  override readonly name = 'ServiceQuotaExceededException';
  readonly status = 402;
}

/** More requests than the account may make; SDKs wait and try again. */
export class ThrottlingException extends ServiceException {
  override readonly name = 'ThrottlingException';
  readonly status = 429;
  constructor() {
    super('Rate exceeded');
  }
}

/** The policy would let anyone in. */
export class PublicPolicyException extends ServiceException {
  override readonly name = 'PublicPolicyException';
  readonly status = 400;
}

export class InternalServerException extends ServiceException {
  override readonly name = 'InternalServerException';
  readonly status = 500;
  constructor() {
    super('The request could not be processed because of an internal error. Try again.');
  }
}

export class ServiceUnavailableException extends ServiceException {
  override readonly name = 'ServiceUnavailableException';
  readonly status = 503;
}

/** The request isn't JSON, or a member has another JSON type than the model's. */
export class SerializationException extends ServiceException {
  override readonly name = 'SerializationException';
  readonly status = 400;
}

/** No operation has this target or path (404), or it has another method (405). */
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

/** The Authorization header, or a header it needs, lacks a part. */
export class IncompleteSignatureException extends ServiceException {
  override readonly name = 'IncompleteSignatureException';
  readonly status = 403;
}

/** Nobody has this access key. */
export class UnrecognizedClientException extends ServiceException {
  override readonly name = 'UnrecognizedClientException';
  readonly status = 403;
  constructor() {
    super('The security token included in the request is invalid.');
  }
}

/** The session that the access key is of has ended. */
export class ExpiredTokenException extends ServiceException {
  override readonly name = 'ExpiredTokenException';
  readonly status = 403;
  constructor() {
    super('The security token included in the request is expired');
  }
}

/** The signature, its date or its scope is not right. */
export class InvalidSignatureException extends ServiceException {
  override readonly name = 'InvalidSignatureException';
  readonly status = 403;
}
