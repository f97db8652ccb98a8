import { eventMembers } from '../audit/request-parameters.js';
import { InternalServerException, ServiceUnavailableException } from '../errors/exceptions.js';
import type { Api } from '../http/api.js';
import { restJsonBody } from '../http/framing.js';
import { VALIDATION_EXCEPTIONS } from '../http/validation-exceptions.js';

/** Users, roles and what policies decide, in REST-JSON: an API of our own. Its requests are signed as those of payment. */
export const ADMIN: Api = {
  name: 'keyblock',
  signingName: 'payment-cryptography',
  routing: { path: 'admin' },
  contentType: 'application/json',
  rate: 'controlPlane',
  exceptions: {
    ...VALIDATION_EXCEPTIONS,
    unavailable: () => new ServiceUnavailableException('The service is unavailable. Try again.'),
    internal: () => new InternalServerException(),
  },
  statusOf: ({ status }) => status,
  bodyOf: restJsonBody,
  audit: {
    eventSource: 'keyblock',
    keyType: '',
    isDataEvent: () => false,
    isReadOnly: (operation) => /^(?:Get|List|Explain)/.test(operation),
    members: eventMembers({
      values: `
        AccessKeyId Action Context DurationSeconds Name Principal Resource SessionName Statement Status Version
        id kind name policy
      `,
      structures: '',
    }),
  },
};
