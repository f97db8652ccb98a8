import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../config/config.js';
import { EXAMPLE_REPLICATION_REGION, EXAMPLE_SCOPE } from '../http/fields.js';
import { keptFile } from '../http/kept-file.js';
import { DOCS } from '../http/pages.js';

/**
 * The console's policy with two exceptions for Swagger UI: its style sheet embeds images, and it inserts the
 * operations' descriptions, which come from this service, as markup.
 */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
};

const HTML = 'text/html; charset=utf-8';
const CSS = 'text/css; charset=utf-8';
const JS = 'text/javascript; charset=utf-8';
const JSON_TYPE = 'application/json';

const require = createRequire(import.meta.url);
const swaggerUi = (name: string) => join(dirname(require.resolve('swagger-ui-dist/package.json')), name);
const packageFile = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const FILES: readonly (readonly [url: string, type: string, file: string])[] = [
  ['/docs/page.js', JS, packageFile('public/page.js')],
  ['/docs/aws4fetch.js', JS, require.resolve('aws4fetch').replace(/cjs\.js$/, 'esm.js')],
  ['/docs/swagger-ui.css', CSS, swaggerUi('swagger-ui.css')],
  ['/docs/swagger-ui-bundle.js', JS, swaggerUi('swagger-ui-bundle.js')],
  ['/docs/swagger-ui-standalone-preset.js', JS, swaggerUi('swagger-ui-standalone-preset.js')],
  ['/openapi/controlplane.json', JSON_TYPE, packageFile('openapi/controlplane.json')],
  ['/openapi/dataplane.json', JSON_TYPE, packageFile('openapi/dataplane.json')],
  ['/openapi/kms.json', JSON_TYPE, packageFile('openapi/kms.json')],
  ['/openapi/xks-proxy.json', JSON_TYPE, packageFile('openapi/xks-proxy.json')],
  ['/openapi/cckm.json', JSON_TYPE, packageFile('openapi/cckm.json')],
  ['/openapi/admin.json', JSON_TYPE, packageFile('openapi/admin.json')],
];

/** Files that the build writes beside those of the console: patterns of their names, and where they are served. */
const BUILT: readonly (readonly [pattern: RegExp, url: (name: string) => string, type: string])[] = [
  [/^docs-\w+\.css$/, () => '/docs/docs.css', CSS],
  [/^favicon-\w+\.svg$/, () => '/docs/favicon.svg', 'image/svg+xml'],
  [/\.woff2$/, (name) => `/docs/${name}`, 'font/woff2'],
];

type DocsConfig = Pick<Config, 'accountId' | 'console' | 'consoleLabel' | 'region' | 'regions'>;

/** Serves the OpenAPI documents at /openapi and Swagger UI, which signs its requests in the browser, at /docs. */
export function serveDocs(fastify: FastifyInstance, config: DocsConfig): void {
  const headers = { ...HEADERS, 'x-keyblock-region': config.region };
  const html = withDeployment(config, readFileSync(packageFile('public/index.html'), 'utf8'));
  fastify.get(DOCS, (_request, reply) => reply.type(HTML).headers(headers).send(html));
  const folder = packageFile('public/console');
  const built = readdirSync(folder).flatMap((name) =>
    BUILT.flatMap(([pattern, url, type]) =>
      pattern.test(name) ? [[url(name), type, join(folder, name)] as const] : [],
    ),
  );
  for (const [url, type, path] of [...FILES, ...built]) {
    const file = type === JSON_TYPE ? keptFile(path, (text) => withExamplesOf(config, text)) : keptFile(path);
    fastify.get(url, async (_request, reply) =>
      reply
        .type(type)
        .headers(headers)
        .send(await file()),
    );
  }
}

/** Inserts the label of this deployment into the page, and a link to the console if it is served. */
function withDeployment({ console, consoleLabel: label }: DocsConfig, html: string): string {
  const isOff = console === 'off';
  const escaped = label?.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
  return html
    .replace('{{home}}', isOff ? DOCS : '/console/')
    .replace('{{console}}', isOff ? '' : '<a href="/console/">Console</a>')
    .replace('{{label}}', () => (escaped === undefined ? '' : `<span class="stage">${escaped}</span>`));
}

/** Inserts the account and the Regions of this deployment into the examples of a document. */
function withExamplesOf(
  { accountId, region, regions }: Pick<Config, 'accountId' | 'region' | 'regions'>,
  document: Buffer,
): Buffer {
  const other = regions.find((served) => served !== region) ?? EXAMPLE_REPLICATION_REGION;
  const text = document
    .toString()
    .replaceAll(`${EXAMPLE_SCOPE.region}:${EXAMPLE_SCOPE.accountId}`, `${region}:${accountId}`)
    .replaceAll(`iam::${EXAMPLE_SCOPE.accountId}`, `iam::${accountId}`)
    .replaceAll(`"${EXAMPLE_REPLICATION_REGION}"`, `"${other}"`);
  return Buffer.from(text);
}
