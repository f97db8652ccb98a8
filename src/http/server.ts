import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { NotFoundException } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { AuditLog } from '../audit/audit-log.js';
import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import type { Api } from './api.js';
import { Apis } from './apis.js';
import { recordCall, refusedFor } from './call-record.js';
import { ServiceExceptionFilter } from './exception.filter.js';
import type { Metrics } from './metrics.js';
import { RequestLog } from './request-log.js';

/** Longest path parameter: an alias ARN of 322 characters, each percent-encoded. */
const MAX_LABEL = 3 * 322;

/** Longest time from the first byte of a request to its last; slower connections are closed some seconds later. */
const REQUEST_TIMEOUT_MS = 30_000;
const SLOW_CONNECTIONS = {
  connectionsCheckingInterval: 5_000,
  // Node swaps the two limits if the one for the head is longer.
  headersTimeout: REQUEST_TIMEOUT_MS,
};

/** Creates Fastify for AWS's framings: bodies stay bytes until their signature is verified, and every response has a request id. */
export function createServer(
  config: Config,
  logger: Logger,
  metrics: Metrics,
  audit: AuditLog,
  clock: Clock,
  served: readonly Api[],
): { adapter: FastifyAdapter; filter: ServiceExceptionFilter } {
  const { bodyLimitBytes, tls } = config;
  const apis = new Apis(served);
  const log = new RequestLog(logger);
  const operations: { method: string | string[]; pattern: RegExp }[] = [];
  const filter = new ServiceExceptionFilter(logger, (path) =>
    operations.flatMap(({ method, pattern }) => (pattern.test(path) ? method : [])),
  );
  const adapter = new FastifyAdapter({
    bodyLimit: bodyLimitBytes,
    ...(tls ? { https: { ...tls, ...SLOW_CONNECTIONS } } : { http: SLOW_CONNECTIONS }),
    routerOptions: { maxParamLength: MAX_LABEL },
    rewriteUrl: (request: IncomingMessage) => apis.rewriteUrl(request),
    genReqId: () => randomUUID(),
    // The router rejects paths that are too long or can't be decoded before any hook runs.
    frameworkErrors: (_error: unknown, request: FastifyRequest, reply: FastifyReply) => {
      begin(request, reply, apis);
      filter.answer(new NotFoundException(), request, reply);
      recordCall(request, audit, config, clock);
      record(request, reply, log, metrics);
    },
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
  });
  const fastify: FastifyInstance = adapter.getInstance();

  fastify.removeAllContentTypeParsers();
  // '*' covers the others, but Fastify looks a named one up faster.
  for (const contentType of new Set([...served.map((api) => api.contentType), '*']))
    fastify.addContentTypeParser(contentType, { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  fastify.decorateRequest('receivedAtMs', 0);
  fastify.decorateRequest('route');
  fastify.decorateRequest('api');
  fastify.decorateRequest('call', undefined);
  fastify.decorateRequest('exception', undefined);
  fastify.addHook('onRoute', ({ config, method, url }) => {
    if (config?.operation === undefined) return;
    operations.push({ method, pattern: new RegExp(`^${url.replaceAll(/:\w+/g, '[^/?]+')}(?:\\?|$)`) });
  });
  fastify.addHook('onRequest', (request, reply, done) => {
    begin(request, reply, apis);
    done(refusedFor(request, audit));
  });
  // Record the call before sending the response, so that calls whose client disconnects are recorded too.
  fastify.addHook('onSend', (request, reply, _payload, done) => {
    recordCall(request, audit, config, clock);
    record(request, reply, log, metrics);
    // Send the response after the other requests of this turn, so that all responses are written together: see docs/adr/0018.
    // hijack() marks the reply as sent; otherwise Fastify would send it again and Nest would wait for its end.
    reply.hijack();
    setImmediate(() => {
      try {
        done();
      } catch (error) {
        logger.error({ requestId: request.id, error: (error as Error).message }, 'an answer could not be sent');
        reply.raw.destroy();
      }
    });
  });
  return { adapter, filter };
}

/** Sets the route and the API of a request, and the headers of its response. */
function begin(request: FastifyRequest, reply: FastifyReply, apis: Apis): void {
  request.receivedAtMs = performance.now();
  request.route = request.routeOptions.config;
  request.api = request.route.api ?? apis.of(request);
  reply.header('x-amzn-requestid', request.id);
  if (!request.route.public) reply.type(request.api.contentType).serializer(toJson);
}

/** Serializes exceptions; operations return text. With a serializer of its own, Fastify would add a charset. */
function toJson(answer: unknown): string {
  return typeof answer === 'string' ? answer : JSON.stringify(answer);
}

/** Logs and counts every request but those to public routes: documentation, health and metrics. */
function record(request: FastifyRequest, reply: FastifyReply, log: RequestLog, metrics: Metrics): void {
  const { operation = 'unknown', public: isPublic } = request.route;
  if (isPublic) return;
  const outcome = request.exception?.name ?? 'ok';
  const durationMs = performance.now() - request.receivedAtMs;
  metrics.count(request.api.name, operation, outcome, durationMs / 1000);
  log.write(request, { operation, outcome, status: reply.statusCode, durationMs });
}
