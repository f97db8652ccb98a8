import type { Call } from '../call.js';
import { equal } from '../crypto/bytes.js';
import { hmac } from '../crypto/hmac.js';

const MAC_BYTES = 16;
const DEFAULT_ITEMS = 50;

/** The members of a list operation's input that select a page. */
export interface Paging {
  NextToken?: string;
  MaxResults?: number;
}

/**
 * Issues and reads NextToken: a position with a MAC over API, account, Region and list, so that no other list accepts
 * it.
 */
export class PageTokens {
  /** @param key 32 bytes, the same on every node of a deployment */
  constructor(private readonly key: Buffer) {}

  /**
   * Reads one page of a list.
   *
   * @param list       the name of the list's operation, and its filters
   * @param read       returns the items after a position, or from the beginning: one more than `limit`, if there are
   *                   more
   * @param positionOf the position of an item, for `read` to continue after
   */
  async page<T>(
    call: Call,
    list: readonly unknown[],
    { NextToken, MaxResults: limit = DEFAULT_ITEMS }: Paging,
    read: (from: { after?: string; limit: number }) => Promise<T[]>,
    positionOf: (item: T) => string,
  ): Promise<{ items: T[]; NextToken?: string }> {
    const found = await read({ after: NextToken === undefined ? undefined : this.read(call, list, NextToken), limit });
    const items = found.slice(0, limit);
    const last = found.length > limit ? items.at(-1) : undefined;
    return { items, NextToken: last && this.issue(call, list, positionOf(last)) };
  }

  /**
   * @param list  the name of the list's operation, and its filters
   * @param after position of the last item on the previous page
   */
  issue(call: Call, list: readonly unknown[], after: string): string {
    return Buffer.concat([this.#mac(call, list, after), Buffer.from(after)]).toString('base64url');
  }

  /** @throws the API's exception for any token that `issue` didn't create for this API, account, Region and list */
  read(call: Call, list: readonly unknown[], token: string): string {
    const bytes = Buffer.from(token, 'base64url');
    const after = bytes.subarray(MAC_BYTES).toString();
    const isCanonical = bytes.toString('base64url') === token;
    if (!isCanonical || !equal(bytes.subarray(0, MAC_BYTES), this.#mac(call, list, after)))
      throw call.api.exceptions.invalidPageToken();
    return after;
  }

  #mac(call: Call, list: readonly unknown[], after: string): Buffer {
    const { api, principal, region } = call;
    const authenticated = JSON.stringify([api.name, principal.accountId, region, list, after]);
    return hmac('SHA256', this.key, Buffer.from(authenticated), MAC_BYTES);
  }
}
