import { FreshCache } from '../changes/fresh-cache.js';
import type { Credential } from './credential.js';

/** Name under which all ids that can't sign are cached, so that they can be dropped together. */
const NOBODY = 'nobody';

/** Access keys by their id; undefined for an id that can't sign. */
export class CredentialCache extends FreshCache<Credential | undefined> {
  owns(arn: string): boolean {
    return arn.startsWith('arn:aws:iam:');
  }

  /**
   * Drops the access keys of a user or role that changed, and all ids that couldn't sign, because one of them may be a
   * new access key of that user or role.
   */
  override forget(principalArn: string): void {
    super.forget(principalArn);
    super.forget(NOBODY);
  }

  protected sourceOf(credential: Credential | undefined): string {
    return credential?.principal.principalArn ?? NOBODY;
  }
}
