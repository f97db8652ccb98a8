import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import { DOCS } from '../http/apis.js';

/** Allows the page to load only what this service serves. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

const HTML = 'text/html; charset=utf-8';
const CSS = 'text/css; charset=utf-8';
const JS = 'text/javascript; charset=utf-8';
const JSON_TYPE = 'application/json';

const require = createRequire(import.meta.url);
const swaggerUi = (name: string) => join(dirname(require.resolve('swagger-ui-dist/package.json')), name);
const packageFile = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const FILES: readonly (readonly [url: string, type: string, file: string])[] = [
  [DOCS, HTML, packageFile('public/index.html')],
  ['/docs/page.js', JS, packageFile('public/page.js')],
  ['/docs/aws4fetch.js', JS, require.resolve('aws4fetch').replace(/cjs\.js$/, 'esm.js')],
  ['/docs/swagger-ui.css', CSS, swaggerUi('swagger-ui.css')],
  ['/docs/swagger-ui-bundle.js', JS, swaggerUi('swagger-ui-bundle.js')],
  ['/docs/swagger-ui-standalone-preset.js', JS, swaggerUi('swagger-ui-standalone-preset.js')],
  ['/docs/favicon.png', 'image/png', swaggerUi('favicon-32x32.png')],
  ['/openapi/controlplane.json', JSON_TYPE, packageFile('openapi/controlplane.json')],
  ['/openapi/dataplane.json', JSON_TYPE, packageFile('openapi/dataplane.json')],
  ['/openapi/admin.json', JSON_TYPE, packageFile('openapi/admin.json')],
];

/**
 * Serves the OpenAPI documents at /openapi and Swagger UI, which signs its requests in the browser, at /docs.
 *
 * @param region Region for which the page signs requests
 */
export function serveDocs(fastify: FastifyInstance, region: string): void {
  const headers = { 'content-security-policy': CONTENT_SECURITY_POLICY, 'x-keyblock-region': region };
  for (const [url, type, file] of FILES)
    fastify.get(url, { config: { public: true } }, async ({ originalUrl }, reply) =>
      // A browser's request for / is routed here; it needs a redirect because the page's links are relative to its path.
      originalUrl === '/'
        ? reply.redirect(url)
        : reply
            .type(type)
            .headers(headers)
            .send(await readFile(file)),
    );
}
