import type { Call } from '../../call.js';
import { Nothing } from '../../http/fields.js';
import { Body, BodyText, Param, Query } from '../../http/input.js';
import { OperationsController } from '../../http/operation.js';
import { ContainerRepository, requireRegion } from '../containers/container.repository.js';
import { notServed } from '../errors.js';
import { requireChangeable } from '../keys/cckm-keys.js';
import { CreateKeyOperation } from '../keys/create-key.operation.js';
import { defined } from '../keys/key-view.js';
import { Key } from '../keys/keys.schema.js';
import { KmsCalls } from '../kms-calls.js';
import { type Envelope, matches, pageOf } from '../lists.js';
import { CckmOperation } from '../operation.js';
import { policyIn } from '../templates/policies.js';
import { IdPath } from '../tokens/tokens.schema.js';
import { CckmStores, goneStore, kmsStoreOf, presentStore } from './cckm-stores.js';
import {
  ConnectStoreInput,
  CreateKeyInStoreInput,
  CreateStoreInput,
  ListStoresQuery,
  Store,
  Stores,
  UpdateStoreInput,
} from './stores.schema.js';

const CLOUDHSM = 'AWS_CLOUDHSM';

@OperationsController('custom key stores')
export class CckmStoresController {
  constructor(
    private readonly kms: KmsCalls,
    private readonly stores: CckmStores,
    private readonly containers: ContainerRepository,
    private readonly createKey: CreateKeyOperation,
  ) {}

  @CckmOperation({
    name: 'ListStores',
    route: ['GET', 'cckm/aws/custom-key-stores'],
    resource: 'store',
    summary: 'Lists custom key stores',
    description:
      'Returns the recorded stores, the newest first. A store that was created through KMS is recorded by a synchronization of the stores. ' +
      'The caller needs `kms:DescribeCustomKeyStores`.',
    output: Stores,
  })
  async list(call: Call, @Query(ListStoresQuery) query: ListStoresQuery): Promise<Envelope<Store>> {
    const found = (await this.stores.list(call))
      .map(presentStore)
      .filter(
        ({ id, name, kms, kms_id, region, cloud_name, type, gone, aws_param: param }) =>
          matches(query.id, id) &&
          matches(query.name, name) &&
          matches(query.kms, kms, kms_id) &&
          matches(query.kms_id, kms_id) &&
          matches(query.region, region) &&
          matches(query.cloud_name, cloud_name) &&
          matches(query.type, type) &&
          matches(query.gone, gone) &&
          matches(query.connection_state, param.connection_state) &&
          matches(query.custom_key_store_id, param.custom_key_store_id) &&
          matches(query.cloud_hsm_cluster_id, param.cloud_hsm_cluster_id),
      );
    return pageOf(found, query, {
      name: ({ name }) => name,
      region: ({ region }) => region,
      createdAt: ({ createdAt }) => createdAt,
      updatedAt: ({ updatedAt }) => updatedAt,
    });
  }

  @CckmOperation({
    name: 'CreateStore',
    route: ['POST', 'cckm/aws/custom-key-stores'],
    resource: 'store',
    status: 201,
    summary: 'Creates an AWS CloudHSM key store',
    description:
      'Calls KMS CreateCustomKeyStore. The store keeps its keys on a PKCS#11 token, and is disconnected at first. An external key ' +
      'store is created through KMS, because the proxy of CipherTrust Manager isn’t part of Keyblock.',
    example:
      '-d \'{"kms":"kms","region":"us-east-1","name":"hsm","aws_param":{"custom_key_store_type":"AWS_CLOUDHSM","cloud_hsm_cluster_id":"cluster-234567abcde",' +
      '"trust_anchor_certificate":"-----BEGIN CERTIFICATE-----…","key_store_password":"user-pin-1234"}}\'',
    output: Store,
  })
  async create(
    call: Call,
    @Body(CreateStoreInput) { kms, region, name, aws_param: param }: CreateStoreInput,
  ): Promise<Store> {
    const container = await this.containers.find(kms);
    requireChangeable(call, container, 'keycreate');
    requireRegion(container, region, 'region');
    if (param.custom_key_store_type !== CLOUDHSM)
      throw notServed(
        `Only stores of custom_key_store_type ${CLOUDHSM} are created here. Create an external key store with KMS CreateCustomKeyStore, and synchronize.`,
      );
    const { CustomKeyStoreId = '' } = await this.kms.run(call, region, 'CreateCustomKeyStore', {
      CustomKeyStoreName: name,
      CustomKeyStoreType: CLOUDHSM,
      CloudHsmClusterId: param.cloud_hsm_cluster_id || undefined,
      TrustAnchorCertificate: param.trust_anchor_certificate || undefined,
      KeyStorePassword: param.key_store_password || undefined,
    });
    const store = await this.stores.record(call, container, { region, CustomKeyStoreId });
    call.record.created({ customKeyStore: { id: store.id, customKeyStoreId: CustomKeyStoreId } });
    return store;
  }

  @CckmOperation({
    name: 'GetStore',
    route: ['GET', 'cckm/aws/custom-key-stores/:id'],
    resource: 'store',
    summary: 'Gets a custom key store',
    description:
      'Reads the store from KMS: `connection_state` is current. The caller needs `kms:DescribeCustomKeyStores`.',
    output: Store,
  })
  async get(call: Call, @Param(IdPath) { id }: IdPath): Promise<Store> {
    return presentStore(await this.stores.view(call, id));
  }

