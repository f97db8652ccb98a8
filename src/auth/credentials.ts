import { AccessKeyUse } from '../access/access-key-use.js';
import { CredentialCache } from '../access/credential-cache.js';
import type { Credential } from '../access/credential.js';
import { PrincipalRepository } from '../access/principal.repository.js';
import type { RootCredentials } from '../config/config.js';

/** Pattern of stored access key ids; the database isn't asked for any other. */
const ACCESS_KEY_ID = /^A[KS]IA[A-Z2-7]{16}$/;

/** The access keys that may sign: of the account's root, users and roles. */
export class Credentials {
  readonly #root: Credential;

  constructor(
    accountId: string,
    { accessKeyId, secretAccessKey }: RootCredentials,
    private readonly principals: PrincipalRepository,
    private readonly cache: CredentialCache,
    private readonly use: AccessKeyUse,
  ) {
    const arn = `arn:aws:iam::${accountId}:root`;
    this.#root = { accessKeyId, secretAccessKey, principal: { arn, principalArn: arn, accountId, accessKeyId } };
  }

  /** Finds an access key by its id. Returns a promise only if the cache doesn't have it, so never for the root's. */
  find(accessKeyId: string): Credential | undefined | Promise<Credential | undefined> {
    if (accessKeyId === this.#root.accessKeyId) return this.#root;
    if (!ACCESS_KEY_ID.test(accessKeyId)) return undefined;
    const known = this.cache.known(accessKeyId);
    return known ? known.value : this.cache.read(accessKeyId, () => this.principals.credential(accessKeyId));
  }

  /** Notes that an access key has signed. The root's isn't stored, so neither is its use. */
  noteUse({ accessKeyId }: Credential, time: Date): void {
    if (accessKeyId !== this.#root.accessKeyId) this.use.note(accessKeyId, time);
  }
}
