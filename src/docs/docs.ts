import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../config/config.js';
import { EXAMPLE_REPLICATION_REGION, EXAMPLE_SCOPE } from '../http/fields.js';
import { DOCS } from '../http/pages.js';

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
  ['/openapi/kms.json', JSON_TYPE, packageFile('openapi/kms.json')],
  ['/openapi/xks-proxy.json', JSON_TYPE, packageFile('openapi/xks-proxy.json')],
  ['/openapi/cckm.json', JSON_TYPE, packageFile('openapi/cckm.json')],
  ['/openapi/admin.json', JSON_TYPE, packageFile('openapi/admin.json')],
];

/** Serves the OpenAPI documents at /openapi and Swagger UI, which signs its requests in the browser, at /docs. */
export function serveDocs(fastify: FastifyInstance, config: Pick<Config, 'accountId' | 'region' | 'regions'>): void {
  const { region } = config;
  const headers = { 'content-security-policy': CONTENT_SECURITY_POLICY, 'x-keyblock-region': region };
  for (const [url, type, file] of FILES)
    fastify.get(url, async (_request, reply) =>
      reply
        .type(type)
        .headers(headers)
        .send(
          type === JSON_TYPE ? Buffer.from(withExamplesOf(config, await readFile(file, 'utf8'))) : await readFile(file),
        ),
    );
}

/** Puts the account and the Regions of this deployment into the examples of a document. */
function withExamplesOf(
  { accountId, region, regions }: Pick<Config, 'accountId' | 'region' | 'regions'>,
  document: string,
): string {
  const other = regions.find((served) => served !== region) ?? EXAMPLE_REPLICATION_REGION;
  return document
    .replaceAll(`${EXAMPLE_SCOPE.region}:${EXAMPLE_SCOPE.accountId}`, `${region}:${accountId}`)
    .replaceAll(`iam::${EXAMPLE_SCOPE.accountId}`, `iam::${accountId}`)
    .replaceAll(`"${EXAMPLE_REPLICATION_REGION}"`, `"${other}"`);
}
