import { type NewAccessKey, PrincipalRepository } from '../../src/access/principal.repository.js';
import { useService } from './api.js';
import { sendKms } from './kms.js';
import type { RawRequest } from './service.js';

/** Keys, users and calls that the specs of access to KMS share. */

export const ACCOUNT = '000000000000';
export const ROOT = `arn:aws:iam::${ACCOUNT}:root`;

/** A caller other than the root. */
export interface Caller {
  /** ARN with which it signs: of a user, or of the session of a role. */
  arn: string;
  /** ARN in policies and grants: of the user, or of the role. */
  principalArn: string;
  credentials: NewAccessKey & { sessionToken?: string };
}

type Elements = Record<string, unknown>;

export const policyOf = (...statements: Elements[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });

/** A statement that allows operations, without their service prefix, on every resource. */
export const allow = (actions: string | string[], elements: Elements = {}): Elements => ({
  Effect: 'Allow',
  Action: [actions].flat().map((action) => `kms:${action}`),
  Resource: '*',
  ...elements,
});

/** The statement of the default key policy. */
export const DELEGATION = allow('*', { Principal: { AWS: ROOT } });

export const IDENTITY_DENY = 'with an explicit deny in an identity-based policy';
export const RESOURCE_DENY = 'with an explicit deny in a resource-based policy';
export const noPolicy = (side: 'identity' | 'resource', operation: string) =>
  `because no ${side}-based policy allows the kms:${operation} action`;

/** The exception of a denied call, as `call` returns it. */
export const denied = (
  arn: string,
  operation: string,
  resource: string,
  reason = noPolicy('identity', operation),
): string =>
  `AccessDeniedException: User: ${arn} is not authorized to perform: kms:${operation} on resource: ${resource} ${reason}`;

/** A service of two Regions, and the calls that the specs of access to KMS share. */
export function useKmsAccess() {
  const service = useService({ KEYBLOCK_REGIONS: 'us-east-1,eu-west-1' });
  const principals = () => service.app.get(PrincipalRepository);

  /** Sends a call by the root, or by another caller, that succeeds. @returns its output */
  async function done<T = Record<string, string>>(
    operation: string,
    input: object,
    by?: Caller,
    more: Partial<RawRequest> = {},
  ): Promise<T> {
    const { status, json } = await sendKms(service, operation, input, { ...signedBy(by), ...more });
    expect({ status, json }).toEqual({ status: 200, json });
    return json as T;
  }

  /** Sends a call by the root, or by another caller. @returns `ok`, or the exception with its message */
  async function call(
    operation: string,
    input: object | string,
    by?: Caller,
    more: Partial<RawRequest> = {},
  ): Promise<string> {
    const { status, json } = await sendKms(service, operation, input, { ...signedBy(by), ...more });
    if (status === 200) return 'ok';
    expect(status).toBe(400);
    const message = (json['message'] ?? json['Message']) as string | undefined;
    return `${String(json['__type'])}${message === undefined ? '' : `: ${message}`}`;
  }

  let names = 0;
  return {
    service,
    principals,
    call,
    done,
    /** Creates a user with a policy and an access key. */
    async user(...statements: Elements[]): Promise<Caller> {
      const { arn } = await principals().create('user', `user-${++names}`);
      if (statements.length > 0) await principals().putPolicy(arn, 'own', policyOf(...statements));
      return { arn, principalArn: arn, credentials: await principals().createAccessKey(arn) };
    },
    /** Creates a role with a policy and a session. */
    async session(...statements: Elements[]): Promise<Caller> {
      const name = `role-${++names}`;
      const { arn } = await principals().create('role', name);
      if (statements.length > 0) await principals().putPolicy(arn, 'own', policyOf(...statements));
      const credentials = await principals().startSession(arn, 'monday', 900);
      return {
        arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${name}/monday`,
        principalArn: arn,
        credentials: { ...credentials, sessionToken: credentials.session.token },
      };
    },
    /** Creates a key. @returns its ARN */
    async newKey(input: object = {}, by?: Caller): Promise<string> {
      const { KeyMetadata } = await done<{ KeyMetadata: { Arn: string } }>('CreateKey', input, by);
      return KeyMetadata.Arn;
    },
    /** Creates a grant. @returns its id and a token */
    grant: (KeyId: string, grantee: string, Operations: string[], input: object = {}, by?: Caller) =>
      done<{ GrantId: string; GrantToken: string }>(
        'CreateGrant',
        { KeyId, GranteePrincipal: grantee, Operations, ...input },
        by,
      ),
  };
}

function signedBy(by?: Caller): Partial<RawRequest> {
  return by ? { credentials: by.credentials } : {};
}

export const UNKNOWN_ID = '99999999-2222-3333-4444-555555555555';
/** ARN of a key in the account and Region, or elsewhere. */
export const keyArn = (id = UNKNOWN_ID, region = 'us-east-1', account = ACCOUNT): string =>
  `arn:aws:kms:${region}:${account}:key/${id}`;
export const MISSING_KEY = keyArn();
export const FOREIGN_KEY = keyArn(UNKNOWN_ID, 'us-east-1', '111111111111');

/** Refusals of a key, by identifier, of any operation that takes neither aliases nor keys of other accounts. */
export const identifierRefusals = (operation: string): [identifier: string, exception: string][] => [
  [UNKNOWN_ID, `NotFoundException: Key '${MISSING_KEY}' does not exist`],
  [MISSING_KEY, `NotFoundException: Key '${MISSING_KEY}' does not exist`],
  ['alias/any', "NotFoundException: Invalid keyId 'alias/any'"],
  ['x', "NotFoundException: Invalid keyId 'x'"],
  [keyArn(UNKNOWN_ID, 'eu-west-1'), 'NotFoundException: Invalid arn eu-west-1'],
  ['arn:aws:s3:::bucket', 'InvalidArnException: arn:aws:s3:::bucket is not the ARN of a key or an alias.'],
  [FOREIGN_KEY, denied(ROOT, operation, FOREIGN_KEY, noPolicy('resource', operation))],
];
