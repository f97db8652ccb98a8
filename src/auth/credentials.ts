import { AccessKeyUse } from '../access/access-key-use.js';
import { CredentialCache } from '../access/credential-cache.js';
import type { Credential } from '../access/credential.js';
import { Callers } from '../access/callers.js';
import { inTime } from '../changes/in-time.js';
import type { RootCredentials } from '../config/config.js';

/** Pattern of stored access key ids. Ids of any other form aren't looked up in the database. */
const ACCESS_KEY_ID = /^A[KS]IA[A-Z2-7]{16}$/;

/** The access keys that may sign the requests of an API. */
export interface CredentialStore {
  /**
   * Finds an access key by its id.
   *
   * @param mayBeStale see FreshCache
   * @returns a promise only if something has to be looked up
   */
  find(accessKeyId: string, mayBeStale: boolean): Credential | undefined | Promise<Credential | undefined>;
  /** Notes that an access key has signed a request. */
  noteUse?(credential: Credential, time: Date): void;
}

/** The access keys of the account: the root's, and those of users and roles. */
export class Credentials implements CredentialStore {
  readonly #root: Credential;

  constructor(
    accountId: string,
    { accessKeyId, secretAccessKey }: RootCredentials,
    private readonly callers: Callers,
    private readonly cache: CredentialCache,
    private readonly use: AccessKeyUse,
  ) {
    const arn = `arn:aws:iam::${accountId}:root`;
    this.#root = { accessKeyId, secretAccessKey, principal: { arn, principalArn: arn, accountId, accessKeyId } };
  }

  /** Finds an access key by its id. Returns a promise only if the cache lacks the key, so never for the root's. */
  find(accessKeyId: string, mayBeStale: boolean): Credential | undefined | Promise<Credential | undefined> {
    if (accessKeyId === this.#root.accessKeyId) return this.#root;
    if (!ACCESS_KEY_ID.test(accessKeyId)) return undefined;
    return this.cache.find(accessKeyId, mayBeStale, () => inTime(this.callers.credential(accessKeyId)));
  }

  /** Records that an access key has signed a request. The root's access key isn't stored, so its use isn't recorded. */
  noteUse({ accessKeyId }: Credential, time: Date): void {
    if (accessKeyId !== this.#root.accessKeyId) this.use.note(accessKeyId, time);
  }
}
