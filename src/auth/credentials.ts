import { AccessKeyUse } from '../access/access-key-use.js';
import { CredentialCache } from '../access/credential-cache.js';
import type { Credential } from '../access/credential.js';
import { PrincipalRepository } from '../access/principal.repository.js';
import type { RootCredentials } from '../config/config.js';

/** How ids of access keys look that are kept: others are nobody's, and not asked for. */
const ACCESS_KEY_ID = /^A[KS]IA[A-Z2-7]{16}$/;

/** Who may sign requests: the root of the account, and its users and roles. */
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

  /** The access key of an id, undefined where nobody has it. What is remembered comes at once: the root always. */
  find(accessKeyId: string): Credential | undefined | Promise<Credential | undefined> {
    if (accessKeyId === this.#root.accessKeyId) return this.#root;
    if (!ACCESS_KEY_ID.test(accessKeyId)) return undefined;
    const known = this.cache.known(accessKeyId);
    return known ? known.value : this.cache.read(accessKeyId, () => this.principals.credential(accessKeyId));
  }

  /** Notes that an access key has signed. The root's is kept nowhere, and so isn't its use. */
  noteUse({ accessKeyId }: Credential, time: Date): void {
    if (accessKeyId !== this.#root.accessKeyId) this.use.note(accessKeyId, time);
  }
}
