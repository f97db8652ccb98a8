import { authorize } from '../access/authorize.js';
import { pathPrefix } from '../http/api.js';
import { type Operation, registered, type Route } from '../http/operation.js';
import { ADMIN } from './api.js';
import { arnOf } from './principal-path.js';

export type AdminOperationName =
  | 'CreatePrincipal'
  | 'GetPrincipal'
  | 'ListPrincipals'
  | 'DeletePrincipal'
  | 'PutPrincipalPolicy'
  | 'GetPrincipalPolicy'
  | 'DeletePrincipalPolicy'
  | 'CreateAccessKey'
  | 'UpdateAccessKey'
  | 'RotateAccessKey'
  | 'DeleteAccessKey'
  | 'StartSession'
  | 'PutPassword'
  | 'DeletePassword'
  | 'ExplainAccess'
  | 'GetIdentity'
  | 'ListAuditEvents'
  | 'VerifyAuditChains'
  | 'GetAuditVerification'
  | 'GetStatus'
  | 'ExplainKeyAccess'
  | 'ListKeyInventory'
  | 'GetKeyCounts'
  | 'GetKeyUse'
  | 'GetRates'
  | 'ListCertificates'
  | 'ListTeams'
  | 'CreateTeam'
  | 'GetTeam'
  | 'UpdateTeam'
  | 'DeleteTeam'
  | 'ListGuards'
  | 'PutGuard'
  | 'DeleteGuard'
  | 'ListApprovals'
  | 'GetApproval'
  | 'Approve'
  | 'Deny'
  | 'CancelApproval';

const ERRORS = {
  400: 'ValidationException, SerializationException',
  403: 'AccessDeniedException, or a signature error',
  404: 'ResourceNotFoundException',
  409: 'ConflictException',
  429: 'ThrottlingException',
  500: 'InternalServerException',
};

interface AdminOperation extends Operation<'principal' | 'key' | 'team' | 'nobody' | 'nothing'> {
  name: AdminOperationName;
  /** HTTP method, and path below /admin. */
  route: readonly [method: Route['method'], path: string];
  /**
   * Returns the ARN of the operation's user, role, key or team, given the method's arguments; by default, of the user
   * or role in the path.
   */
  about?: (...args: never[]) => string;
}

/**
 * Resource kind of an operation that any caller may use: it affects only the caller, and no policy is evaluated.
 */
const OPEN = 'nobody';

/**
 * An operation of the admin API. Policies are evaluated before the user or role is looked up, so that a caller who
 * isn't allowed the operation can't find out which exist.
 */
export function AdminOperation({
  route: [method, path],
  about = arnOf,
  ...operation
}: AdminOperation): MethodDecorator {
  const { name, resource, example } = operation;
  const command = `curl --aws-sigv4 aws:amz:us-east-1:${ADMIN.signingName} --user "$ACCESS_KEY_ID:$SECRET_ACCESS_KEY" ${example}`;
  const arn = resource === 'nothing' ? () => '*' : about;
  return registered(
    { ...operation, api: ADMIN, command, errors: ERRORS },
    { method, path: `${pathPrefix(ADMIN)}${path}` },
    (call, inputs) => {
      if (resource === OPEN) return undefined;
      authorize(call, { action: `${ADMIN.name}:${name}`, resource: arn(...([call, ...inputs] as never[])) });
      return undefined;
    },
  );
}
