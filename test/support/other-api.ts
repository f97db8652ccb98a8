import { eventMembers } from '../../src/audit/request-parameters.js';
import { InternalServerException, ServiceException } from '../../src/errors/exceptions.js';
import type { Api, Constraint, Violation } from '../../src/http/api.js';
import { awsJsonStatus } from '../../src/http/framing.js';

class Exception extends ServiceException {
  constructor(
    override readonly name: string,
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/** Words some constraints as AWS KMS does. */
function wordingOf(constraint: Constraint): string {
  switch (constraint.kind) {
    case 'required':
      return 'Member must not be null';
    case 'enum':
      return `Member must satisfy enum value set: [${constraint.values.join(', ')}]`;
    case 'minimum':
      return `Member must have length greater than or equal to ${constraint.bound}`;
    case 'pattern':
      return `Member must satisfy regular expression pattern: ${constraint.pattern}`;
    default:
      return constraint.kind;
  }
}

function invalidInput(violations: readonly Violation[]): ServiceException {
  const list = violations.map(({ path, value, constraint }) => {
    const shown = value === undefined ? 'Value null' : `Value '${value as string}'`;
    const [first = '', ...rest] = path.map(String);
    const member = [first.charAt(0).toLowerCase() + first.slice(1), ...rest].join('.');
    return `${shown} at '${member}' failed to satisfy constraint: ${wordingOf(constraint)}`;
  });
  const count = `${list.length} validation error${list.length === 1 ? '' : 's'} detected`;
  return new Exception('ValidationException', `${count}: ${list.join('; ')}`, 400);
}

/** A made-up second AWS JSON API, modelled on AWS KMS, that shares names of operations with Payment Cryptography. */
export const OTHER_API: Api = {
  name: 'kms',
  signingName: 'kms',
  routing: { target: 'TrentService' },
  contentType: 'application/x-amz-json-1.1',
  rateOf: () => 'dataPlane',
  exceptions: {
    invalidInput,
    invalidPageToken: () => new Exception('InvalidMarkerException', 'The marker is invalid.', 400),
    refusedBy: ({ message }) => new Exception('MalformedPolicyDocumentException', message, 400),
    throttled: () => new Exception('ThrottlingException', 'Rate exceeded', 400),
    unavailable: () => new Exception('DependencyTimeoutException', 'Try again.', 503),
    internal: () => new InternalServerException(),
  },
  statusOf: awsJsonStatus,
  bodyOf: ({ name, message }) => ({ __type: name, message }),
  audit: {
    eventSource: 'kms.amazonaws.com',
    keyType: 'AWS::KMS::Key',
    isDataEvent: () => false,
    isReadOnly: (operation) => operation !== 'CreateKey',
    members: eventMembers({ values: 'KeyId', structures: '' }),
  },
};
