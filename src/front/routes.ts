import findMyWay, { type HTTPMethod } from 'find-my-way';
import type { Call } from '../call.js';
import { type Api, pathPrefix } from '../http/api.js';
import type { HeaderValues } from '../http/header-values.js';
import type { RequestParts } from '../http/input.js';
import type { RegisteredOperation } from '../http/operation.js';
import { Apis } from './apis.js';

/** Maximum length of a path parameter: an alias ARN of 322 characters, each percent-encoded. */
const MAX_LABEL = 3 * 322;

const METHODS: readonly HTTPMethod[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** An operation with the functions that serve it. */
export interface ServedOperation extends Pick<RegisteredOperation, 'route' | 'parameters'> {
  readonly api: Api;
  readonly name: string;
  /** HTTP status of success. */
  readonly status: number;
  /** Evaluates policies. @returns a promise only if something has to be looked up */
  readonly authorize: (call: Call, inputs: readonly unknown[]) => Promise<void> | undefined;
  readonly execute: (call: Call, ...inputs: readonly unknown[]) => object | Promise<object>;
}

/** The API and the operation that a request is for. */
export interface Found extends Omit<RequestParts, 'body'> {
  readonly api: Api;
  /** Undefined if the request is for no operation. */
  readonly operation: ServedOperation | undefined;
}

/** The field of a form that names the operation. */
const ACTION = /(?:^|&)Action=(\w{1,128})(?:&|$)/;
const FORM = /^application\/x-www-form-urlencoded(?:;|$)/i;

const NONE: Omit<RequestParts, 'body'> = { path: {}, query: {} };

/** Finds operations by method, path and target. */
export class Routes {
  readonly #apis: Apis;
  /** The API of AWS's query protocol. */
  readonly #form: Api | undefined;
  readonly #router = findMyWay({ maxParamLength: MAX_LABEL });

  constructor(apis: readonly Api[], operations: readonly ServedOperation[]) {
    this.#apis = new Apis(apis);
    this.#form = apis.find(({ routing }) => 'form' in routing);
    for (const operation of operations) {
      const { method, path } = operation.route;
      const { routing } = operation.api;
      const methods: HTTPMethod[] = method === 'GET' ? ['GET', 'HEAD'] : [method];
      this.#router.on(methods, path, unused, operation);
      if ('path' in routing && routing.takesTrailingSlash) this.#router.on(methods, `${path}/`, unused, operation);
    }
  }

  find(method: string, url: string, headers: HeaderValues): Found {
    const path = this.#pathOf(url, headers);
    const found = this.#router.find(method as HTTPMethod, path);
    const operation = found?.store as ServedOperation | undefined;
    if (!found || !operation) {
      const form = url === '/' && FORM.test(headers.get('content-type') ?? '') ? this.#form : undefined;
      return { api: form ?? this.#apis.of(url, path), operation: undefined, ...NONE };
    }
    return { api: operation.api, operation, path: found.params, query: found.searchParams };
  }

  /**
   * Finds the operation that a form names, once the body has arrived: `find` has found none. The signature isn't
   * verified yet, so the form is only searched, not parsed.
   */
  findAction({ api }: Found, method: string, body: Buffer): Found {
    const [, action] = (api === this.#form ? ACTION.exec(body.toString('latin1')) : undefined) ?? [];
    const path = action === undefined ? undefined : `${pathPrefix(api)}${action}`;
    const found = path === undefined ? undefined : this.#router.find(method as HTTPMethod, path);
    return { api, operation: found?.store as ServedOperation | undefined, ...NONE };
  }

  /** Returns the HTTP methods of the operations at a request's path. */
  methodsAt(url: string, headers: HeaderValues): string[] {
    const path = this.#pathOf(url, headers);
    return METHODS.filter((method) => this.#router.find(method, path)?.store);
  }

  #pathOf(url: string, headers: HeaderValues): string {
    return this.#apis.pathOf(url, headers.isRepeated('x-amz-target') ? undefined : headers.get('x-amz-target'));
  }
}

/** The router requires a handler for each route, but only its `lookup` calls handlers, and that isn't used. */
function unused(): void {
  throw new Error('unreachable');
}
