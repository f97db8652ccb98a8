import { kmsKeyArn } from '../kms/keys/key-id.js';
import { pathOf, type ReleasedKey, type XksCredential, XksProxyRepository } from '../xks-proxy/xks-proxy.repository.js';
import type { XksCredentialRow } from '../xks-proxy/xks-credential.entity.js';
import type { XksUsage } from '../xks-proxy/xks-key.entity.js';
import { type Operator, withOperator } from './operator.js';

/** Opens the deployment that the environment names, and runs work on the credentials and keys of its XKS proxy. */
export function administerXks(work: (administration: XksAdministration) => Promise<void>): Promise<void> {
  return withOperator('keyblock xks', (operator) => work(new XksAdministration(operator)));
}

/** The credentials and released keys of a deployment's XKS proxy. */
export interface XksSummary {
  credentials: XksCredentialRow[];
  keys: ReleasedKey[];
}

/** Administration of a deployment's XKS proxy by its operator, who acts as the root. */
export class XksAdministration {
  readonly #repository: XksProxyRepository;

  constructor(private readonly operator: Operator) {
    const { config, database, masterKey, clock } = operator.deployment;
    this.#repository = new XksProxyRepository(database, operator.changes, masterKey, clock, config.accountId);
  }

  /** @returns the credential, and the path to configure in AWS KMS */
  async createCredential(prefix: string): Promise<{ credential: XksCredential; path: string }> {
    const call = this.operator.call('CreateXksCredential', { Prefix: prefix });
    const credential = await this.operator.audited(() => this.#repository.createCredential(call, prefix));
    return { credential, path: pathOf(prefix) };
  }

  revoke(accessKeyId: string): Promise<void> {
    const call = this.operator.call('RevokeXksCredential', { AccessKeyId: accessKeyId });
    return this.operator.audited(() => this.#repository.revokeCredential(call, accessKeyId));
  }

  /**
   * @param key      key id, or ARN
   * @param xksKeyId the key id by default
   * @returns the XksKeyId
   */
  async release(
    prefix: string,
    key: string,
    { xksKeyId, usages }: { xksKeyId?: string; usages: readonly XksUsage[] },
  ): Promise<string> {
    const keyArn = key.startsWith('arn:') ? key : kmsKeyArn(this.operator.deployment.config, key);
    const name = xksKeyId ?? keyArn.slice(keyArn.lastIndexOf('/') + 1);
    const parameters = { Prefix: prefix, XksKeyId: name, KeyArn: keyArn, Usages: usages };
    const call = this.operator.call('ReleaseXksKey', parameters);
    await this.operator.audited(() => this.#repository.release(call, { prefix, xksKeyId: name, keyArn, usages }));
    return name;
  }

  withdraw(prefix: string, xksKeyId: string): Promise<void> {
    const call = this.operator.call('WithdrawXksKey', { Prefix: prefix, XksKeyId: xksKeyId });
    return this.operator.audited(() => this.#repository.withdraw(call, prefix, xksKeyId));
  }

  async list(): Promise<XksSummary> {
    return { credentials: await this.#repository.credentials(), keys: await this.#repository.keys() };
  }
}
