import type { Call } from '../call.js';
import type { PageTokens } from '../http/page-tokens.js';

/** The part of a list's input that pages it, in KMS's terms. */
export interface Markers {
  Marker?: string;
  Limit?: number;
}

export interface MarkedPage<T> {
  items: T[];
  /** The part of the output that pages the list. */
  paging: { Truncated: boolean; NextMarker?: string };
}

/**
 * Reads one page of a list.
 *
 * @param list       the operation with its filters
 * @param limits default and maximum page size
 * @param read       returns the items after a position, or from the beginning: one more than `limit`, if there is one
 * @param positionOf the position of an item, for `read` to continue after
 * @throws KmsException InvalidMarkerException
 */
export async function pageOf<T>(
  call: Call,
  tokens: PageTokens,
  list: readonly unknown[],
  { Marker, Limit, limits }: Markers & { limits: { default: number; max: number } },
  read: (from: { after?: string; limit: number }) => Promise<T[]>,
  positionOf: (item: T) => string,
): Promise<MarkedPage<T>> {
  const MaxResults = Math.min(Limit ?? limits.default, limits.max);
  const { items, NextToken } = await tokens.page(call, list, { NextToken: Marker, MaxResults }, read, positionOf);
  const paging = NextToken === undefined ? { Truncated: false } : { Truncated: true, NextMarker: NextToken };
  return { items, paging };
}
