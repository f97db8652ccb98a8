import type { Call } from '../call.js';
import { equal } from '../crypto/bytes.js';
import { hmac } from '../crypto/hmac.js';
import { ValidationException } from '../errors/exceptions.js';

const MAC_BYTES = 16;
const DEFAULT_ITEMS = 50;

/** The part of a list's input that pages it. */
export interface Paging {
  NextToken?: string;
  MaxResults?: number;
}

/** Where the next page of a list begins, in a form that only the same list of the same caller takes back. */
export class PageTokens {
  /** @param key 32 bytes, the same on every node of a deployment */
  constructor(private readonly key: Buffer) {}

  /**
   * One page of a list.
   *
   * @param list       the operation with its filters
   * @param read       what comes after a position, from the beginning without one: one item more than `limit`, if there is one
   * @param positionOf what `read` goes on after
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
   * @param list  the operation with its filters
   * @param after position of the last item of the page before
   */
  issue(call: Call, list: readonly unknown[], after: string): string {
    return Buffer.concat([this.#mac(call, list, after), Buffer.from(after)]).toString('base64url');
  }

  /** @throws ValidationException for any token that `issue` didn't make for this call and list */
  read(call: Call, list: readonly unknown[], token: string): string {
    const bytes = Buffer.from(token, 'base64url');
    const after = bytes.subarray(MAC_BYTES).toString();
    const isCanonical = bytes.toString('base64url') === token;
    if (!isCanonical || !equal(bytes.subarray(0, MAC_BYTES), this.#mac(call, list, after)))
      throw new ValidationException(
        'NextToken is invalid: give back the one of the page before, with the same filters.',
      );
    return after;
  }

  #mac(call: Call, list: readonly unknown[], after: string): Buffer {
    const of = JSON.stringify([call.principal.accountId, call.region, list, after]);
    return hmac('SHA256', this.key, Buffer.from(of), MAC_BYTES);
  }
}
