import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';

const require = createRequire(import.meta.url);
const PUBLIC = { config: { public: true } } as const;

/** Nothing but what this service serves runs on its page. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/**
 * Serves the OpenAPI documents at /openapi and Swagger UI, which signs its requests in the browser, at /docs.
 *
 * @param region what the page signs for
 */
export async function serveDocs(fastify: FastifyInstance, region: string): Promise<void> {
  const page = (name: string) => readFileSync(fileURLToPath(new URL(`../../public/${name}`, import.meta.url)));
  const pages = [
    ['/docs', 'text/html; charset=utf-8', page('index.html')],
    ['/docs/page.js', 'text/javascript; charset=utf-8', page('page.js')],
    ['/docs/aws4fetch.js', 'text/javascript; charset=utf-8', readFileSync(aws4fetchPath())],
    ['/openapi/controlplane.json', 'application/json', openapi('controlplane')],
    ['/openapi/dataplane.json', 'application/json', openapi('dataplane')],
  ] as const;
  for (const [url, type, bytes] of pages)
    fastify.get(url, PUBLIC, (_request, reply: FastifyReply) =>
      reply
        .type(type)
        .headers({ 'content-security-policy': CONTENT_SECURITY_POLICY, 'x-keyblock-region': region })
        .send(bytes),
    );
  await fastify.register(fastifyStatic, {
    root: dirname(require.resolve('swagger-ui-dist/package.json')),
    prefix: '/docs/swagger-ui/',
    allowedPath: (path) =>
      /^\/(swagger-ui(-bundle|-standalone-preset)?\.(css|js)|favicon-(16|32)x\1?\d+\.png)$/.test(path),
    index: false,
    decorateReply: false,
  });
}

function openapi(plane: string): Buffer {
  return readFileSync(fileURLToPath(new URL(`../../openapi/${plane}.json`, import.meta.url)));
}

function aws4fetchPath(): string {
  return require.resolve('aws4fetch').replace(/cjs\.js$/, 'esm.js');
}
