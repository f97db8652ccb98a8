import { AwsV4Signer } from 'aws4fetch';
import type { AdminOperationName } from '../src/admin/admin-operation.js';
import type { GetIdentityOutput } from '../src/admin/identity.schema.js';
import { callsSignal, type Credentials, currentCredentials, type Identity, region, signOut } from './session.js';

/** The service refused or failed a call, or could not be reached. */
export class ApiError extends Error {
  /**
   * @param name      the exception's name, as in the API
   * @param action    the IAM action of the call
   * @param resource resource of the action: an ARN, or `*`
   * @param requestId absent if no response arrived
   * @param approvals ARNs of the requests for approval that the call waits for
   */
  constructor(
    override readonly name: string,
    message: string,
    readonly action: string,
    readonly resource = '*',
    readonly requestId?: string,
    readonly approvals: readonly string[] = [],
  ) {
    super(message);
  }

  get isRefusal(): boolean {
    return this.name === 'AccessDeniedException';
  }

  /** True if the service may have carried out the call, although no answer of it arrived. */
  get isUnanswered(): boolean {
    return /^(NetworkError|ResponseError|HTTP 5..)$/.test(this.name);
  }
}

/** Errors about the credentials themselves, after which every other call would fail, too. */
const SIGNED_OUT: Readonly<Record<string, string>> = {
  ExpiredTokenException: 'Your session has expired.',
  UnrecognizedClientException: 'The access key is no longer valid.',
};

interface Request {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  /** JSON. */
  body?: string | undefined;
  action: string;
  resource?: string | undefined;
}

/** Calls an operation of the control plane in the page's Region. @throws ApiError */
export function control<Output>(operation: string, input: object = {}): Promise<Output> {
  const { KeyIdentifier, ResourceArn } = input as KeyInput;
  return call({
    method: 'POST',
    path: `/PaymentCryptographyControlPlane/${operation}`,
    body: JSON.stringify(input),
    action: `payment-cryptography:${operation}`,
    resource: KeyIdentifier ?? ResourceArn,
  });
}

/** Calls an operation of the data plane in the page's Region. @param path e.g. `/cryptogram/verify` @throws ApiError */
export function dataPlane<Output>(operation: string, path: string, input: object): Promise<Output> {
  const action = `payment-cryptography:${operation}`;
  const { KeyIdentifier: resource } = input as KeyInput;
  return call({ method: 'POST', path, body: JSON.stringify(input), action, resource });
}

/** Calls an operation of KMS in the page's Region. @throws ApiError */
export function kms<Output>(operation: string, input: object = {}): Promise<Output> {
  const { KeyId, TargetKeyId } = input as { KeyId?: string; TargetKeyId?: string };
  return call({
    method: 'POST',
    path: `/TrentService/${operation}`,
    body: JSON.stringify(input),
    action: `kms:${operation}`,
    resource: KeyId ?? TargetKeyId,
  });
}

/** Calls a list operation of KMS until its last page. @param member the member of the output with the items @throws ApiError */
export async function listKms<Item>(operation: string, member: string, input: object = {}): Promise<Item[]> {
  const items: Item[] = [];
  let Marker: string | undefined;
  do {
    const page = await kms<Record<string, unknown>>(operation, { ...input, Marker });
    items.push(...((page[member] ?? []) as Item[]));
    Marker = page['NextMarker'] as string | undefined;
  } while (Marker !== undefined);
  return items;
}

/** Input members that name the key of the call; others depend on the operation. */
interface KeyInput {
  KeyIdentifier?: string;
  ResourceArn?: string;
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * Calls an operation of the admin API.
 *
 * @param path     below `/admin`, with its parts encoded
 * @param query    parameters; those that are undefined or empty are left out
 * @param body     JSON as text, or a value that becomes JSON
 * @param resource ARN of the user, role or key of the operation; `*` by default
 * @throws ApiError
 */
export function admin<Output>(
  operation: AdminOperationName,
  [method, path]: readonly [Request['method'], string],
  { query = {}, body, resource }: { query?: Query; body?: unknown; resource?: string } = {},
): Promise<Output> {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  );
  // The signature covers a blank as %20; the + of URLSearchParams would be a plus sign.
  const search = new URLSearchParams(given).toString().replaceAll('+', '%20');
  return call({
    method,
    path: `/admin/${path}${search && `?${search}`}`,
    body: typeof body === 'string' || body === undefined ? body : JSON.stringify(body),
    action: `keyblock:${operation}`,
    resource,
  });
}

