import { FreshCache } from '../changes/fresh-cache.js';
import type { Credential } from './credential.js';

/** Access keys by their id; undefined for an id that can't sign. */
export class CredentialCache extends FreshCache<Credential | undefined> {
  owns(arn: string): boolean {
    return arn.startsWith('arn:aws:iam:');
  }

  /**
   * A change of a user or role drops its access keys, and all ids that couldn't sign: one of them may be its new key.
   */
  protected dependsOn(principalArn: string, _id: string, credential: Credential | undefined): boolean {
    return !credential || credential.principal.principalArn === principalArn;
  }
}
