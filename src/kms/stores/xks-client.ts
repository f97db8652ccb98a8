import { createHash } from 'node:crypto';
import { lookup as resolveName, type LookupAddress } from 'node:dns';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { isIP } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import { AwsV4Signer } from 'aws4fetch';
import { z } from 'zod';
import { CONFIG, type Config } from '../../config/config.js';
import { isPublic } from './public-address.js';

/** Time after which an unused connection is closed. Servers on Node.js close it after 5 s. */
const IDLE_MS = 4000;
const MAX_RESPONSE_BYTES = 65_536;
const SERVICE = 'kms-xks-proxy';

/** An external key store proxy and the credential for it. */
export interface XksProxy {
  /** `https://` and a host. */
  endpoint: string;
  /** Ends in `/kms/xks/v1`. */
  path: string;
  accessKeyId: string;
  secretAccessKey: string;
  region: string;
}

/** Faults of a call to a proxy, and the errors of the XKS proxy API. */
export type XksFault =
  | 'TimedOut'
  | 'NotReachable'
  | 'InvalidTls'
  | 'InvalidResponse'
  | 'ValidationException'
  | 'InvalidStateException'
  | 'InvalidCiphertextException'
  | 'InvalidKeyUsageException'
  | 'AuthenticationFailedException'
  | 'AccessDeniedException'
  | 'KeyNotFoundException'
  | 'InvalidUriPathException'
  | 'ThrottlingException'
  | 'InternalException'
  | 'UnsupportedOperationException'
  | 'DependencyTimeoutException';

const PROXY_ERRORS: ReadonlySet<string> = new Set<XksFault>([
  'ValidationException',
  'InvalidStateException',
  'InvalidCiphertextException',
  'InvalidKeyUsageException',
  'AuthenticationFailedException',
  'AccessDeniedException',
  'KeyNotFoundException',
  'InvalidUriPathException',
  'ThrottlingException',
  'InternalException',
  'UnsupportedOperationException',
  'DependencyTimeoutException',
]);

/** Thrown if a proxy refuses a call or fails. The proxy's message is not forwarded. */
export class XksError extends Error {
  override readonly name = 'XksError';

  constructor(
    readonly fault: XksFault,
    message: string,
  ) {
    super(message);
  }
}

interface Answer {
  status: number;
  text: string;
}

const ErrorBody = z.object({ errorName: z.string() });

/**
 * Calls external key store proxies over HTTPS. A proxy's URI comes from a caller, so only public addresses on port 443
 * are allowed, unless KEYBLOCK_XKS_ENDPOINTS lists the host. Redirects are not followed.
 */
@Injectable()
export class XksClient {
  readonly #agent = new Agent({ keepAlive: true, timeout: IDLE_MS, maxSockets: 50, minVersion: 'TLSv1.2' });

  constructor(@Inject(CONFIG) private readonly config: Config) {}

  /**
   * Calls a proxy.
   *
   * @param path   after the proxy's path, such as `/health`
   * @param schema of the response; members that it doesn't have are ignored
   * @throws XksError
   */
  async call<T>(proxy: XksProxy, path: string, body: object, schema: z.ZodType<T>): Promise<T> {
    const { status, text } = await this.#send(proxy, path, JSON.stringify(body));
    const json = parsed(text);
    if (status === 200) {
      const response = schema.safeParse(json);
      if (response.success) return response.data;
      throw new XksError('InvalidResponse', 'The external key store proxy sent an invalid response.');
    }
    const { data } = ErrorBody.safeParse(json);
    if (!data || !PROXY_ERRORS.has(data.errorName))
      throw new XksError('InvalidResponse', `The external key store proxy answered status ${status} without an error.`);
    throw new XksError(data.errorName as XksFault, `The external key store proxy answered ${data.errorName}.`);
  }

