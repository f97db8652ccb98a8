import type { RawResponse, TestService } from './service.js';
import { sendUnsigned } from './service.js';
import { useService } from './api.js';
import type { TestClock } from './service.js';
import { policy } from './admin.js';

type Json = Record<string, unknown>;

export const PASSWORD = 'correct horse battery staple';
export const ACCOUNT = '000000000000';
export const userArn = (name: string) => `arn:aws:iam::${ACCOUNT}:user/${name}`;
export const keyArn = (id: string, region = 'us-east-1') => `arn:aws:kms:${region}:${ACCOUNT}:key/${id}`;
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** An id that nothing has. */
export const MISSING = 'baf58871-2503-4d13-a84a-339aeb8fdfaf';

/** A resource of the CCKM API. */
export interface Resource extends Json {
  id: string;
}

/** A key resource, in the members that specs read. */
export interface AwsKey extends Resource {
  aws_param: Json & { Arn: string; KeyID: string; KeyState: string; Enabled: boolean; Alias: string[] };
}

/** The answer to a request for tokens. */
export interface Tokens {
  jwt: string;
  refresh_token: string;
  refresh_token_id: string;
}

/** A signed-in user, who sends requests to the CCKM API. */
export interface CckmUser {
  jwt: string;
  tokens: Tokens;
  /** Sends a request below /api/v1. */
  send: (method: string, path: string, body?: unknown) => Promise<RawResponse>;
  /** Sends a request that must succeed. @returns the body */
  ok: <T = Json>(method: string, path: string, body?: unknown, status?: number) => Promise<T>;
  /** Sends a request that must be refused. @returns status, code, codeDesc and message as text */
  refused: (method: string, path: string, body?: unknown) => Promise<string>;
  /** Creates a key in the first container. */
  createKey: (param?: object, more?: object) => Promise<AwsKey>;
  /** Creates a container, by default of us-east-1. */
  createContainer: (name: string, regions?: string[]) => Promise<Resource>;
}

/** Sends an unsigned request below /api/v1. @param body an object to send as JSON, or text */
export function request(
  url: string,
  method: string,
  path: string,
  { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<RawResponse> {
  return sendUnsigned(`${url}/api/v1/${path}`, {
    method,
    headers: { accept: 'application/json', 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
}

/** Describes a refusal, and checks its envelope. */
export function refusalOf({ status, json, text }: RawResponse): string {
  expect({ text, members: Object.keys(json).toSorted() }).toEqual({
    text,
    members: ['code', 'codeDesc', 'message', 'requestID'],
  });
  expect(json['requestID']).toMatch(UUID);
  return `${status} ${json['code'] as number} ${json['codeDesc'] as string} | ${json['message'] as string}`;
}

/** Returns functions that call actions on keys. @param user who calls them */
export function actionsOf(user: () => CckmUser) {
  return {
    /** Calls an action that must succeed. @returns the key that it answers */
    act: (id: string, action: string, body?: object) =>
      user().ok<AwsKey>('POST', `cckm/aws/keys/${id}/${action}`, body, action === 'replicate-key' ? 201 : 200),
    /** Calls an action that must be refused. @returns the refusal as text */
    refused: (id: string, action: string, body?: object) =>
      user().refused('POST', `cckm/aws/keys/${id}/${action}`, body),
    get: (id: string) => user().ok<AwsKey>('GET', `cckm/aws/keys/${id}`),
  };
}

/** The refusal of an action to a user, as text. @param action of KMS */
export const forbidden = (action: string) => new RegExp(`^403 4 NCERRForbidden \\| AccessDeniedException: .*${action}`);

/** Starts a service, and returns functions that make users and sign them in. */
export function useCckm(env: NodeJS.ProcessEnv = {}, clock?: TestClock) {
  const service = useService(env, clock);
  return { service, ...cckmOf(service) };
}

/** @param region Region that requests to the admin API are signed for, if it isn't that of the specs */
export function cckmOf(service: Pick<TestService, 'send' | 'url'>, region?: string) {
  async function admin(method: string, path: string, body?: object): Promise<Json> {
    const { status, text, json } = await service.send({
      method,
      path: `/admin/${path}`,
      ...(region !== undefined && { region }),
      body: body === undefined ? '' : JSON.stringify(body),
    });
    expect([status, text]).toEqual([200, text]);
    return json;
  }

  /** Creates a user with a password and a policy. */
  async function createUser(name: string, ...statements: object[]): Promise<void> {
    await admin('POST', 'users', { Name: name });
    await admin('PUT', `users/${name}/password`, { Password: PASSWORD });
    if (statements.length > 0) await setPolicy(name, ...statements);
  }

  async function setPolicy(name: string, ...statements: object[]): Promise<void> {
    await admin('PUT', `users/${name}/policies/own`, policy(...statements));
  }

  async function signIn(username: string, password = PASSWORD): Promise<CckmUser> {
    const { status, json, text } = await request(service.url, 'POST', 'auth/tokens', { body: { username, password } });
    expect({ status, text }).toEqual({ status: 201, text });
    return userWith(json as unknown as Tokens);
  }

  function userWith(tokens: Tokens): CckmUser {
    const { jwt } = tokens;
    const send: CckmUser['send'] = (method, path, body) =>
      request(service.url, method, path, { body, headers: { authorization: `Bearer ${jwt}` } });
    const ok: CckmUser['ok'] = async (method, path, body, expected = 200) => {
      const { status, json, text } = await send(method, path, body);
      expect({ status, text }).toEqual({ status: expected, text });
      return json as never;
    };
    return {
      jwt,
      tokens,
      send,
      ok,
      refused: async (method, path, body) => refusalOf(await send(method, path, body)),
      createKey: (param = {}, more = {}) =>
        ok('POST', 'cckm/aws/keys', { kms: 'kms', region: 'us-east-1', aws_param: param, ...more }, 201),
      createContainer: (name, regions = ['us-east-1']) =>
        ok('POST', 'cckm/aws/kms', { name, account_id: ACCOUNT, connection: 'keyblock', regions }, 201),
    };
  }

  /** Creates a user and signs it in. */
  async function user(name: string, ...statements: object[]): Promise<CckmUser> {
    await createUser(name, ...statements);
    return signIn(name);
  }

  return { admin, createUser, setPolicy, signIn, userWith, user };
}
