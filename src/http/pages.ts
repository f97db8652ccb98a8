import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Config } from '../config/config.js';
import { InternalServerException } from '../errors/exceptions.js';
import { exceptionBody } from './framing.js';

/** Path of the human-readable documentation. */
export const DOCS = '/docs';

const NOT_ACCEPTED = /^q=0(?:\.0*)?$/;

/** The path of a request's target, which may be a whole URL. */
const PATH = /^(?:https?:\/\/[^/?]*)?([^?]*)/i;

/** Maximum time from the first byte of a request to its last; slower connections are closed some seconds later. */
const REQUEST_TIMEOUT_MS = 30_000;
const SERVER = {
  requestTimeout: REQUEST_TIMEOUT_MS,
  // Node swaps the two limits if the one for the head is longer.
  headersTimeout: REQUEST_TIMEOUT_MS,
  connectionsCheckingInterval: 5_000,
  keepAliveTimeout: 72_000,
};

/**
 * Replaces Fastify's compilers of JSON schemas, which take a long time to load and aren't needed: no page has a schema.
 */
function noSchema(): never {
  throw new Error('A page has no schema');
}

/**
 * The pages that Nest serves with Fastify, without authentication: documentation, health and metrics. All other
 * requests go to the front.
 */
export class Pages {
  readonly adapter: FastifyAdapter;
  /** The server of the pages and of the front. */
  readonly server: Server;
  readonly #paths = new Set<string>();
  readonly #handle: RequestListener;

  constructor({ tls }: Pick<Config, 'tls'>) {
    const made: { server?: Server; handle?: RequestListener } = {};
    this.adapter = new FastifyAdapter({
      genReqId: () => randomUUID(),
      // A request that arrives during the stop is served.
      return503OnClosing: false,
      schemaController: { compilersFactory: { buildValidator: noSchema, buildSerializer: noSchema } },
      serverFactory: (handle: RequestListener) => {
        made.handle = handle;
        return (made.server = tls ? createTlsServer({ ...SERVER, ...tls }) : createServer(SERVER));
      },
    });
    const fastify = this.adapter.getInstance();
    if (!made.server || !made.handle) throw new Error('Fastify made no server');
    this.server = made.server;
    spareAnswers(this.server, tls ? 'secureConnection' : 'connection');
    this.#handle = made.handle;
    fastify.addHook('onRoute', ({ url }) => void this.#paths.add(url));
    fastify.addHook('onRequest', (request, reply, done) => {
      reply.header('x-amzn-requestid', request.id);
      done();
    });
  }

  /** Serves a request for a page. @returns false if the request is for no page */
  serve(request: IncomingMessage, response: ServerResponse): boolean {
    const { method, url = '/' } = request;
    if (method !== 'GET' && method !== 'HEAD') return false;
    const [, path = ''] = PATH.exec(url) ?? [];
    const isPage = url === '/' ? isBrowser(request) : path !== '/' && this.#paths.has(path);
    if (isPage) this.#handle(request, response);
    return isPage;
  }
}

/**
 * Keeps idle connections open while any client has yet to receive an answer. Node.js counts a connection as idle as soon
 * as its answer is complete, and would cut off what a slow client has not read when the service stops.
 */
function spareAnswers(server: Server, connects: 'connection' | 'secureConnection'): void {
  const sockets = new Set<Socket>();
  server.on(connects, (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const closeIdleConnections = server.closeIdleConnections.bind(server);
  server.closeIdleConnections = () => {
    if (![...sockets].some(({ writableLength }) => writableLength > 0)) closeIdleConnections();
  };
}

/** True for a browser that requests `/` as a page rather than as an operation. */
export function isBrowser({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>): boolean {
  return method === 'GET' && headers['x-amz-target'] === undefined && acceptsHtml(headers.accept);
}

/** True if an Accept header names text/html, and not with a quality of 0. */
function acceptsHtml(accept = ''): boolean {
  return accept.split(',').some((range) => {
    const [type, ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    return type === 'text/html' && !parameters.some((parameter) => NOT_ACCEPTED.test(parameter));
  });
}

/** Answers the failure of a page, without details. */
@Catch()
export class PageFailureFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch({ name, message, stack }: Error, host: ArgumentsHost): void {
    const request: FastifyRequest = host.switchToHttp().getRequest();
    const reply: FastifyReply = host.switchToHttp().getResponse();
    this.logger.error({ requestId: request.id, error: { name, message, stack } }, 'internal error');
    void reply.status(500).send(exceptionBody(new InternalServerException()));
  }
}
