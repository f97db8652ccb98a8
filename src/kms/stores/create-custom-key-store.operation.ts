import { Injectable } from '@nestjs/common';
import { type Call, scopeOf } from '../../call.js';
import { LOCKS, lockTransaction } from '../../database/locks.js';
import { ValidationException } from '../../errors/exceptions.js';
import { CryptoProvider } from '../../provider/crypto-provider.js';
import { KmsException, LimitExceededException } from '../exceptions.js';
import { Clusters } from './clusters.js';
import { CustomKeyStoreRepository, newStoreId } from './custom-key-store.repository.js';
import { KmsCustomKeyStore } from './kms-custom-key-store.entity.js';
import { checkProxyMembers, requireUnusedUri } from './proxy-members.js';
import type { CreateCustomKeyStoreInput, CreateCustomKeyStoreOutput } from './stores.schema.js';
import { XksHealth } from './xks-health.js';

const MAX_STORES = 10;
const HSM_MEMBERS = ['CloudHsmClusterId', 'TrustAnchorCertificate', 'KeyStorePassword'] as const;

type NewStore = Omit<KmsCustomKeyStore, 'sealed' | 'mac'>;

@Injectable()
export class CreateCustomKeyStoreOperation {
  constructor(
    private readonly stores: CustomKeyStoreRepository,
    private readonly clusters: Clusters,
    private readonly health: XksHealth,
    private readonly provider: CryptoProvider,
  ) {}

  async execute(call: Call, input: CreateCustomKeyStoreInput): Promise<CreateCustomKeyStoreOutput> {
    const { store, secret } = newStore(call, input);
    const twin = await this.#twin(call, store, secret);
    if (twin) return { CustomKeyStoreId: twin.id };
    const certificate = await this.#check(call, store, secret);

    return this.stores.create(call, async (manager) => {
      await lockTransaction(manager, LOCKS.customKeyStores, `${store.accountId} ${store.region}`);
      const others = await this.stores.all(call, manager);
      requireUnusedName(store.name, others);
      if (certificate) this.clusters.requireUnused(this.clusters.usable(store.clusterId), certificate, others);
      else requireUnusedUri(store, others);
      if (others.length >= MAX_STORES)
        throw new LimitExceededException(`An account has at most ${MAX_STORES} custom key stores in a Region.`);
      const clear = Buffer.from(secret);
      const sealed = this.provider.seal(KmsCustomKeyStore, store, clear);
      clear.fill(0);
      await manager.insert(KmsCustomKeyStore, manager.create(KmsCustomKeyStore, { ...store, sealed }));
      return { CustomKeyStoreId: store.id };
    });
  }

  /** Runs the checks that don't need the other stores' lock. @returns DER of a cluster's trust anchor */
  async #check(call: Call, store: NewStore, secret: string): Promise<Buffer | undefined> {
    const others = await this.stores.all(call);
    requireUnusedName(store.name, others);
    if (store.type === 'AWS_CLOUDHSM')
      return this.clusters.requireTrustAnchor(this.clusters.usable(store.clusterId), store.trustAnchor ?? '');
    requireUnusedUri(store, others);
    await this.health.requireHealthy(call, store, secret);
    return undefined;
  }

  /** Returns a disconnected store that an identical request created. */
  async #twin(call: Call, store: NewStore, secret: string): Promise<KmsCustomKeyStore | undefined> {
    const named = (await this.stores.all(call)).find(({ name }) => name === store.name);
    const isSame =
      named?.connectionState === 'DISCONNECTED' &&
      (['type', 'clusterId', 'trustAnchor', 'connectivity', 'uriEndpoint', 'uriPath', 'accessKeyId'] as const).every(
        (member) => named[member] === store[member],
      );
    if (!isSame) return undefined;
    const found = await this.stores.withSecret(named.id);
    return found && this.provider.use(found, (clear) => clear.equals(Buffer.from(secret))) ? named : undefined;
  }
}

/** Returns the store of a request, and its password or raw secret access key. @throws ValidationException */
function newStore(call: Call, input: CreateCustomKeyStoreInput): { store: NewStore; secret: string } {
  const { CustomKeyStoreType: type = 'AWS_CLOUDHSM', CustomKeyStoreName: name } = input;
  const common = {
    ...scopeOf(call),
    id: newStoreId(),
    name,
    type,
    createdAt: call.origin.time,
    connectionState: 'DISCONNECTED' as const,
    connectionErrorCode: null,
    workedOnUntil: null,
    failedLogins: 0,
  };
  const none = {
    clusterId: null,
    trustAnchor: null,
    connectivity: null,
    uriEndpoint: null,
    uriPath: null,
    accessKeyId: null,
  };
  if (type === 'AWS_CLOUDHSM') {
    const { CloudHsmClusterId, TrustAnchorCertificate, KeyStorePassword } = input;
    const foreign = Object.keys(input).find((member) => member.startsWith('Xks'));
    if (foreign !== undefined) throw new ValidationException(`${foreign} is for external key stores only.`);
    if (CloudHsmClusterId === undefined || TrustAnchorCertificate === undefined || KeyStorePassword === undefined)
      throw new ValidationException(`${HSM_MEMBERS.join(', ')} are required for an AWS CloudHSM key store.`);
    const store = { ...common, ...none, clusterId: CloudHsmClusterId, trustAnchor: TrustAnchorCertificate };
    return { store, secret: KeyStorePassword };
  }
  const foreign = HSM_MEMBERS.find((member) => input[member] !== undefined);
  if (foreign !== undefined) throw new ValidationException(`${foreign} is for AWS CloudHSM key stores only.`);
  const { endpoint, path, credential } = checkProxyMembers(input);
  const proxy = { uriEndpoint: endpoint, uriPath: path, accessKeyId: credential.AccessKeyId };
  return {
    store: { ...common, ...none, connectivity: 'PUBLIC_ENDPOINT', ...proxy },
    secret: credential.RawSecretAccessKey,
  };
}

export function requireUnusedName(name: string, others: readonly KmsCustomKeyStore[]): void {
  if (others.some((other) => other.name === name))
    throw new KmsException(
      'CustomKeyStoreNameInUseException',
      `A custom key store with the name ${name} already exists.`,
    );
}
