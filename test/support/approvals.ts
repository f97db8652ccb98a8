import type { Approval } from '../../src/admin/approvals.schema.js';
import { type adminOf, type Credentials, credentialsOf, statement, useAdmin } from './admin.js';
import { control } from './attacks.js';
import { CMAC_KEY } from './keys.js';
import type { RawResponse, TestService } from './service.js';

export const ACCOUNT = '000000000000';
export const teamArn = (name: string) => `arn:aws:mpa:us-east-1:${ACCOUNT}:approval-team/${name}`;
export const EVERYTHING = statement('*');

/** Reads the id of the session from a refusal that names one. */
export function sessionIdOf({ headers, status, json }: RawResponse): string {
  const arn = headers.get('x-keyblock-approval');
  expect({ status, json, arn }).toEqual({ status, json, arn: expect.stringContaining(':session/') as unknown });
  const [, team = '', id = ''] = /:session\/([^/]+)\/([A-Z2-7]{26})$/.exec(arn ?? '') ?? [];
  return `${team}:${id}`;
}

/** Starts a service of two Regions with three approvers, and a requester with all permissions. */
export function useApprovals() {
  const approvals = approvalsOf(useAdmin({ KEYBLOCK_REGIONS: 'us-east-1,eu-west-1' }));
  beforeAll(() => approvals.createUsers());
  return approvals;
}

/** Returns functions for the approvals of a service. `createUsers` creates three approvers, and the requester `op`. */
export function approvalsOf<Sender extends Pick<TestService, 'send'>>(admin: ReturnType<typeof adminOf<Sender>>) {
  const { service, done, caller } = admin;
  const users = {} as Record<'ann' | 'bob' | 'cy' | 'op', Credentials>;
  async function createUsers(): Promise<void> {
    for (const name of ['ann', 'bob', 'cy', 'op'] as const) users[name] = await caller(name, EVERYTHING);
  }

  const vote = (verb: 'approve' | 'deny', id: string, body: object, credentials: Credentials) =>
    admin.admin('POST', `approvals/${id}/${verb}`, body, credentials);

  /** Reads a session as the root. */
  async function approval(id: string, credentials?: Credentials): Promise<Approval> {
    return (await done('GET', `approvals/${id}`, undefined, credentials))['Approval'] as Approval;
  }

  /** Lets users approve a session, each with the hash that it has. */
  async function approve(id: string, ...approvers: Credentials[]): Promise<void> {
    const { RequestHash } = await approval(id);
    for (const credentials of approvers) {
      const { status, json } = await vote('approve', id, { RequestHash }, credentials);
      expect({ status, json }).toEqual({ status: 200, json });
    }
  }

  return {
    ...admin,
    users,
    createUsers,
    credentials: credentialsOf,
    vote,
    approval,
    approve,
    /** Calls the control plane, by default as the requester. */
    control: (operation: string, input: object, credentials: Credentials = users.op): Promise<RawResponse> =>
      service.send(control(operation, input, { credentials })),
    createTeam: (Name: string, MinApprovals = 2, Approvers = ['ann', 'bob', 'cy']) =>
      done('POST', 'teams', { Name, Approvers, MinApprovals }, users.op),
    guard: (operation: string, team: string, more: object = {}) =>
      done('PUT', `guards/${operation}`, { TeamArn: teamArn(team), ...more }, users.op),
    /** Creates a key for CMAC, as the root. */
    newKey: async (Tags: { Key: string; Value: string }[] = []): Promise<string> => {
      const { status, json } = await service.send(control('CreateKey', { ...CMAC_KEY, Tags }));
      expect({ status, json }).toEqual({ status: 200, json });
      return (json['Key'] as { KeyArn: string }).KeyArn;
    },
  };
}
