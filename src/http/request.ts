import type { FastifyRequest } from 'fastify';
import type { Call } from '../call.js';
import type { ServiceException } from '../errors/exceptions.js';
import type { Api } from './api.js';

/** Evaluates policies before an operation runs. */
export interface Authorizer {
  /**
   * Evaluates policies for a call whose input is validated.
   *
   * @param resource the kind of resource that the operation states
   * @returns a promise only if something has to be looked up
   * @throws AccessDeniedException
   */
  authorize(call: Call, resource: string): Promise<void> | undefined;
}

declare module 'fastify' {
  interface FastifyInstance {
    authorizers: ReadonlyMap<Api, Authorizer>;
  }
  interface FastifyContextConfig {
    /** The operation that a route serves, and its API. */
    operation?: string;
    api?: Api;
    /** True for a route that answers without a signature. */
    public?: boolean;
  }
  interface FastifyRequest {
    /** Arrival of the request's head, by the monotonic clock. */
    receivedAtMs: number;
    /** The route's config. Fastify computes it, with much else, each time that `routeOptions` is read. */
    route: FastifyContextConfig;
    /** The API that is called, also if no operation is. */
    api: Api;
    /** Set once the signature is verified. */
    call: Call | undefined;
    /** The exception that was answered. */
    exception: ServiceException | undefined;
  }
}

/** A request for an operation, whose signature is verified. */
export type SignedRequest = FastifyRequest & { call: Call };
