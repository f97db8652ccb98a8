import { eventMembers } from '../audit/request-parameters.js';
import type { Api } from '../http/api.js';
import { restJsonBody } from '../http/framing.js';
import { VALIDATION_EXCEPTIONS } from '../http/validation-exceptions.js';

/**
 * Keyblock's own API for users, roles and explanations of policy decisions, in REST-JSON. Its requests are signed like
 * those of Payment Cryptography.
 */
export const ADMIN: Api = {
  name: 'keyblock',
  signingName: 'payment-cryptography',
  routing: { path: 'admin' },
  contentType: 'application/json',
  rateOf: () => 'controlPlane',
  exceptions: VALIDATION_EXCEPTIONS,
  statusOf: ({ status }) => status,
  bodyOf: restJsonBody,
  audit: {
    eventSource: 'keyblock',
    keyType: '',
    typeOf: (arn) => (arn.startsWith('arn:aws:mpa:') ? 'AWS::MPA::Session' : undefined),
    isDataEvent: () => false,
    isReadOnly: (operation) => /^(?:Get|List|Explain)/.test(operation),
    members: eventMembers({
      values: `
        AccessKeyId Action Algorithm Api Approvers ByOperation Caller Changes Condition Context Day Decision DurationSeconds Exportable FirstDay From Hours Key KeyArn KeyId LastDay ManifestSha256 MinApprovals Name Number Operation Outcome Prefix Principal Reason RequestHash RequestId Resource Segments Session SessionName SessionSeconds Sort Source State Statement Status Step TeamArn To UnusedDays Usage Usages Version XksKeyId id kind masterKey name newMasterKey operation policy serial team token tokenKey
      `,
      structures: '',
    }),
  },
};
