import { type Api, pathPrefix } from '../http/api.js';

/** The prefix of a path: segments that need no percent-encoding, each with a slash before it. */
const PREFIX = /^(?:\/[\w-]+)*$/;

/** The APIs of a server, distinguished by target and path. */
export class Apis {
  readonly #byPrefix: readonly (readonly [prefix: string, api: Api])[];
  /** APIs whose paths follow a prefix, by these paths with slashes around them. */
  readonly #afterPrefix: readonly (readonly [path: string, api: Api])[];
  readonly #target: RegExp;
  /** Answers requests for `/` without a known target. */
  readonly #atRoot: Api;
  /** Answers every path that doesn't begin with the prefix of another API. */
  readonly #otherwise: Api;

  /** @param apis one or more of AWS JSON, the first of which answers unknown targets, and one with the empty path */
  constructor(readonly all: readonly Api[]) {
    this.#byPrefix = all.map((api) => [pathPrefix(api), api] as const).filter(([prefix]) => prefix !== '/');
    this.#afterPrefix = all.flatMap((api) =>
      'pathAfterPrefix' in api.routing ? [[`/${api.routing.pathAfterPrefix}/`, api] as const] : [],
    );
    const targets = all.flatMap(({ routing }) => ('target' in routing ? routing.target : []));
    this.#target = new RegExp(`^(${targets.join('|')})\\.([\\w.]*)$`);
    this.#atRoot = required(all.find(({ routing }) => 'target' in routing));
    this.#otherwise = required(all.find((api) => pathPrefix(api) === '/'));
  }

  /**
   * Returns the path that a request is routed by. An operation of AWS JSON gets a path of its own. A prefix becomes one
   * segment, which is empty if there is no prefix. A request target that is neither a path nor a URL becomes a path that
   * no operation has.
   *
   * @param target X-Amz-Target
   */
  pathOf(url: string, target: string | undefined): string {
    if (!url.startsWith('/') && !/^https?:/i.test(url)) return `/${url}`;
    if (url !== '/') return this.#withOnePrefix(url);
    if (target === undefined) return url;
    const [, prefix, operation] = this.#target.exec(target) ?? [];
    return prefix === undefined || operation === undefined ? url : `/${prefix}/${operation}`;
  }

  /**
   * Returns the API that answers a request which is for no operation.
   *
   * @param url  the request target as it was sent
   * @param path result of `pathOf`
   */
  of(url: string, path: string): Api {
    const [pathname = ''] = path.split('?');
    for (const [after, api] of this.#afterPrefix) if (pathname.includes(after)) return api;
    for (const [prefix, api] of this.#byPrefix) if (path.startsWith(prefix)) return api;
    return url === '/' ? this.#atRoot : this.#otherwise;
  }

  #withOnePrefix(url: string): string {
    for (const [path] of this.#afterPrefix) {
      const at = url.lastIndexOf(path);
      if (at < 0) continue;
      const prefix = url.slice(0, at);
      if (PREFIX.test(prefix)) return `/${encodeURIComponent(prefix.slice(1))}${url.slice(at)}`;
    }
    return url;
  }
}

function required(api: Api | undefined): Api {
  if (!api) throw new Error('The server needs an API of AWS JSON and one with the empty path');
  return api;
}