  @CckmOperation({
    name: 'UpdateStore',
    route: ['PATCH', 'cckm/aws/custom-key-stores/:id'],
    resource: 'store',
    summary: 'Changes a custom key store',
    description:
      'Calls KMS UpdateCustomKeyStore with the members that differ from the store. The password is the current one of the token, and this call doesn’t change it on the token.',
    example: '-d \'{"name":"payments-hsm"}\'',
    output: Store,
  })
  update(
    call: Call,
    @Param(IdPath) { id }: IdPath,
    @Body(UpdateStoreInput) { name, aws_param: given = {} }: UpdateStoreInput,
  ): Promise<Store> {
    return this.stores.change(call, id, async ({ region, CustomKeyStoreId }, { param }) => {
      // KMS refuses members of the other type of store, even without a value.
      const changes = defined({
        NewCustomKeyStoreName: unlessSame(name, param.custom_key_store_name),
        CloudHsmClusterId: unlessSame(given.cloud_hsm_cluster_id, param.cloud_hsm_cluster_id),
        KeyStorePassword: given.key_store_password || undefined,
        XksProxyConnectivity: unlessSame(
          given.xks_proxy_connectivity,
          param.xks_proxy_connectivity,
        ) as 'PUBLIC_ENDPOINT',
        XksProxyUriEndpoint: unlessSame(given.xks_proxy_uri_endpoint, param.xks_proxy_uri_endpoint),
      });
      if (Object.keys(changes).length > 0)
        await this.kms.run(call, region, 'UpdateCustomKeyStore', { CustomKeyStoreId, ...changes });
    });
  }

  @CckmOperation({
    name: 'DeleteStore',
    route: ['DELETE', 'cckm/aws/custom-key-stores/:id'],
    resource: 'store',
    status: 204,
    summary: 'Deletes a custom key store',
    description:
      'Calls KMS DeleteCustomKeyStore, and deletes the record. The store must be disconnected and hold no keys.',
    output: Nothing,
  })
  async delete(call: Call, @Param(IdPath) { id }: IdPath): Promise<Nothing> {
    await this.stores.delete(call, id);
    return {};
  }

  @CckmOperation({
    name: 'ConnectStore',
    route: ['POST', 'cckm/aws/custom-key-stores/:id/connect'],
    resource: 'store',
    summary: 'Connects a custom key store',
    description:
      'Calls KMS ConnectCustomKeyStore, and first UpdateCustomKeyStore if the request has a password. The response is immediate: ' +
      '`connection_state` is `CONNECTING`, and later `CONNECTED` or `FAILED`.',
    output: Store,
  })
  connect(
    call: Call,
    @Param(IdPath) { id }: IdPath,
    @Body(ConnectStoreInput) { key_store_password = '', aws_param }: ConnectStoreInput,
  ): Promise<Store> {
    const KeyStorePassword = key_store_password || aws_param?.key_store_password;
    return this.stores.change(call, id, async ({ region, CustomKeyStoreId }) => {
      if (KeyStorePassword)
        await this.kms.run(call, region, 'UpdateCustomKeyStore', { CustomKeyStoreId, KeyStorePassword });
      await this.kms.run(call, region, 'ConnectCustomKeyStore', { CustomKeyStoreId });
    });
  }

  @CckmOperation({
    name: 'DisconnectStore',
    route: ['POST', 'cckm/aws/custom-key-stores/:id/disconnect'],
    resource: 'store',
    summary: 'Disconnects a custom key store',
    description:
      'Calls KMS DisconnectCustomKeyStore. The keys in the store are `Unavailable` until it is connected again.',
    output: Store,
  })
  disconnect(call: Call, @Param(IdPath) { id }: IdPath): Promise<Store> {
    return this.stores.change(call, id, ({ region, CustomKeyStoreId }) =>
      this.kms.run(call, region, 'DisconnectCustomKeyStore', { CustomKeyStoreId }),
    );
  }

  @CckmOperation({
    name: 'CreateKeyInStore',
    route: ['POST', 'cckm/aws/custom-key-stores/:id/create-aws-key'],
    resource: 'store',
    status: 201,
    summary: 'Creates a key in an AWS CloudHSM key store',
    description:
      'Accepts the members of CreateAwsKey except `kms` and `region`, which the store determines. The store must be connected.',
    example: '-d \'{"aws_param":{"Alias":"orders"}}\'',
    output: Key,
  })
  async createAwsKey(
    call: Call,
    @Param(IdPath) { id }: IdPath,
    @Body(CreateKeyInStoreInput) input: CreateKeyInStoreInput,
    @BodyText() written: string,
  ): Promise<Key> {
    const view = await this.stores.changeable(call, id, 'keycreate');
    if (view.isGone) throw goneStore(view);
    if (view.param.custom_key_store_type !== CLOUDHSM)
      throw notServed('Create a key in an external key store with KMS CreateKey, and synchronize.');
    const place = { ...kmsStoreOf(view), container: view.container };
    return this.createKey.inStore(call, place, input, policyIn(written, ['aws_param', 'Policy']));
  }
}

/** Returns a value that is given and differs from the current one. */
function unlessSame(stated: string | undefined, present: string | undefined): string | undefined {
  return stated === '' || stated === present ? undefined : stated;
}
