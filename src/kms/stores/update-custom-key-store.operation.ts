import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { LOCKS, lockTransaction } from '../../database/locks.js';
import { ValidationException } from '../../errors/exceptions.js';
import type { Nothing } from '../../http/fields.js';
import { CryptoProvider } from '../../provider/crypto-provider.js';
import { KmsException } from '../exceptions.js';
import { certificateOf, Clusters } from './clusters.js';
import { requireUnusedName } from './create-custom-key-store.operation.js';
import { CustomKeyStoreRepository, invalidStoreState } from './custom-key-store.repository.js';
import { KmsCustomKeyStore } from './kms-custom-key-store.entity.js';
import { checkEndpoint, checkPath, refuseVpc, requireUnusedUri } from './proxy-members.js';
import type { UpdateCustomKeyStoreInput } from './stores.schema.js';
import { XksHealth } from './xks-health.js';

/** Members that can be changed while the store is connected, by its type. */
const WHILE_CONNECTED: Record<KmsCustomKeyStore['type'], readonly string[]> = {
  AWS_CLOUDHSM: ['NewCustomKeyStoreName'],
  EXTERNAL_KEY_STORE: ['NewCustomKeyStoreName', 'XksProxyAuthenticationCredential', 'XksProxyUriPath'],
};

type Changes = Omit<UpdateCustomKeyStoreInput, 'CustomKeyStoreId'>;

@Injectable()
export class UpdateCustomKeyStoreOperation {
  constructor(
    private readonly stores: CustomKeyStoreRepository,
    private readonly clusters: Clusters,
    private readonly health: XksHealth,
    private readonly provider: CryptoProvider,
  ) {}

  async execute(call: Call, { CustomKeyStoreId, ...input }: UpdateCustomKeyStoreInput): Promise<Nothing> {
    const members = Object.keys(input);
    if (members.length === 0) throw new ValidationException('State at least one member to change.');
    // Tokens and proxies aren't called while the store is locked, because a slow one would block other calls.
    const seen = await this.stores.getWithSecret(call, CustomKeyStoreId);
    checkMembers(seen, members);
    await this.#check(call, seen, input);
    return this.stores.change(call, CustomKeyStoreId, async ({ manager, store, changed }) => {
      checkMembers(store, members);
      if (!isAsSeen(store, seen))
        throw new KmsException(
          'CustomKeyStoreInvalidStateException',
          `Another call has changed custom key store ${store.id} meanwhile. Try again.`,
        );
      await lockTransaction(manager, LOCKS.customKeyStores, `${store.accountId} ${store.region}`);
      const secret = apply(store, input, await this.stores.all(call, manager));
      if (secret !== undefined) {
        const clear = Buffer.from(secret);
        store.sealed = this.provider.seal(KmsCustomKeyStore, store, clear);
        clear.fill(0);
      }
      await manager.save(store);
      changed();
      return {};
    });
  }

  /** Checks that the changed store can use its token or proxy. */
  async #check(call: Call, seen: KmsCustomKeyStore, input: Changes): Promise<void> {
    const store = Object.assign(new KmsCustomKeyStore(), seen);
    const secret = apply(store, input, await this.stores.all(call));
    if (input.CloudHsmClusterId !== undefined) await this.#requireRelated(seen, input.CloudHsmClusterId);
    if (!Object.keys(input).some((member) => member.startsWith('Xks'))) return;
    const secretAccessKey = secret ?? this.provider.use(seen, (clear) => clear.toString());
    await this.health.requireHealthy(call, store, secretAccessKey);
  }

  /** Checks that another cluster has the same keys. */
  async #requireRelated(store: KmsCustomKeyStore, clusterId: string): Promise<void> {
    const cluster = this.clusters.usable(clusterId);
    const anchors = await this.clusters.trustAnchorsOf(cluster);
    const own = certificateOf(store.trustAnchor ?? '');
    if (!own || !anchors.some((each) => each.equals(own)))
      throw new KmsException(
        'CloudHsmClusterNotRelatedException',
        `Cluster ${clusterId} doesn't have the trust anchor of cluster ${store.clusterId}.`,
      );
  }
}

/** Changes a row. @returns the new password or raw secret access key */
function apply(store: KmsCustomKeyStore, input: Changes, all: readonly KmsCustomKeyStore[]): string | undefined {
  const { NewCustomKeyStoreName, KeyStorePassword, CloudHsmClusterId } = input;
  const { XksProxyUriEndpoint, XksProxyUriPath, XksProxyAuthenticationCredential } = input;
  const others = all.filter(({ id }) => id !== store.id);
  if (NewCustomKeyStoreName !== undefined) {
    requireUnusedName(NewCustomKeyStoreName, others);
    store.name = NewCustomKeyStoreName;
  }
  store.clusterId = CloudHsmClusterId ?? store.clusterId;
  if (KeyStorePassword !== undefined) store.failedLogins = 0;
  if (store.type === 'EXTERNAL_KEY_STORE') {
    refuseVpc(input);
    if (XksProxyUriEndpoint !== undefined) checkEndpoint(XksProxyUriEndpoint);
    if (XksProxyUriPath !== undefined) checkPath(XksProxyUriPath);
    store.uriEndpoint = XksProxyUriEndpoint ?? store.uriEndpoint;
    store.uriPath = XksProxyUriPath ?? store.uriPath;
    store.accessKeyId = XksProxyAuthenticationCredential?.AccessKeyId ?? store.accessKeyId;
    requireUnusedUri(store, others);
  }
  return KeyStorePassword ?? XksProxyAuthenticationCredential?.RawSecretAccessKey;
}

/** True if the row still has the checked values. */
function isAsSeen(store: KmsCustomKeyStore, seen: KmsCustomKeyStore): boolean {
  return (
    store.sealed.equals(seen.sealed) &&
    (['clusterId', 'uriEndpoint', 'uriPath', 'accessKeyId'] as const).every((member) => store[member] === seen[member])
  );
}

/** @throws ValidationException for members of the other type, KmsException for a state that doesn't allow the change */
function checkMembers(store: KmsCustomKeyStore, members: readonly string[]): void {
  const isExternal = store.type === 'EXTERNAL_KEY_STORE';
  const foreign = members.find((member) =>
    isExternal ? member === 'KeyStorePassword' || member === 'CloudHsmClusterId' : member.startsWith('Xks'),
  );
  if (foreign !== undefined)
    throw new ValidationException(`${foreign} is not for a custom key store of type ${store.type}.`);
  const { connectionState, type } = store;
  if (connectionState === 'DISCONNECTED') return;
  if (connectionState === 'CONNECTED' && members.every((member) => WHILE_CONNECTED[type].includes(member))) return;
  throw invalidStoreState(store, 'DISCONNECTED');
}
