import { hash } from 'node:crypto';
import type { HeaderValues } from '../http/header-values.js';

/** The parts of an HTTP request that a signature covers, as they came over the wire. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query, percent-encoded. */
  readonly url: string;
  readonly headers: HeaderValues;
  readonly body: Buffer;
}

/**
 * Builds the canonical request of Signature Version 4 for services other than S3: the path is normalized and encoded
 * again.
 *
 * @param signedHeaders in lower case, sorted
 */
export function canonicalRequest(
  { method, url, headers, body }: SignedRequest,
  signedHeaders: readonly string[],
): string {
  const queryAt = url.indexOf('?');
  const path = queryAt < 0 ? url : url.slice(0, queryAt);
  const query = queryAt < 0 ? '' : url.slice(queryAt + 1);
  let lines = `${method}\n${canonicalPath(path)}\n${canonicalQuery(query)}\n`;
  for (const name of signedHeaders) lines += `${name}:${canonicalValue(headers, name)}\n`;
  return `${lines}\n${signedHeaders.join(';')}\n${hash('sha256', body, 'hex')}`;
}

/** Matches a path that is its own canonical form: nothing to encode, no `.` or `..`, no empty segment. */
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

/** Joins the values of a header in order, trimmed and with runs of white space collapsed. */
function canonicalValue(headers: HeaderValues, name: string): string {
  if (headers.isRepeated(name)) return headers.all(name).map(withSingleSpaces).join(',');
  return withSingleSpaces(headers.get(name) ?? '');
}

function withSingleSpaces(value: string): string {
  const trimmed = value.trim();
  return /\s\s|[^\S ]/.test(trimmed) ? trimmed.replaceAll(/\s+/g, ' ') : trimmed;
}

/** Percent-encodes the UTF-8 of all but the unreserved characters of RFC 3986 section 2.3. */
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
