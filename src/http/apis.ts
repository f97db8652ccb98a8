import type { IncomingMessage } from 'node:http';
import { type Api, pathPrefix } from './api.js';

/** Path of the documentation for people. */
export const DOCS = '/docs';

const ACCEPTS_HTML = /(?:^|,)\s*text\/html\s*(?:[;,]|$)/i;

/** The APIs of a server, distinguished by target and path. */
export class Apis {
  readonly #byPrefix: readonly (readonly [prefix: string, api: Api])[];
  readonly #target: RegExp;
  /** Answers `/` without a known target. */
  readonly #atRoot: Api;
  /** Answers every path that doesn't begin like another API's. */
  readonly #otherwise: Api;

  /** @param apis one or more of AWS JSON, the first of which answers unknown targets, and one with the empty path */
  constructor(readonly all: readonly Api[]) {
    this.#byPrefix = all.map((api) => [pathPrefix(api), api] as const).filter(([prefix]) => prefix !== '/');
    const targets = all.flatMap(({ routing }) => ('target' in routing ? routing.target : []));
    this.#target = new RegExp(`^(${targets.join('|')})\\.(\\w+)$`);
    this.#atRoot = required(all.find(({ routing }) => 'target' in routing));
    this.#otherwise = required(all.find((api) => pathPrefix(api) === '/'));
  }

  /**
   * Rewrites the URL of a request before it is routed. An operation of AWS JSON gets a path of its own, and a browser that asks
   * for / gets the documentation. A target that is neither a path nor a URL becomes a path: Nest would answer it before any hook
   * of ours runs.
   */
  rewriteUrl({ method, url = '/', headers }: Pick<IncomingMessage, 'method' | 'url' | 'headers'>): string {
    if (!url.startsWith('/') && !/^https?:/i.test(url)) return `/${url}`;
    if (url !== '/') return url;
    const target = headers['x-amz-target'];
    if (target === undefined) return method === 'GET' && ACCEPTS_HTML.test(headers.accept ?? '') ? DOCS : url;
    const [, prefix, operation] = (typeof target === 'string' && this.#target.exec(target)) || [];
    return prefix === undefined || operation === undefined ? url : `/${prefix}/${operation}`;
  }

  /** Returns the API of a request that matches no route. @param url the rewritten one */
  of({ url, originalUrl }: { url: string; originalUrl: string }): Api {
    for (const [prefix, api] of this.#byPrefix) if (url.startsWith(prefix)) return api;
    return originalUrl === '/' ? this.#atRoot : this.#otherwise;
  }
}

function required(api: Api | undefined): Api {
  if (!api) throw new Error('The server needs an API of AWS JSON and one with the empty path');
  return api;
}
