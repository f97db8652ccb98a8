import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config/config.js';
import { keptFile } from '../http/kept-file.js';
import { DOCS } from '../http/pages.js';

export const CONSOLE = '/console/';

/** Folder into which the build writes the files of console/. */
const FOLDER = fileURLToPath(new URL('../../public/console', import.meta.url));

/** Lists the scripts that only the workbench loads; the build writes it. */
const WORKBENCH = 'workbench.json';

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
};

/** A name contains a hash of the file. */
const FOREVER = 'public, max-age=31536000, immutable';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.woff2': 'font/woff2',
};

/** Compressed copies by their content encoding, the smallest first. */
const ENCODINGS = { br: '.br', gzip: '.gz' } as const;
type Encoding = keyof typeof ENCODINGS;

type ConsoleConfig = Pick<Config, 'accountId' | 'console' | 'consoleLabel' | 'region' | 'regions'>;

/**
 * Serves the console, static files that call the signed APIs from the browser, and redirects browsers from `/` to it.
 * If the console is off, redirects them to the documentation instead.
 */
export function serveConsole(fastify: FastifyInstance, config: ConsoleConfig): void {
  const isOff = config.console === 'off';
  fastify.get('/', (_request, reply) => reply.redirect(isOff ? DOCS : CONSOLE));
  if (isOff) return;

  const html = withDeployment(config, readFileSync(join(FOLDER, 'index.html'), 'utf8'));
  fastify.get(CONSOLE, (_request, reply) =>
    reply
      .headers(HEADERS)
      .headers({ 'cache-control': 'no-cache', 'content-type': 'text/html; charset=utf-8' })
      .send(html),
  );
  // The page's links are relative to its folder.
  fastify.get('/console', (_request, reply) => reply.redirect(CONSOLE));
  for (const { name, type, encodings } of filesFor(config)) {
    const plain = keptFile(join(FOLDER, name));
    const encoded = new Map(
      encodings.map((encoding) => [encoding, keptFile(join(FOLDER, `${name}${ENCODINGS[encoding]}`))]),
    );
    fastify.get(`${CONSOLE}${name}`, async (request, reply) => {
      const encoding = encodingFor(request, encodings);
      const content = await ((encoding && encoded.get(encoding)) ?? plain)();
      return withEncoding(reply, encoding)
        .headers(HEADERS)
        .headers({ 'cache-control': FOREVER })
        .type(type)
        .send(content);
    });
  }
}

interface ConsoleFile {
  name: string;
  type: string;
  encodings: readonly Encoding[];
}

function filesFor({ console }: ConsoleConfig): ConsoleFile[] {
  const names = readdirSync(FOLDER);
  const left =
    console === 'no-workbench' ? (JSON.parse(readFileSync(join(FOLDER, WORKBENCH), 'utf8')) as string[]) : [];
  return names.flatMap((name) => {
    const type = TYPES[extname(name)];
    if (type === undefined || left.includes(name)) return [];
    const encodings = (Object.keys(ENCODINGS) as Encoding[]).filter((encoding) =>
      names.includes(`${name}${ENCODINGS[encoding]}`),
    );
    return [{ name, type, encodings }];
  });
}

/** Returns the first encoding that the client accepts; undefined for the file itself. */
function encodingFor({ headers }: FastifyRequest, encodings: readonly Encoding[]): Encoding | undefined {
  const accepted = (headers['accept-encoding'] ?? '').split(',').map((coding) => coding.trim().toLowerCase());
  return encodings.find((encoding) => accepted.includes(encoding));
}

function withEncoding(reply: FastifyReply, encoding: Encoding | undefined): FastifyReply {
  return reply.headers({ vary: 'accept-encoding', ...(encoding && { 'content-encoding': encoding }) });
}

/** Inserts the data for the sign-in page into the page. */
function withDeployment(config: ConsoleConfig, html: string): string {
  const { accountId, console, consoleLabel: label, region, regions } = config;
  const deployment = JSON.stringify({ accountId, region, regions, label, workbench: console === 'on' });
  const escaped = deployment.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
  return html.replace('{{deployment}}', () => escaped);
}
