import { Injectable } from '@nestjs/common';
import type { CredentialStore } from '../auth/credentials.js';
import { FreshCache } from '../changes/fresh-cache.js';
import { inTime } from '../changes/in-time.js';
import { isPrefixArn } from './prefix-principal.js';
import { type XksCredential, XksProxyRepository } from './xks-proxy.repository.js';

/** Pattern of stored access key ids. Ids of any other form aren't looked up in the database. */
const ACCESS_KEY_ID = /^XKSP[A-Z2-7]{20}$/;

/** Name under which all ids that can't sign are cached, so that they can be dropped together. */
const NOBODY = 'nobody';

/** Credentials by their access key id; undefined for an id that can't sign. */
export class XksCredentialCache extends FreshCache<XksCredential | undefined> {
  owns(arn: string): boolean {
    return isPrefixArn(arn);
  }

  /** Drops the credentials of a prefix that changed, and all ids that couldn't sign: one of them may be new. */
  override forget(arn: string): void {
    super.forget(arn);
    super.forget(NOBODY);
  }

  protected sourceOf(credential: XksCredential | undefined): string {
    return credential?.principal.arn ?? NOBODY;
  }
}

/** The credentials that may sign calls to the XKS proxy. */
@Injectable()
export class XksCredentials implements CredentialStore {
  constructor(
    private readonly repository: XksProxyRepository,
    private readonly cache: XksCredentialCache,
  ) {}

  find(accessKeyId: string, mayBeStale: boolean): XksCredential | undefined | Promise<XksCredential | undefined> {
    if (!ACCESS_KEY_ID.test(accessKeyId)) return undefined;
    return this.cache.find(accessKeyId, mayBeStale, () => inTime(this.repository.credential(accessKeyId)));
  }
}
