import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { Call, Plane } from '../call.js';
import type { ServiceException } from '../errors/exceptions.js';

/** Asks policies before an operation runs. */
export interface Authorizer {
  /**
   * Lets the call of an operation proceed.
   *
   * @returns a promise only where something has to be looked up
   * @throws AccessDeniedException
   */
  authorize(call: Call): Promise<void> | undefined;
}

declare module 'fastify' {
  interface FastifyInstance {
    authorizer: Authorizer;
  }
  interface FastifyContextConfig {
    /** The operation that a route serves. */
    operation?: string;
    /** The route answers without a signature. */
    public?: boolean;
  }
  interface FastifyRequest {
    /** When its head was there, by the monotonic clock. */
    receivedAtMs: number;
    /** The route's config, which `routeOptions` makes anew, with much else, each time that it is read. */
    route: FastifyContextConfig;
    /** Set when the signature is verified. */
    call: Call | undefined;
    /** The exception that was answered. */
    exception: ServiceException | undefined;
  }
}

/** A request for an operation: it isn't routed before its signature is verified. */
export type SignedRequest = FastifyRequest & { call: Call };

/** Paths of the control plane's operations begin with it, and so do the targets that stand for them. */
export const CONTROL_PLANE = 'PaymentCryptographyControlPlane';

/** Paths of the admin API begin with it. */
export const ADMIN = 'admin';

const TARGET = new RegExp(`^${CONTROL_PLANE}\\.(\\w+)$`);

/** Path of the documentation for people. */
export const DOCS = '/docs';

const ACCEPTS_HTML = /(?:^|,)\s*text\/html\s*(?:[;,]|$)/i;

/**
 * AWS JSON has every operation as POST / with its name in X-Amz-Target: routed as a path of its own. A browser that asks for / is
 * routed to the documentation. What is neither a path nor a URL becomes a path: Nest would answer it before any hook of ours runs.
 */
export function rewriteUrl({
  method,
  url = '/',
  headers,
}: Pick<IncomingMessage, 'method' | 'url' | 'headers'>): string {
  if (!url.startsWith('/') && !/^https?:/i.test(url)) return `/${url}`;
  if (url !== '/') return url;
  const target = headers['x-amz-target'];
  if (target === undefined) return method === 'GET' && ACCEPTS_HTML.test(headers.accept ?? '') ? DOCS : url;
  const operation = typeof target === 'string' ? TARGET.exec(target)?.[1] : undefined;
  return operation === undefined ? url : `/${CONTROL_PLANE}/${operation}`;
}

/** Which API a request speaks. */
export function planeOf(request: FastifyRequest): Plane {
  if (request.originalUrl === '/' || request.url.startsWith(`/${CONTROL_PLANE}/`)) return 'control';
  return request.url.startsWith(`/${ADMIN}/`) ? 'admin' : 'data';
}

/** The content type of every answer, bare, where Fastify would add a charset. */
export function contentTypeOf(request: FastifyRequest): string {
  return planeOf(request) === 'control' ? 'application/x-amz-json-1.0' : 'application/json';
}
