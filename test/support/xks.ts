import { callKms, createKmsKey } from './kms.js';
import { runKeyblock } from './cli.js';
import { useService } from './api.js';
import { type RawRequest, type RawResponse, serviceEnv, type TestService } from './service.js';
import { until } from './process.js';

/** Calls of the XKS proxy, as AWS KMS makes them, and the commands of its operator. */

export type Credentials = RawRequest['credentials'];
type Json = Record<string, unknown>;

/** The member requestMetadata of a call, all of whose values are made up. */
export const requestMetadata = (kmsOperation: string, members: Json = {}): Json => ({
  awsPrincipalArn: 'arn:aws:iam::111122223333:user/alice',
  kmsKeyArn: 'arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
  kmsOperation,
  kmsRequestId: '4112f4d6-db54-4af4-ae30-c55a22a8dfae',
  kmsViaService: 'ebs',
  ...members,
});

export const PLAINTEXT = Buffer.from('Hello World!').toString('base64');
export const AAD = Buffer.from('project=nile,department=marketing').toString('base64');

export const encryptBody = (members: Json = {}): Json => ({
  requestMetadata: requestMetadata('Encrypt'),
  plaintext: PLAINTEXT,
  encryptionAlgorithm: 'AES_GCM',
  ...members,
});

/** The request that decrypts a call's output. @param sealed output of Encrypt, whose integrity value is left out */
export const decryptBody = ({ ciphertextDataIntegrityValue: _, ...sealed }: Json, members: Json = {}): Json => ({
  requestMetadata: requestMetadata('Decrypt'),
  encryptionAlgorithm: 'AES_GCM',
  ...sealed,
  ...members,
});

export const healthBody = { requestMetadata: { kmsRequestId: '4112f4d6', kmsOperation: 'KmsHealthCheck' } };

/** Sends a signed call. @param path from the prefix on: `stores/orders/kms/xks/v1/health` */
export function sendXks(
  service: Pick<TestService, 'send'>,
  path: string,
  body: Json | string,
  request: Partial<RawRequest>,
): Promise<RawResponse> {
  return service.send({
    service: 'kms-xks-proxy',
    region: 'eu-central-1',
    path: `/${path}`,
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...request,
  });
}

/** Expects an error of the proxy API. */
export function expectXksError(response: RawResponse, status: number, errorName: string, message = /./): void {
  const { json } = response;
  expect({ status: response.status, ...json }).toEqual({
    status,
    errorName,
    errorMessage: expect.stringMatching(message) as unknown,
  });
  expect(json['errorMessage']).toMatch(/^[ -~]{1,511}$/);
}

/** Expects a call to succeed. @returns its output */
export function outputOf({ status, json }: RawResponse): Json {
  expect({ status, json }).toEqual({ status: 200, json });
  return json;
}

/** Runs `keyblock xks` on a service's store. */
export async function xks(service: Pick<TestService, 'store'>, ...args: string[]) {
  const env = serviceEnv(service.store);
  const before = Object.fromEntries(Object.keys(env).map((name) => [name, process.env[name]]));
  Object.assign(process.env, env);
  try {
    return await runKeyblock(['xks', ...args]);
  } finally {
    // Assigning undefined would set the text 'undefined'.
    for (const [name, value] of Object.entries(before))
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
  }
}

/** Runs a command that must succeed. @returns its output */
export async function xksDone(service: Pick<TestService, 'store'>, ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await xks(service, ...args);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return stdout;
}

/** Creates a credential of a prefix. */
export async function newCredential(
  service: Pick<TestService, 'store'>,
  prefix: string,
): Promise<{ path: string; credentials: NonNullable<Credentials> }> {
  const { XksProxyUriPath: path, XksProxyAuthenticationCredential: credential } = JSON.parse(
    await xksDone(service, 'create-credential', prefix),
  ) as {
    XksProxyUriPath: string;
    XksProxyAuthenticationCredential: { AccessKeyId: string; RawSecretAccessKey: string };
  };
  return {
    path,
    credentials: { accessKeyId: credential.AccessKeyId, secretAccessKey: credential.RawSecretAccessKey },
  };
}

/** A service whose proxy has a credential for the prefix stores/orders, and released keys. */
export function useXks(env: NodeJS.ProcessEnv = {}) {
  const service = useService({ KEYBLOCK_REGIONS: 'us-east-1,eu-west-1', ...env });
  const set = {} as { credentials: NonNullable<Credentials> };
  beforeAll(async () => {
    set.credentials = (await newCredential(service, 'stores/orders')).credentials;
  });

  /** Sends a call to the prefix, signed with its credential. @param path after the version */
  const call = (path: string, body: Json | string, request: Partial<RawRequest> = {}) =>
    sendXks(service, `stores/orders/kms/xks/v1/${path}`, body, { credentials: set.credentials, ...request });

  return {
    service,
    set,
    call,
    /** Creates a KMS key and releases it. @returns its ARN */
    async release(xksKeyId: string, options: string[] = [], prefix = 'stores/orders'): Promise<string> {
      const { Arn } = await createKmsKey(service);
      expect(await xksDone(service, 'release', prefix, Arn, '--as', xksKeyId, ...options)).toBe(`${xksKeyId}\n`);
      return Arn;
    },
    encrypt: async (xksKeyId: string, members: Json = {}) =>
      outputOf(await call(`keys/${xksKeyId}/encrypt`, encryptBody(members))),
    /** Polls until a call is answered with this status. */
    until: (path: string, body: Json, status: number) => until(async () => (await call(path, body)).status === status),
    kms: (operation: string, input: object) => callKms(service, operation, input),
  };
}
