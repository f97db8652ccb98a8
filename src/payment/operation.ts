import { awsCommand, type Operation, type OperationDocument, served } from '../http/operation.js';
import { CONTROL_PLANE, DATA_PLANE } from './api.js';

/**
 * The resource of an operation, as in the service authorization reference. For `key`, KeyRepository evaluates policies
 * when it finds the key, with its tags and aliases. `alias` is the alias itself; its key is authorized, too. `team` is
 * the team of an association, `nothing` is `*`.
 */
export type Resource = 'key' | 'alias' | 'team' | 'nothing';

const CONTROL_PLANE_ERRORS = {
  400: 'ValidationException, SerializationException, ResourceNotFoundException, ConflictException, ServiceQuotaExceededException, ThrottlingException, AccessDeniedException, or a signature error',
  500: 'InternalServerException',
  503: 'ServiceUnavailableException',
};

const DATA_PLANE_ERRORS = {
  400: 'ValidationException, SerializationException',
  403: 'AccessDeniedException, or a signature error',
  404: 'ResourceNotFoundException',
  429: 'ThrottlingException',
  500: 'InternalServerException',
};

/** A control-plane operation. */
export function ControlPlaneOperation(operation: Operation<Resource>): MethodDecorator {
  const command = awsCommand('payment-cryptography', operation);
  return served(operation.name, { ...operation, api: CONTROL_PLANE, command, errors: CONTROL_PLANE_ERRORS });
}

/** A data-plane operation. @param path of the model, without the leading slash */
export function DataPlaneOperation(
  path: string,
  operation: Operation<Resource> & { verifies?: boolean },
): MethodDecorator {
  const errors: OperationDocument['errors'] = operation.verifies
    ? { ...DATA_PLANE_ERRORS, 400: `${DATA_PLANE_ERRORS[400]}, VerificationFailedException` }
    : DATA_PLANE_ERRORS;
  const command = awsCommand('payment-cryptography-data', operation);
  return served(path, { ...operation, api: DATA_PLANE, command, errors });
}
