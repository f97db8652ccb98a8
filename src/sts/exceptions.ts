import { ServiceException } from '../errors/exceptions.js';

/** The common errors of AWS's query APIs that STS answers, with their HTTP status. */
const STATUS = {
  AccessDenied: 403,
  ExpiredToken: 403,
  IncompleteSignature: 400,
  InternalFailure: 500,
  InvalidAction: 400,
  InvalidClientTokenId: 403,
  MalformedQueryString: 400,
  MissingAuthenticationToken: 403,
  RequestEntityTooLarge: 413,
  ServiceUnavailable: 503,
  SignatureDoesNotMatch: 403,
  Throttling: 400,
  ValidationError: 400,
} as const;
type Name = keyof typeof STATUS;

/** An error of STS. Its name is the `Code` of the response. */
export class StsException extends ServiceException {
  readonly status: number;

  constructor(
    override readonly name: Name,
    message: string,
  ) {
    super(message);
    this.status = STATUS[name];
  }
}

/** Errors of STS by the names of the exceptions that they replace. */
const IN_PLACE_OF: Readonly<Record<string, Name>> = {
  AccessDeniedException: 'AccessDenied',
  ExpiredTokenException: 'ExpiredToken',
  IncompleteSignatureException: 'IncompleteSignature',
  InvalidSignatureException: 'SignatureDoesNotMatch',
  MissingAuthenticationTokenException: 'MissingAuthenticationToken',
  RequestEntityTooLargeException: 'RequestEntityTooLarge',
  SerializationException: 'MalformedQueryString',
  ServiceUnavailableException: 'ServiceUnavailable',
  UnknownOperationException: 'InvalidAction',
  UnrecognizedClientException: 'InvalidClientTokenId',
  ValidationException: 'ValidationError',
};

/** Returns the error of STS for an exception of the front or of a lower layer. */
export function stsException(error: ServiceException): ServiceException {
  const name = IN_PLACE_OF[error.name];
  return name ? new StsException(name, error.message) : error;
}
