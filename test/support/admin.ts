import { useService } from './api.js';
import type { RawRequest, RawResponse, TestService } from './service.js';

export type Credentials = RawRequest['credentials'];

export const credentialsOf = (answer: Record<string, unknown>): Credentials => ({
  accessKeyId: answer['AccessKeyId'] as string,
  secretAccessKey: answer['SecretAccessKey'] as string,
  sessionToken: answer['SessionToken'] as string | undefined,
});
export const statement = (Action: string | string[], more: object = {}) => ({
  Effect: 'Allow',
  Action,
  Resource: '*',
  ...more,
});
export const policy = (...statements: object[]) => ({ Version: '2012-10-17', Statement: statements });
export const MAY_LIST = policy(statement('payment-cryptography:ListKeys'));

/** Starts a service, and returns functions that send requests to its admin API. */
export const useAdmin = (env: NodeJS.ProcessEnv = {}) => adminOf(useService(env));

/** Returns functions that send requests to the admin API of a service. */
export function adminOf<Sender extends Pick<TestService, 'send'>>(service: Sender) {
  /** Sends a request to the admin API, by default as the root user. */
  function admin(method: string, path: string, body?: object, credentials?: Credentials): Promise<RawResponse> {
    return service.send({
      method,
      path: `/admin/${path}`,
      body: body === undefined ? '' : JSON.stringify(body),
      ...(credentials && { credentials }),
    });
  }
  async function done(method: string, path: string, body?: object, credentials?: Credentials) {
    const { status, text, json } = await admin(method, path, body, credentials);
    expect([status, text]).toEqual([200, expect.any(String)]);
    return json;
  }
  async function refused(method: string, path: string, body?: object, credentials?: Credentials) {
    const { status, headers, json } = await admin(method, path, body, credentials);
    expect(headers.get('content-type')).toBe('application/json');
    expect(headers.get('x-amzn-errortype')).toBe(json['__type']);
    return `${status} ${String(json['__type'])}: ${String(json['message'])}`;
  }
  /** Creates a user with policies. @returns an access key to sign with */
  async function caller(name: string, ...statements: object[]): Promise<Credentials> {
    await done('POST', 'users', { Name: name });
    if (statements.length > 0) await done('PUT', `users/${name}/policies/own`, policy(...statements));
    return credentialsOf(await done('POST', `users/${name}/access-keys`));
  }

  return { service, admin, done, refused, caller };
}