async function call<Output>(request: Request): Promise<Output> {
  const credentials = currentCredentials();
  if (credentials === undefined) throw new ApiError('SignedOut', 'You are signed out.', request.action);
  try {
    return await send<Output>(request, credentials);
  } catch (error) {
    const reason = error instanceof ApiError ? SIGNED_OUT[error.name] : undefined;
    // A session may have replaced these credentials meanwhile.
    if (reason !== undefined && credentials === currentCredentials()) signOut(reason);
    throw error;
  }
}

interface Paging {
  MaxResults: number;
  NextToken?: string | undefined;
}

/**
 * Calls a list operation until its last page, or until it has returned `most` items.
 *
 * @returns the items, and whether there are more
 * @throws ApiError
 */
export async function listAll<Output extends { NextToken?: string | undefined }, Item>(
  list: (paging: Paging) => Promise<Output>,
  itemsOf: (output: Output) => readonly Item[],
  most: number,
): Promise<{ items: Item[]; more: boolean }> {
  const items: Item[] = [];
  let token: string | undefined;
  do {
    const page = await list({ MaxResults: 100, NextToken: token });
    items.push(...itemsOf(page));
    token = page.NextToken;
  } while (token !== undefined && items.length < most);
  return { items, more: token !== undefined };
}

/** Returns an error handler that substitutes a value for data that the caller may not read. */
export function unlessRefused<Value>(instead: Value): (error: unknown) => Value {
  return (error) => {
    if (error instanceof ApiError && error.isRefusal) return instead;
    throw error;
  };
}

/** Looks up the principal of credentials. @throws ApiError if the service doesn't accept them */
export async function identify(credentials: Credentials): Promise<Identity> {
  const { Name, Arn, ExpirationTimestamp, Apis } = await send<GetIdentityOutput>(
    { method: 'GET', path: '/admin/identity', action: 'keyblock:GetIdentity' },
    credentials,
  );
  return {
    name: Name,
    arn: Arn,
    apis: Apis,
    ...(ExpirationTimestamp !== undefined && { expiresAt: 1000 * ExpirationTimestamp }),
  };
}

async function send<Output>(
  { method, path, body, action, resource }: Request,
  credentials: Credentials,
): Promise<Output> {
  const signal = callsSignal();
  const signer = new AwsV4Signer({
    ...credentials,
    ...(body !== undefined && { body }),
    method,
    url: new URL(path, location.origin).href,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    service: path.startsWith('/TrentService/') ? 'kms' : 'payment-cryptography',
    region: region.value,
  });
  const { url, headers } = await signer.sign();
  const unreachable = () => {
    throw new ApiError('NetworkError', 'The service could not be reached.', action, resource);
  };
  const response = await fetch(url, { method, headers, signal, ...(body !== undefined && { body }) }).catch(
    unreachable,
  );
  const requestId = response.headers.get('x-amzn-requestid') ?? undefined;
  const read = membersOf(await response.text().catch(unreachable));
  if (response.ok && read) return read as Output;
  if (response.ok) throw new ApiError('ResponseError', 'The response could not be read.', action, resource, requestId);
  const answer = read ?? {};
  const name = typeof answer['__type'] === 'string' ? answer['__type'].replace(/^.*#/, '') : `HTTP ${response.status}`;
  // KMS has its own exception name for denied access.
  const text = answer['message'] ?? answer['Message'];
  const message = typeof text === 'string' ? text : 'The service did not say why.';
  const approvals = response.headers.get('x-keyblock-approval')?.split(/,\s*/);
  // A call may need several permissions.
  const [, refused = action, on = resource] = /perform: (\S+) on resource: (\S+)/.exec(message) ?? [];
  const words = CLOCK_DIFFERS.test(message)
    ? `The clock of this computer differs from the service’s. ${message}`
    : message;
  throw new ApiError(name, words, refused, on, requestId, approvals);
}

/** How the service refuses a signature of another time. */
const CLOCK_DIFFERS = /^Signature (expired|not yet current)/;

/** Returns the members of a response, none of an empty one; undefined if it isn't JSON. */
function membersOf(body: string): Record<string, unknown> | undefined {
  if (body === '') return {};
  try {
    return JSON.parse(body) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
