import { type NewAccessKey, PrincipalRepository } from '../../src/access/principal.repository.js';
import { useService } from './api.js';
import { createKey } from './keys.js';
import { type RawRequest, target } from './service.js';

/** Users, policies and calls that the specs of access control share. */

export type Elements = Record<string, unknown>;

export const policyOf = (...statements: Elements[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });

/** Returns a statement that allows operations, named without their service prefix, on every resource. */
export const allow = (actions: string | string[], elements: Elements = {}) => ({
  Effect: 'Allow',
  Action: [actions].flat().map((action) => `payment-cryptography:${action}`),
  Resource: '*',
  ...elements,
});

export const EXPLICIT_DENY = 'with an explicit deny in an identity-based policy';

/** Returns the exception of a denied call as `answer` returns it. */
export const denied = (
  arn: string,
  operation: string,
  resource: string,
  reason = `because no identity-based policy allows the payment-cryptography:${operation} action`,
) =>
  `AccessDeniedException: User: ${arn} is not authorized to perform: payment-cryptography:${operation} on resource: ${resource} ${reason}`;

/** Starts a service of three Regions with a key, and returns the calls that the specs of access control share. */
export function useAccess() {
  const service = useService({ KEYBLOCK_REGIONS: 'us-east-1,us-west-2,eu-west-1' });
  /** The repository of users, and a key with the tag team=pin. */
  const stored = {} as { principals: PrincipalRepository; KeyArn: string };
  beforeAll(async () => {
    stored.principals = service.app.get(PrincipalRepository);
    stored.KeyArn = (await createKey(service, { Tags: [{ Key: 'team', Value: 'pin' }] })).KeyArn;
  });

  /** Sends a request. @returns `ok`, or the exception, with its message if the caller may learn it */
  async function answer(request: Partial<RawRequest>): Promise<string> {
    const { status, json } = await service.send(request);
    if (status === 200) return 'ok';
    const name = String(json['__type']).replace(/.*#/, '');
    return name === 'AccessDeniedException' || name === 'ValidationException'
      ? `${name}: ${String(json['Message'] ?? json['message'])}`
      : name;
  }

  let users = 0;
  return {
    service,
    stored,
    answer,
    /** Creates a user with a policy and an access key. */
    async user(...statements: Elements[]): Promise<{ arn: string; credentials: NewAccessKey }> {
      const { principals } = stored;
      const { arn } = await principals.create('user', `user-${++users}`);
      if (statements.length > 0) await principals.putPolicy(arn, 'own', policyOf(...statements));
      return { arn, credentials: await principals.createAccessKey(arn) };
    },
    control: (operation: string, input: object, credentials?: NewAccessKey) =>
      answer({ headers: target(operation), body: JSON.stringify(input), ...(credentials && { credentials }) }),
    mac: (KeyIdentifier: string, credentials?: NewAccessKey, more: Partial<RawRequest> = {}) =>
      answer({
        path: '/mac/generate',
        body: JSON.stringify({
          KeyIdentifier,
          MessageData: '3B313038383439303031',
          GenerationAttributes: { Algorithm: 'CMAC' },
        }),
        ...(credentials && { credentials }),
        ...more,
      }),
  };
}
