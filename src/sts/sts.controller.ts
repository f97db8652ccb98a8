import { authorize } from '../access/authorize.js';
import { PrincipalRepository } from '../access/principal.repository.js';
import type { Call } from '../call.js';
import { AccessDeniedException, ResourceNotFoundException } from '../errors/exceptions.js';
import { pathPrefix } from '../http/api.js';
import { Form } from '../http/input.js';
import { OperationsController, registered } from '../http/operation.js';
import { STS } from './api.js';
import { StsException } from './exceptions.js';
import { AssumeRoleInput, AssumeRoleOutput, GetCallerIdentityInput, GetCallerIdentityOutput } from './sts.schema.js';

const DEFAULT_SECONDS = 3600;
/** A session that another session starts lasts at most an hour. */
const MAX_CHAINED_SECONDS = 3600;

const ERRORS = {
  400: 'ValidationError, InvalidAction, MalformedQueryString, Throttling',
  403: 'AccessDenied, or a signature error',
  500: 'InternalFailure',
};

@OperationsController('sts')
export class StsController {
  constructor(private readonly principals: PrincipalRepository) {}

  @registered(
    {
      name: 'GetCallerIdentity',
      api: STS,
      resource: 'nothing',
      summary: 'Returns the account, the ARN and the unique id of the caller',
      description: 'Needs no permission.',
      example: '',
      command: 'aws sts get-caller-identity',
      output: GetCallerIdentityOutput,
      errors: ERRORS,
    },
    { method: 'POST', path: `${pathPrefix(STS)}GetCallerIdentity` },
    () => undefined,
  )
  getCallerIdentity(
    { principal: { arn, accountId, identity } }: Call,
    @Form(GetCallerIdentityInput) _input: object,
  ): GetCallerIdentityOutput {
    return { UserId: identity?.userId ?? accountId, Account: accountId, Arn: arn };
  }

  @registered(
    {
      name: 'AssumeRole',
      api: STS,
      resource: 'role',
      summary: 'Creates temporary credentials for a role',
      description:
        'Roles have no trust policies: the policies of the caller decide, by `sts:AssumeRole` on the role. **A caller that may ' +
        'assume a role can do everything that the role may do.** Session policies, session tags, MFA and source identities are refused.',
      example: '--role-arn arn:aws:iam::000000000000:role/line --role-session-name monday',
      command: 'aws sts assume-role --role-arn arn:aws:iam::000000000000:role/line --role-session-name monday',
      output: AssumeRoleOutput,
      errors: ERRORS,
    },
    { method: 'POST', path: `${pathPrefix(STS)}AssumeRole` },
    (call, [input]) => {
      authorizeRole(call, input as AssumeRoleInput);
      return undefined;
    },
  )
  async assumeRole(call: Call, @Form(AssumeRoleInput) input: AssumeRoleInput): Promise<AssumeRoleOutput> {
    const { RoleArn, RoleSessionName, DurationSeconds = DEFAULT_SECONDS } = input;
    if (call.principal.identity?.type === 'AssumedRole' && DurationSeconds > MAX_CHAINED_SECONDS)
      throw new StsException(
        'ValidationError',
        'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
      );
    const { accessKeyId, secretAccessKey, session, uniqueId } = await this.#start(call, input, DurationSeconds);
    const [, , , , accountId, role = ''] = RoleArn.split(':');
    return {
      AssumedRoleUser: {
        AssumedRoleId: `${uniqueId}:${RoleSessionName}`,
        Arn: `arn:aws:sts::${accountId}:assumed-role/${role.slice('role/'.length)}/${RoleSessionName}`,
      },
      Credentials: {
        AccessKeyId: accessKeyId,
        SecretAccessKey: secretAccessKey,
        SessionToken: session.token,
        Expiration: `${session.expiresAt.toISOString().slice(0, 19)}Z`,
      },
    };
  }

  async #start(call: Call, { RoleArn, RoleSessionName }: AssumeRoleInput, seconds: number) {
    try {
      return await this.principals.by(call).startSession(RoleArn, RoleSessionName, seconds);
    } catch (error) {
      // As in AWS, the error doesn't reveal if the role exists.
      if (error instanceof ResourceNotFoundException) throw notAuthorized(call, RoleArn);
      throw error;
    }
  }
}

/** @throws AccessDeniedException */
function authorizeRole(call: Call, { RoleArn, RoleSessionName, ExternalId }: AssumeRoleInput): void {
  if (call.principal.identity === undefined)
    throw new AccessDeniedException('Roles may not be assumed by root accounts.');
  const keys: Readonly<Record<string, string | undefined>> = {
    'sts:externalid': ExternalId,
    'sts:rolesessionname': RoleSessionName,
  };
  authorize(call, { action: `${STS.name}:AssumeRole`, resource: RoleArn, conditionKeys: (name) => keys[name] });
}

function notAuthorized({ principal }: Call, roleArn: string): AccessDeniedException {
  return new AccessDeniedException(
    `User: ${principal.arn} is not authorized to perform: ${STS.name}:AssumeRole on resource: ${roleArn}`,
  );
}
