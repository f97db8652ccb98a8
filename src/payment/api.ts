import { InternalServerException } from '../errors/exceptions.js';
import type { Api } from '../http/api.js';
import { awsJsonStatus, exceptionBody, restJsonBody } from '../http/framing.js';
import { VALIDATION_EXCEPTIONS } from '../http/validation-exceptions.js';
import { EVENT_MEMBERS } from './event-members.js';

/** Prefix of the actions, condition keys and ARNs of Payment Cryptography. */
export const SERVICE = 'payment-cryptography';

const AUDIT = {
  eventSource: `${SERVICE}.amazonaws.com`,
  keyType: 'AWS::PaymentCryptography::Key',
  members: EVENT_MEMBERS,
};

/** Namespace of the control plane's model, which qualifies the names of its exceptions. */
const NAMESPACE = 'com.amazonaws.paymentcryptography';

/** Keys and everything that belongs to them, in AWS JSON 1.0. */
export const CONTROL_PLANE: Api = {
  name: SERVICE,
  signingName: SERVICE,
  routing: { target: 'PaymentCryptographyControlPlane' },
  contentType: 'application/x-amz-json-1.0',
  rateOf: () => 'controlPlane',
  exceptions: VALIDATION_EXCEPTIONS,
  statusOf: awsJsonStatus,
  bodyOf: (error) => exceptionBody(error, `${NAMESPACE}#${error.name}`),
  audit: { ...AUDIT, isDataEvent: () => false, isReadOnly: (operation) => /^(?:Get|List)/.test(operation) },
};

/** Cryptography with the keys, in REST-JSON. */
export const DATA_PLANE: Api = {
  name: SERVICE,
  signingName: SERVICE,
  routing: { path: '' },
  contentType: 'application/json',
  rateOf: () => 'dataPlane',
  exceptions: {
    ...VALIDATION_EXCEPTIONS,
    // The data plane's model has no ServiceUnavailableException. SDKs pick their class by name, and retry 503 like 500.
    unavailable: () => new InternalServerException('The service is unavailable. Try again.', 503),
  },
  statusOf: ({ status }) => status,
  bodyOf: restJsonBody,
  audit: { ...AUDIT, isDataEvent: () => true, isReadOnly: () => true },
};
