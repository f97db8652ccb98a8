import type { Principal } from '../call.js';
import type { RootCredentials } from '../config/config.js';

/** An access key with whose it is. */
export interface Credential extends RootCredentials {
  principal: Principal;
}

/** Who may sign requests: the root of the account. */
export class Credentials {
  readonly #byId: ReadonlyMap<string, Credential>;

  constructor(accountId: string, root: RootCredentials) {
    const { accessKeyId } = root;
    const principal = { arn: `arn:aws:iam::${accountId}:root`, accountId, accessKeyId };
    this.#byId = new Map([[accessKeyId, { ...root, principal }]]);
  }

  find(accessKeyId: string): Credential | undefined {
    return this.#byId.get(accessKeyId);
  }
}
