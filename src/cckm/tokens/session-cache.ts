import type { Principal } from '../../call.js';
import { FreshCache } from '../../changes/fresh-cache.js';

/** A sign-in that hasn't ended. */
export interface Session {
  /** Id of its refresh token. */
  id: string;
  principal: Principal;
  validUntil: Date;
}

/** Sign-ins by their ids. Any change of a user drops the user's sign-ins. */
export class SessionCache extends FreshCache<Session> {
  owns(arn: string): boolean {
    return arn.startsWith('arn:aws:iam:');
  }

  protected sourceOf({ principal }: Session): string {
    return principal.principalArn;
  }
}
