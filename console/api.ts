import { AwsV4Signer } from 'aws4fetch';
import { type Credentials, currentCredentials, type Identity, region, signOut } from './session.js';

/** The service refused or failed a call, or could not be reached. */
export class ApiError extends Error {
  /**
   * @param name      the exception's name, as in the API
   * @param action    the IAM action of the call
   * @param requestId absent if no response arrived
   */
  constructor(
    override readonly name: string,
    message: string,
    readonly action: string,
    readonly requestId?: string,
  ) {
    super(message);
  }

  get isRefusal(): boolean {
    return this.name === 'AccessDeniedException';
  }
}

/** Refusals of the credentials themselves, after which nothing else would be served. */
const SIGNED_OUT: Readonly<Record<string, string>> = {
  ExpiredTokenException: 'Your session has expired.',
  UnrecognizedClientException: 'The access key is no longer valid.',
};

interface Request {
  method: 'GET' | 'POST';
  path: string;
  body?: string;
  action: string;
}

/** Calls an operation of the control plane in the page's Region. @throws ApiError */
export function control<Output>(operation: string, input: object = {}): Promise<Output> {
  return signed(controlRequest(operation, input));
}

/** Calls an operation of the data plane in the page's Region. @param path e.g. `/cryptogram/verify` @throws ApiError */
export function dataPlane<Output>(operation: string, path: string, input: object): Promise<Output> {
  const action = `payment-cryptography:${operation}`;
  return signed({ method: 'POST', path, body: JSON.stringify(input), action });
}

async function signed<Output>(request: Request): Promise<Output> {
  try {
    return await send<Output>(request, currentCredentials() ?? NOBODY);
  } catch (error) {
    const reason = error instanceof ApiError ? SIGNED_OUT[error.name] : undefined;
    if (reason !== undefined) signOut(reason);
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

/** Returns a handler of failures that puts another value in the place of what the caller may not see. */
export function unlessRefused<Value>(instead: Value): (error: unknown) => Value {
  return (error) => {
    if (error instanceof ApiError && error.isRefusal) return instead;
    throw error;
  };
}

/**
 * Finds out who credentials belong to. A service without GetIdentity is asked for an alias: whatever it answers except
 * for a fault of the signature, it has accepted the credentials.
 *
 * @throws ApiError if the service doesn't accept them
 */
export async function identify(credentials: Credentials): Promise<Identity> {
  try {
    const { Name, ExpirationTimestamp } = await send<{ Name: string; ExpirationTimestamp?: number }>(
      GET_IDENTITY,
      credentials,
    );
    return { name: Name, ...(ExpirationTimestamp !== undefined && { expiresAt: 1000 * ExpirationTimestamp }) };
  } catch (error) {
    // An older service takes the path for that of ListPrincipals.
    if (!(error instanceof ApiError) || error.name !== 'ValidationException') throw error;
  }
  try {
    await send(controlRequest('ListAliases', { MaxResults: 1 }), credentials);
  } catch (error) {
    if (!(error instanceof ApiError) || !error.isRefusal) throw error;
  }
  return { name: credentials.accessKeyId };
}

/** After a sign-out, a call that was about to be sent is refused by the service. */
const NOBODY: Credentials = { accessKeyId: 'SIGNEDOUT', secretAccessKey: '' };

const GET_IDENTITY: Request = { method: 'GET', path: '/admin/identity', action: 'keyblock:GetIdentity' };

const controlRequest = (operation: string, input: object): Request => ({
  method: 'POST',
  path: `/PaymentCryptographyControlPlane/${operation}`,
  body: JSON.stringify(input),
  action: `payment-cryptography:${operation}`,
});

async function send<Output>({ method, path, body, action }: Request, credentials: Credentials): Promise<Output> {
  const signer = new AwsV4Signer({
    ...credentials,
    ...(body !== undefined && { body }),
    method,
    url: new URL(path, location.origin).href,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    service: 'payment-cryptography',
    region: region.value,
  });
  const { url, headers } = await signer.sign();
  const response = await fetch(url, { method, headers, ...(body !== undefined && { body }) }).catch(() => {
    throw new ApiError('NetworkError', 'The service could not be reached.', action);
  });
  const requestId = response.headers.get('x-amzn-requestid') ?? undefined;
  const answer = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  if (response.ok) return answer as Output;
  const name = typeof answer['__type'] === 'string' ? answer['__type'].replace(/^.*#/, '') : `HTTP ${response.status}`;
  const message = typeof answer['message'] === 'string' ? answer['message'] : 'The service did not say why.';
  throw new ApiError(name, message, action, requestId);
}
