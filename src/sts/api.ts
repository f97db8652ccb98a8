import { eventMembers } from '../audit/request-parameters.js';
import type { Api } from '../http/api.js';
import { VALIDATION_EXCEPTIONS } from '../http/validation-exceptions.js';
import { StsException, stsException } from './exceptions.js';
import { toXml } from './xml.js';

const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';

/** AWS Security Token Service (STS), in AWS's query protocol: form fields in, XML out. */
export const STS: Api = {
  name: 'sts',
  signingName: 'sts',
  // Clients sign for us-east-1 where they call the global endpoint of AWS.
  signatures: { ofAnyRegion: true, maxSkewSeconds: 900 },
  routing: { form: 'sts' },
  contentType: 'text/xml',
  rateOf: () => 'controlPlane',
  exceptions: {
    ...VALIDATION_EXCEPTIONS,
    invalidInput: (violations, count) =>
      new StsException('ValidationError', VALIDATION_EXCEPTIONS.invalidInput(violations, count).message),
    throttled: () => new StsException('Throttling', 'Rate exceeded'),
    unavailable: () => new StsException('ServiceUnavailable', 'The service is unavailable. Try again.'),
    internal: () => new StsException('InternalFailure', 'The request failed because of an internal error. Try again.'),
    inPlaceOf: stsException,
  },
  statusOf: ({ status }) => status,
  bodyOf: ({ name, message, status }) => ({
    Error: { Type: status < 500 ? 'Sender' : 'Receiver', Code: name, Message: message },
  }),
  textOf(body, requestId, operation) {
    if (operation === undefined) return toXml('ErrorResponse', NAMESPACE, { ...body, RequestId: requestId });
    return toXml(`${operation}Response`, NAMESPACE, {
      [`${operation}Result`]: body,
      ResponseMetadata: { RequestId: requestId },
    });
  },
  audit: {
    eventSource: 'sts.amazonaws.com',
    keyType: '',
    isDataEvent: () => false,
    isReadOnly: () => true,
    members: eventMembers({ values: 'DurationSeconds ExternalId RoleArn RoleSessionName', structures: '' }),
  },
};
