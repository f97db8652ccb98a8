import { ServiceException } from '../errors/exceptions.js';

/** The errors of the XKS proxy API specification, with their HTTP status. */
const STATUS = {
  ValidationException: 400,
  InvalidStateException: 400,
  InvalidCiphertextException: 400,
  InvalidKeyUsageException: 400,
  AuthenticationFailedException: 401,
  KeyNotFoundException: 404,
  InvalidUriPathException: 404,
  ThrottlingException: 429,
  InternalException: 500,
  UnsupportedOperationException: 501,
  DependencyTimeoutException: 503,
} as const;

/** Name of an error, from which AWS KMS derives the exception for its own caller. */
export type XksErrorName = keyof typeof STATUS;

/** An error of the XKS proxy API. */
export class XksException extends ServiceException {
  /** @param status that of the specification unless it is given */
  constructor(
    override readonly name: XksErrorName,
    message: string,
    readonly status: number = STATUS[name],
  ) {
    super(message);
  }
}

/** Errors of the specification by the names of the exceptions that they replace. */
const REPLACED: Readonly<Record<string, XksErrorName>> = {
  MissingAuthenticationTokenException: 'AuthenticationFailedException',
  IncompleteSignatureException: 'AuthenticationFailedException',
  InvalidSignatureException: 'AuthenticationFailedException',
  UnrecognizedClientException: 'AuthenticationFailedException',
  SerializationException: 'ValidationException',
  RequestEntityTooLargeException: 'UnsupportedOperationException',
};

/** Returns the error of the specification for an exception of the front or of AWS KMS. */
export function xksExceptionFor(error: ServiceException): XksException {
  if (error instanceof XksException) return error;
  if (error.status === 405) return new XksException('UnsupportedOperationException', error.message, 405);
  if (error.name === 'UnknownOperationException')
    return new XksException('InvalidUriPathException', 'No call of the XKS proxy API has this path.');
  const name = REPLACED[error.name];
  return name ? new XksException(name, error.message) : internal();
}

export function internal(): XksException {
  return new XksException('InternalException', 'The request failed because of an internal error. Try again.');
}
