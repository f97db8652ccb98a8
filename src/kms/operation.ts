import { awsCommand, type Operation, served } from '../http/operation.js';
import { KMS } from './api.js';

/**
 * The resource of an operation. `key` is one or more keys, for which KmsKeyRepository evaluates key policies, policies and grants when
 * it finds them; `alias` is the alias itself, whose key is authorized, too; `nothing` is `*`.
 */
export type KmsResource = 'key' | 'alias' | 'nothing';

const ERRORS = {
  400: 'An exception of the KMS model, ValidationException, SerializationException, AccessDeniedException, ThrottlingException, or a fault of the signature',
  500: 'KMSInternalException, DependencyTimeoutException',
};

/** An operation of AWS KMS. */
export function KmsOperation(operation: Operation<KmsResource>): MethodDecorator {
  return served(operation.name, { ...operation, api: KMS, command: awsCommand('kms', operation), errors: ERRORS });
}
