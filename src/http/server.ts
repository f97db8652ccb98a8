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

/** Longest path label: an alias ARN of 322 characters, each percent-encoded. */
const MAX_LABEL = 3 * 322;

/** Longest time from the first byte of a request to its last: who sends slower is cut off, some seconds later. */
const REQUEST_TIMEOUT_MS = 30_000;
const SLOW_CONNECTIONS = {
  connectionsCheckingInterval: 5_000,
  // Node exchanges the two limits where that of the head is the longer one.
  headersTimeout: REQUEST_TIMEOUT_MS,
};

/** Fastify as the AWS framings want it: bodies stay bytes until their signature is verified, every answer has an id. */
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
    // The router refuses a path that it can't decode or that is too long before any hook runs.
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
  // Before the answer is sent: who hangs up, or is never answered, has called all the same.
  fastify.addHook('onSend', (request, reply, _payload, done) => {
    recordCall(request, audit, config, clock);
    record(request, reply, log, metrics);
    // After the requests that came with this one: all their answers are written together. See docs/adr/0018. Who asks is told
    // that it is sent: Fastify would send another, and Nest listen for its end.
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

/** What every request is told of its route, and what every answer has. */
function begin(request: FastifyRequest, reply: FastifyReply, apis: Apis): void {
  request.receivedAtMs = performance.now();
  request.route = request.routeOptions.config;
  request.api = request.route.api ?? apis.of(request);
  reply.header('x-amzn-requestid', request.id);
  if (!request.route.public) reply.type(request.api.contentType).serializer(toJson);
}

/** Operations answer in text; what is refused is an object. A serializer of our own keeps Fastify from adding a charset. */
function toJson(answer: unknown): string {
  return typeof answer === 'string' ? answer : JSON.stringify(answer);
}

/** One line of log and one count for every request but those for the documentation and the service's health. */
function record(request: FastifyRequest, reply: FastifyReply, log: RequestLog, metrics: Metrics): void {
  const { operation = 'unknown', public: isPublic } = request.route;
  if (isPublic) return;
  const outcome = request.exception?.name ?? 'ok';
  const durationMs = performance.now() - request.receivedAtMs;
  metrics.count(request.api.name, operation, outcome, durationMs / 1000);
  log.write(request, { operation, outcome, status: reply.statusCode, durationMs });
}
