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

/** Header names in lower case with all their values, in the order they came. */
export type HeaderValues = ReadonlyMap<string, readonly string[]>;

export function headerValues(rawHeaders: readonly string[]): HeaderValues {
  const values = new Map<string, string[]>();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    const list = values.get(name);
    if (list) list.push(rawHeaders[i + 1] as string);
    else values.set(name, [rawHeaders[i + 1] as string]);
  }
  return values;
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
  for (const name of signedHeaders) lines += `${name}:${canonicalValue(headers.get(name))}\n`;
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
function canonicalValue(values: readonly string[] = []): string {
  return values.length === 1 ? withSingleSpaces(values[0] as string) : values.map(withSingleSpaces).join(',');
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
