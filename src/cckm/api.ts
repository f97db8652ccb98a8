import { eventMembers } from '../audit/request-parameters.js';
import type { Api } from '../http/api.js';
import { VALIDATION_EXCEPTIONS } from '../http/validation-exceptions.js';
import { CckmException, envelopeOf, statusOf } from './errors.js';

/** The AWS key endpoints of Thales CipherTrust Cloud Key Manager (CCKM), and the tokens that they need. */
export const CCKM: Api = {
  name: 'cckm',
  routing: { path: 'api/v1', takesTrailingSlash: true },
  contentType: 'application/json',
  rateOf: () => 'controlPlane',
  exceptions: {
    ...VALIDATION_EXCEPTIONS,
    invalidInput(violations, count) {
      const error = VALIDATION_EXCEPTIONS.invalidInput(violations, count);
      const lacksMember = violations.some(({ constraint }) => constraint.kind === 'required');
      return lacksMember ? new CckmException('NCERRBadRequest', error.message) : error;
    },
  },
  statusOf,
  bodyOf: envelopeOf,
  audit: {
    eventSource: 'cckm',
    keyType: 'AWS::KMS::Key',
    isDataEvent: () => false,
    isReadOnly: (operation) => /^(?:Get|List|Verify|Download)/.test(operation),
    // No member that holds a password, a token or a policy's text is listed.
    members: eventMembers({
      values: `
        PrimaryRegion account_id actions alias cloud_hsm_cluster_id connection custom_key_store_type days description
        external_accounts grant_type group id key_admins key_admins_roles key_material_id key_users key_users_roles
        keys kms limit max_items name operation path_prefix permit policy_template_id policytemplate region regions
        replica_region rotation_period_in_days skip sort xks_proxy_connectivity xks_proxy_uri_endpoint
        synchronize_all tags user_id username Alias CustomerMasterKeySpec Description KeyUsage MultiRegion Origin
      `,
      structures: 'acls aws_param',
    }),
  },
};
