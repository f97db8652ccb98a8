import {
  RequestEntityTooLargeException,
  type ServiceException,
  UnknownOperationException,
  ValidationException,
} from '../errors/exceptions.js';

/** AWS JSON answers 400 for every client fault of the model; faults that the front end finds keep their status. */
export function awsJsonStatus(error: ServiceException): number {
  const ownStatus = error instanceof UnknownOperationException || error instanceof RequestEntityTooLargeException;
  return error.status < 500 && !ownStatus ? 400 : error.status;
}

/**
 * Returns the members that every exception has. AWS SDKs read the message under either name.
 *
 * @param type its `__type`
 */
export function exceptionBody(error: ServiceException, type: string = error.name): object {
  return { __type: type, message: error.message, Message: error.message, ...error.members };
}

/** Body of an exception in REST-JSON, where a ValidationException lists the members that it is about. */
export function restJsonBody(error: ServiceException): object {
  const body = exceptionBody(error);
  return error instanceof ValidationException ? { ...body, fieldList: error.fieldList } : body;
}
