import { Module } from '@nestjs/common';
import { StoredModule } from '../stored.module.js';
import { CloudHsmStore } from './cloudhsm-store.js';
import { Clusters } from './clusters.js';
import { ConnectCustomKeyStoreOperation } from './connect-custom-key-store.operation.js';
import { CreateCustomKeyStoreOperation } from './create-custom-key-store.operation.js';
import { CustomKeyStoreRepository } from './custom-key-store.repository.js';
import { DeleteCustomKeyStoreOperation } from './delete-custom-key-store.operation.js';
import { DescribeCustomKeyStoresOperation } from './describe-custom-key-stores.operation.js';
import { DisconnectCustomKeyStoreOperation } from './disconnect-custom-key-store.operation.js';
import { ExternalStore } from './external-store.js';
import { KeyStores } from './key-stores.js';
import { StoreConnections } from './store-connections.js';
import { StoreKeys } from './store-keys.js';
import { StoreWorker } from './store-worker.js';
import { StoresController } from './stores.controller.js';
import { TokenKeyRemovals } from './token-key-removals.js';
import { UpdateCustomKeyStoreOperation } from './update-custom-key-store.operation.js';
import { XksClient } from './xks-client.js';
import { XksHealth } from './xks-health.js';

@Module({
  imports: [StoredModule],
  controllers: [StoresController],
  providers: [
    CustomKeyStoreRepository,
    Clusters,
    StoreConnections,
    StoreWorker,
    TokenKeyRemovals,
    XksClient,
    XksHealth,
    CloudHsmStore,
    ExternalStore,
    KeyStores,
    StoreKeys,
    CreateCustomKeyStoreOperation,
    DescribeCustomKeyStoresOperation,
    UpdateCustomKeyStoreOperation,
    ConnectCustomKeyStoreOperation,
    DisconnectCustomKeyStoreOperation,
    DeleteCustomKeyStoreOperation,
  ],
  exports: [CustomKeyStoreRepository, CloudHsmStore, KeyStores, StoreKeys],
})
export class StoresModule {}
