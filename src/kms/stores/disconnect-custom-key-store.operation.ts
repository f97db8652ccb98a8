import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import type { Nothing } from '../../http/fields.js';
import { CustomKeyStoreRepository, invalidStoreState } from './custom-key-store.repository.js';
import { StoreWorker } from './store-worker.js';
import type { NamedCustomKeyStoreInput } from './stores.schema.js';

@Injectable()
export class DisconnectCustomKeyStoreOperation {
  constructor(
    private readonly stores: CustomKeyStoreRepository,
    private readonly worker: StoreWorker,
  ) {}

  async execute(call: Call, { CustomKeyStoreId }: NamedCustomKeyStoreInput): Promise<Nothing> {
    await this.stores.change(call, CustomKeyStoreId, async ({ manager, store, changed }) => {
      if (store.connectionState === 'DISCONNECTED' || store.connectionState === 'DISCONNECTING')
        throw invalidStoreState(store, 'CONNECTED, CONNECTING or FAILED');
      Object.assign(store, { connectionState: 'DISCONNECTING', connectionErrorCode: null, workedOnUntil: null });
      await manager.save(store);
      changed();
    });
    void this.worker.kick();
    return {};
  }
}
