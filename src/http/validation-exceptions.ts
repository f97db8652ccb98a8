import {
  InternalServerException,
  PublicPolicyException,
  SerializationException,
  type ServiceException,
  ServiceUnavailableException,
  ThrottlingException,
  ValidationException,
} from '../errors/exceptions.js';
import { PolicyError } from '../policy/policy-error.js';
import type { ApiExceptions, Constraint, Violation } from './api.js';

/**
 * The exceptions of Payment Cryptography's models, which the admin API shares: ValidationException for nearly
 * everything that is wrong with a request. No message repeats a value of the input.
 */
export const VALIDATION_EXCEPTIONS: ApiExceptions = {
  invalidInput,
  throttled: () => new ThrottlingException(),
  unavailable: () => new ServiceUnavailableException('The service is unavailable. Try again.'),
  internal: () => new InternalServerException(),
  invalidPageToken: () =>
    new ValidationException('NextToken is invalid: send the one from the previous page, with the same filters.'),
  refusedBy: (error) =>
    error instanceof PolicyError && error.code === 'PUBLIC'
      ? new PublicPolicyException(error.message)
      : new ValidationException(error.message),
};

function invalidInput(violations: readonly Violation[], count: number): ServiceException {
  const otherType = violations.find(({ constraint }) => constraint.kind === 'type');
  if (otherType)
    return new SerializationException(
      `${pointer(otherType.path) || 'The request body'} ${messageOf(otherType.constraint)}.`,
    );

  const fieldList = violations.map(({ path, constraint }) => ({ path: pointer(path), message: messageOf(constraint) }));
  const list = fieldList.map(({ path, message }) => `${path} ${message}`.trim()).join('; ');
  const more = count > fieldList.length ? `; and ${count - fieldList.length} more` : '';
  return new ValidationException(
    `${count} validation error${count === 1 ? '' : 's'} detected: ${list}${more}.`,
    fieldList,
  );
}

/** JSON Pointer (RFC 6901). */
function pointer(path: Violation['path']): string {
  return path.map((segment) => `/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

const UNITS = { value: '', characters: ' characters long', members: ' members long' };

function messageOf(constraint: Constraint): string {
  switch (constraint.kind) {
    case 'required':
      return 'is required';
    case 'type':
      return `must be of type ${constraint.expected}`;
    case 'enum':
      return `must be one of ${constraint.values.join(', ')}`;
    case 'minimum':
      return `must be at least ${constraint.bound}${UNITS[constraint.of]}`;
    case 'maximum':
      return `must be at most ${constraint.bound}${UNITS[constraint.of]}`;
    case 'pattern':
    case 'other':
      return constraint.message;
  }
}
