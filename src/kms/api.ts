import {
  AccessDeniedException,
  type ServiceException,
  ThrottlingException,
  ValidationException,
} from '../errors/exceptions.js';
import type { Api } from '../http/api.js';
import { awsJsonStatus } from '../http/framing.js';
import { PolicyError } from '../policy/policy-error.js';
import { EVENT_MEMBERS } from './event-members.js';
import { KmsException } from './exceptions.js';
import { invalidInput } from './invalid-input.js';

/** Prefix of the actions, condition keys and ARNs of AWS KMS. */
export const SERVICE = 'kms';

/** Operations with a key's material, which AWS counts separately from key management. */
const CRYPTOGRAPHY =
  /^(?:Encrypt|Decrypt|ReEncrypt|Generate|Sign|Verify|DeriveSharedSecret|Encapsulate|Decapsulate|GetPublicKey)/;

/** AWS KMS, in AWS JSON 1.1. CloudTrail records all of its operations as management events. */
export const KMS: Api = {
  name: SERVICE,
  signingName: SERVICE,
  routing: { target: 'TrentService' },
  contentType: 'application/x-amz-json-1.1',
  rateOf: (operation) => (CRYPTOGRAPHY.test(operation) ? 'dataPlane' : 'controlPlane'),
  exceptions: {
    invalidInput,
    invalidPageToken: () =>
      new KmsException(
        'InvalidMarkerException',
        'Marker is invalid: send the NextMarker of the previous page, with the same filters.',
      ),
    refusedBy: (error) =>
      error instanceof PolicyError
        ? new KmsException('MalformedPolicyDocumentException', error.message)
        : new ValidationException(error.message),
    throttled: () =>
      new ThrottlingException(
        'You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.',
      ),
    unavailable: () => new KmsException('DependencyTimeoutException', 'The service is unavailable. Try again.'),
    internal: () =>
      new KmsException(
        'KMSInternalException',
        'The request could not be processed because of an internal error. Try again.',
      ),
  },
  statusOf: (error) => (error.status === 404 || error.status === 405 ? 400 : awsJsonStatus(error)),
  bodyOf,
  audit: {
    eventSource: `${SERVICE}.amazonaws.com`,
    keyType: 'AWS::KMS::Key',
    isDataEvent: () => false,
    isReadOnly: (operation) => CRYPTOGRAPHY.test(operation) || /^(?:Get|List|Describe)/.test(operation),
    members: EVENT_MEMBERS,
  },
};

/** KMS omits an empty message, and names the member differently in AccessDeniedException. */
function bodyOf(error: ServiceException): object {
  const { name, message } = error;
  if (message === '') return { __type: name };
  return { __type: name, [error instanceof AccessDeniedException ? 'Message' : 'message']: message };
}
