import { hash } from 'node:crypto';

/** What of an HTTP request enters a signature, as it came over the wire. */
export interface SignedRequest {
  method: string;
  /** Path and query, not decoded. */
  url: string;
  /** Names and values in turn, as they came: `['Host', 'example.com', ...]`. */
  rawHeaders: readonly string[];
  body: Buffer;
}

/** The headers of a request, found by their names in lower case. */
export class HeaderValues {
  readonly #names: string[] = [];

  constructor(private readonly rawHeaders: readonly string[]) {
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) this.#names.push((rawHeaders[i] as string).toLowerCase());
  }

  has(name: string): boolean {
    return this.#names.includes(name);
  }

  isRepeated(name: string): boolean {
    const first = this.#names.indexOf(name);
    return first >= 0 && this.#names.includes(name, first + 1);
  }

  /** The first value of a name. */
  get(name: string): string | undefined {
    const i = this.#names.indexOf(name);
    return i < 0 ? undefined : this.rawHeaders[2 * i + 1];
  }

  /** All values of a name, in the order they came. */
  all(name: string): string[] {
    return this.#names.flatMap((found, i) => (found === name ? (this.rawHeaders[2 * i + 1] as string) : []));
  }
}

/**
 * The canonical request of Signature Version 4, for services other than S3: the path is normalized and encoded once more.
 *
 * @param signedHeaders in lower case, sorted
 */
export function canonicalRequest(
  { method, url, body }: SignedRequest,
  headers: HeaderValues,
  signedHeaders: readonly string[],
): string {
  const queryAt = url.indexOf('?');
  const path = queryAt < 0 ? url : url.slice(0, queryAt);
  const query = queryAt < 0 ? '' : url.slice(queryAt + 1);
  let lines = `${method}\n${canonicalPath(path)}\n${canonicalQuery(query)}\n`;
  for (const name of signedHeaders) lines += `${name}:${canonicalValue(headers, name)}\n`;
  return `${lines}\n${signedHeaders.join(';')}\n${hash('sha256', body, 'hex')}`;
}

/** A path that is its own canonical form: nothing to encode, no `.` or `..`, no empty segment. */
const CANONICAL_PATH = /^(?:\/|(?:\/[\w~-][\w.~-]*)+)$/;

function canonicalPath(path: string): string {
  if (CANONICAL_PATH.test(path)) return path;
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(encode(segment));
  }
  const trailing = segments.length > 0 && /\/\.{0,2}$/.test(path) ? '/' : '';
  return `/${segments.join('/')}${trailing}`;
}

function canonicalQuery(query: string): string {
  if (query === '') return '';
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name = '', ...value] = pair.split('=');
      return [encode(decode(name)), encode(decode(value.join('=')))] as const;
    })
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

/** Values of one name in the order they came, without outer spaces and with runs of spaces as one. */
function canonicalValue(headers: HeaderValues, name: string): string {
  if (headers.isRepeated(name)) return headers.all(name).map(withSingleSpaces).join(',');
  return withSingleSpaces(headers.get(name) ?? '');
}

function withSingleSpaces(value: string): string {
  const trimmed = value.trim();
  return /\s\s|[^\S ]/.test(trimmed) ? trimmed.replaceAll(/\s+/g, ' ') : trimmed;
}

/** RFC 3986 section 2.3: all but unreserved characters as %XX of UTF-8. */
function encode(text: string): string {
  return /^[\w.~-]*$/.test(text)
    ? text
    : encodeURIComponent(text).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
