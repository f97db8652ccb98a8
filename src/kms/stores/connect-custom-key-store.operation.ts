import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import type { Nothing } from '../../http/fields.js';
import { Clusters } from './clusters.js';
import { CustomKeyStoreRepository, invalidStoreState } from './custom-key-store.repository.js';
import { StoreWorker } from './store-worker.js';
import type { NamedCustomKeyStoreInput } from './stores.schema.js';

@Injectable()
export class ConnectCustomKeyStoreOperation {
  constructor(
    private readonly stores: CustomKeyStoreRepository,
    private readonly clusters: Clusters,
    private readonly worker: StoreWorker,
  ) {}

  async execute(call: Call, { CustomKeyStoreId }: NamedCustomKeyStoreInput): Promise<Nothing> {
    await this.stores.change(call, CustomKeyStoreId, async ({ manager, store, changed }) => {
      const { connectionState, type, clusterId } = store;
      if (connectionState === 'CONNECTED' || connectionState === 'CONNECTING') return;
      if (connectionState !== 'DISCONNECTED') throw invalidStoreState(store, 'DISCONNECTED');
      // If the cluster is no longer configured, the connection fails, as with a deleted AWS CloudHSM cluster.
      if (type === 'AWS_CLOUDHSM' && this.clusters.isKnown(clusterId)) this.clusters.usable(clusterId, 1);
      store.connectionState = 'CONNECTING';
      await manager.save(store);
      changed();
    });
    void this.worker.kick();
    return {};
  }
}
