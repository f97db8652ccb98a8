import { version } from '../command.js';
import { EXIT, Failure } from '../failure.js';

const TIMEOUT_MS = 60_000;

/** An access key that signs requests. */
export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
}

/** A service, and the caller who signs requests to it. */
export interface Connection {
  /** URL without a slash at its end. */
  endpoint: string;
  region: string;
  credentials: Credentials;
}

/** A request to sign. */
export interface Request {
  /** The service that the signature names. */
  service: string;
  method: string;
  /** Path with its query, percent-encoded. */
  path: string;
  headers?: Record<string, string>;
  body?: string | undefined;
}

/**
 * Signs a request and sends it.
 *
 * @throws Failure if the service doesn't respond
 */
export async function signedFetch(
  { endpoint, region, credentials }: Connection,
  { service, method, path, headers = {}, body }: Request,
): Promise<Response> {
  // Imported on demand, because most commands don't need it.
  const { AwsV4Signer } = await import('aws4fetch');
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const signed = await new AwsV4Signer({
    accessKeyId,
    secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
    ...(body !== undefined && { body }),
    service,
    region,
    method,
    url: `${endpoint}${path}`,
    headers: { ...headers, 'user-agent': `keyblock/${version}` },
  }).sign();
  try {
    return await fetch(signed.url, {
      method,
      headers: signed.headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body !== undefined && { body }),
    });
  } catch (error) {
    throw new Failure(EXIT.unavailable, `${endpoint} can't be reached: ${reasonOf(error)}`, { name: 'Unreachable' });
  }
}

/** Finds the system's message, which fetch wraps. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error & { cause?: Error & { code?: string } };
  return cause?.message || cause?.code || message;
}

/** Parses the text of a response. @returns undefined if it isn't a JSON object */
export function jsonObjectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
