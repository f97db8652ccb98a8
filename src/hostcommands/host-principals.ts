import type { Callers } from '../access/callers.js';
import type { Principal } from '../call.js';
import type { Freshness } from '../changes/change-epoch.js';
import { FreshCache } from '../changes/fresh-cache.js';
import { inTime } from '../changes/in-time.js';

/**
 * The users and roles that run host commands, by ARN; undefined for a missing one. A change of a user or role applies
 * from the next command of an open connection, as it does for the next request of an access key.
 */
export class HostPrincipals extends FreshCache<Principal | undefined> {
  constructor(
    private readonly callers: Pick<Callers, 'find'>,
    freshness: Freshness,
  ) {
    super(freshness);
  }

  owns(arn: string): boolean {
    return arn.startsWith('arn:aws:iam:');
  }

  /**
   * Returns a user or a role.
   *
   * @param mayBeStale see FreshCache
   * @returns a promise only if it isn't cached
   */
  get(arn: string, mayBeStale: boolean): Principal | undefined | Promise<Principal | undefined> {
    return this.find(arn, mayBeStale, () => inTime(this.callers.find(arn)));
  }

  protected sourceOf(principal: Principal | undefined): string {
    return principal?.principalArn ?? '';
  }
}