  async #send({ endpoint, path, ...proxy }: XksProxy, call: string, body: string) {
    const url = new URL(`${endpoint}${path}${call}`);
    const listed = this.config.xksEndpoints.find(({ host }) => host === url.hostname);
    if (listed?.port !== undefined) url.port = String(listed.port);
    const sha256 = createHash('sha256').update(body).digest('hex');
    const { headers } = await new AwsV4Signer({
      ...{ url: url.href, method: 'POST', body, service: SERVICE, region: proxy.region },
      ...{ accessKeyId: proxy.accessKeyId, secretAccessKey: proxy.secretAccessKey },
      headers: { 'content-type': 'application/json', 'x-amz-content-sha256': sha256 },
    }).sign();
    const address = url.hostname.replace(/^\[|\]$/g, '');
    if (!listed && isIP(address) && !isPublic(address))
      throw new XksError('NotReachable', `${address} is not a public address and is not in KEYBLOCK_XKS_ENDPOINTS.`);
    return this.#exchange(url, Object.fromEntries(headers), body, listed ? undefined : publicAddresses);
  }

  #exchange(url: URL, headers: Record<string, string>, body: string, lookup: typeof publicAddresses | undefined) {
    const { xksTimeoutMs } = this.config;
    return new Promise<Answer>((resolve, reject) => {
      let outgoing: ClientRequest;
      let isSettled = false;
      const settle = () => {
        isSettled = true;
        clearTimeout(timer);
      };
      // A destroyed request doesn't always emit an error, so the code that ends the call also rejects.
      const fail = (error: Error) => {
        settle();
        reject(faultOf(error));
        outgoing.destroy();
      };
      const timer = setTimeout(() => {
        fail(outgoing.socket?.connecting ? unconnected(xksTimeoutMs) : late(xksTimeoutMs));
      }, xksTimeoutMs);
      const read = (response: IncomingMessage) =>
        readAnswer(response, fail, (answer) => {
          settle();
          resolve(answer);
        });
      const send = () => {
        let hasResponse = false;
        const sent = request(url, { method: 'POST', headers, agent: this.#agent, ...(lookup && { lookup }) });
        outgoing = sent;
        sent.on('error', (error) => {
          if (isSettled) return;
          // The proxy closed an idle connection, which this process learns only from sending. Each attempt removes one.
          if (sent.reusedSocket && !hasResponse && isClosing(error)) send();
          else fail(error);
        });
        sent.once('upgrade', (_response, socket) => {
          socket.destroy();
          fail(new XksError('InvalidResponse', 'The external key store proxy does not speak HTTPS.'));
        });
        sent.once('response', (response) => {
          hasResponse = true;
          read(response);
        });
        sent.end(body);
      };
      send();
    });
  }
}

/** Collects the body of a response, and calls `done` at its end. */
function readAnswer(response: IncomingMessage, fail: (error: Error) => void, done: (answer: Answer) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_RESPONSE_BYTES)
      fail(new XksError('InvalidResponse', 'The response of the external key store proxy is too long.'));
    else chunks.push(chunk);
  });
  response.on('error', fail);
  response.once('end', () => {
    done({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
  });
}

function unconnected(ms: number): XksError {
  return new XksError('NotReachable', `The external key store proxy is not reachable (no connection within ${ms} ms).`);
}

function late(ms: number): XksError {
  return new XksError('TimedOut', `The external key store proxy did not answer within ${ms} ms.`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Error codes of Node.js for certificates and for the protocol of TLS. */
const TLS_FAULT =
  /^(?:ERR_TLS_|ERR_SSL_|EPROTO|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA)/;

/** True for the error of a connection that the other side has closed. */
function isClosing({ code }: Error & { code?: string }): boolean {
  return code === 'ECONNRESET' || code === 'EPIPE';
}

function faultOf(error: Error & { code?: string }): XksError {
  if (error instanceof XksError) return error;
  // Codes of Node.js's parser of HTTP.
  if (error.code?.startsWith('HPE_'))
    return new XksError('InvalidResponse', `The external key store proxy does not speak HTTP (${error.code}).`);
  if (TLS_FAULT.test(error.code ?? ''))
    return new XksError('InvalidTls', `The TLS of the external key store proxy is not usable (${error.code}).`);
  return new XksError(
    'NotReachable',
    `The external key store proxy is not reachable (${error.code ?? error.message}).`,
  );
}

type Resolved = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;

/** Resolves a name, and fails if it has an address that isn't public. */
function publicAddresses(hostname: string, options: { all?: boolean }, done: Resolved): void {
  resolveName(hostname, { all: true }, (error, addresses) => {
    if (error) {
      // On an error there are no addresses, contrary to the type.
      done(error, []);
      return;
    }
    const [first] = addresses;
    if (!first || !addresses.every(({ address }) => isPublic(address)))
      done(new XksError('NotReachable', `${hostname} has no public address and is not in KEYBLOCK_XKS_ENDPOINTS.`), []);
    else if (options.all) done(null, addresses);
    else done(null, first.address, first.family);
  });
}
