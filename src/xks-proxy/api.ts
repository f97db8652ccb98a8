import { eventMembers } from '../audit/request-parameters.js';
import type { ServiceException } from '../errors/exceptions.js';
import type { Api, Violation } from '../http/api.js';
import { VALIDATION_EXCEPTIONS } from '../http/validation-exceptions.js';
import { internal, XksException, xksExceptionFor } from './exceptions.js';

/** The path of the API after the prefix, in version 1. */
export const XKS_PATH = 'kms/xks/v1';

/** Maximum length of an error message: the specification demands less than 512 characters. */
const MAX_MESSAGE = 511;

/** Members whose maximum is this service's: the specification names only a minimum that every proxy must accept. */
const OWN_MAXIMUM = new Set<PropertyKey | undefined>(['plaintext', 'ciphertext', 'additionalAuthenticatedData']);

/** The external key store (XKS) proxy API, version 1, through which AWS KMS uses keys that stay here. */
export const XKS_PROXY: Api = {
  name: 'kms-xks-proxy',
  signingName: 'kms-xks-proxy',
  // AWS KMS signs for the Region of its key. "More than 5 minutes in the past (or future)" fails: Appendix A, task 4.
  signatures: { ofAnyRegion: true, maxSkewSeconds: 300 },
  routing: { pathAfterPrefix: XKS_PATH },
  contentType: 'application/json',
  rateOf: () => 'dataPlane',
  exceptions: {
    invalidInput,
    // No call has pages, and no pure library receives the input of callers.
    invalidPageToken: internal,
    refusedBy: internal,
    throttled: () => new XksException('ThrottlingException', 'The rate limit of this service is exceeded.'),
    unavailable: () => new XksException('DependencyTimeoutException', 'The service is unavailable. Try again.'),
    internal,
    inPlaceOf: xksExceptionFor,
  },
  statusOf: ({ status }) => status,
  bodyOf: ({ name, message }) => ({ errorName: name, errorMessage: printable(message) }),
  audit: {
    eventSource: 'kms-xks-proxy',
    keyType: 'AWS::KMS::Key',
    isDataEvent: () => true,
    isReadOnly: () => true,
    members: eventMembers({
      values: `
        awsPrincipalArn awsSourceVpc awsSourceVpce ciphertextDataIntegrityValueAlgorithm encryptionAlgorithm kmsKeyArn
        kmsOperation kmsRequestId kmsViaService prefix xksKeyId
      `,
      structures: 'requestMetadata',
    }),
  },
};

function invalidInput(violations: readonly Violation[], count: number): ServiceException {
  const { message } = VALIDATION_EXCEPTIONS.invalidInput(violations, count);
  const isTooMuch = violations.every(
    ({ path, constraint }) => constraint.kind === 'maximum' && OWN_MAXIMUM.has(path[0]),
  );
  return new XksException(isTooMuch ? 'UnsupportedOperationException' : 'ValidationException', message);
}

/** The specification allows only U+0020 to U+007E in a message. */
function printable(message: string): string {
  return message.slice(0, MAX_MESSAGE).replaceAll(/[^ -~]/g, '?');
}
