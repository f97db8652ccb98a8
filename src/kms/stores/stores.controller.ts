import type { Call } from '../../call.js';
import { Nothing } from '../../http/fields.js';
import { Body } from '../../http/input.js';
import { OperationsController } from '../../http/operation.js';
import { KmsOperation } from '../operation.js';
import { ConnectCustomKeyStoreOperation } from './connect-custom-key-store.operation.js';
import { CreateCustomKeyStoreOperation } from './create-custom-key-store.operation.js';
import { DeleteCustomKeyStoreOperation } from './delete-custom-key-store.operation.js';
import { DescribeCustomKeyStoresOperation } from './describe-custom-key-stores.operation.js';
import { DisconnectCustomKeyStoreOperation } from './disconnect-custom-key-store.operation.js';
import {
  CreateCustomKeyStoreInput,
  CreateCustomKeyStoreOutput,
  DescribeCustomKeyStoresInput,
  DescribeCustomKeyStoresOutput,
  NamedCustomKeyStoreInput,
  UpdateCustomKeyStoreInput,
} from './stores.schema.js';
import { UpdateCustomKeyStoreOperation } from './update-custom-key-store.operation.js';

const EXAMPLE = '--custom-key-store-id cks-1234567890abcdef0';

/** Keys on PKCS#11 tokens and behind external key store proxies. */
@OperationsController('custom key stores')
export class StoresController {
  constructor(
    private readonly creation: CreateCustomKeyStoreOperation,
    private readonly description: DescribeCustomKeyStoresOperation,
    private readonly change: UpdateCustomKeyStoreOperation,
    private readonly connection: ConnectCustomKeyStoreOperation,
    private readonly disconnection: DisconnectCustomKeyStoreOperation,
    private readonly deletion: DeleteCustomKeyStoreOperation,
  ) {}

  @KmsOperation({
    name: 'CreateCustomKeyStore',
    summary: 'Creates a custom key store',
    description:
      'An AWS CloudHSM key store keeps its keys on a PKCS#11 token, which the file in KEYBLOCK_CLUSTERS_FILE names as a ' +
      'cluster. An external key store keeps them behind an external key store proxy. The store is disconnected at first. ' +
      'A request with the values of a disconnected store returns the id of that store.',
    example: [
      '--custom-key-store-name hsm',
      '--cloud-hsm-cluster-id cluster-234567abcde',
      '--trust-anchor-certificate file://customerCA.crt',
      '--key-store-password user-pin-1234',
    ].join(' \\\n    '),
    output: CreateCustomKeyStoreOutput,
    resource: 'nothing',
  })
  create(call: Call, @Body(CreateCustomKeyStoreInput) input: CreateCustomKeyStoreInput) {
    return this.creation.execute(call, input);
  }

  @KmsOperation({
    name: 'ConnectCustomKeyStore',
    summary: 'Connects a custom key store',
    description:
      'The response is immediate, and the connection is made in the background: DescribeCustomKeyStores shows whether ' +
      'the store is CONNECTED, or FAILED and why. The password of an AWS CloudHSM key store is tried only once. A store whose ' +
      'connection failed is disconnected first.',
    example: EXAMPLE,
    output: Nothing,
    resource: 'nothing',
  })
  connect(call: Call, @Body(NamedCustomKeyStoreInput) input: NamedCustomKeyStoreInput) {
    return this.connection.execute(call, input);
  }

  @KmsOperation({
    name: 'DescribeCustomKeyStores',
    summary: 'Lists custom key stores',
    description: 'Passwords and secret access keys are never returned.',
    example: '',
    output: DescribeCustomKeyStoresOutput,
    resource: 'nothing',
  })
  describe(call: Call, @Body(DescribeCustomKeyStoresInput) input: DescribeCustomKeyStoresInput) {
    return this.description.execute(call, input);
  }

  @KmsOperation({
    name: 'UpdateCustomKeyStore',
    summary: 'Changes a custom key store',
    description:
      'KeyStorePassword states the current password of the token and never changes it there. CloudHsmClusterId names ' +
      'another cluster with the same trust anchor. While the store is connected, only its name can be changed, and the ' +
      'credential and path of a proxy.',
    example: `${EXAMPLE} \\\n    --new-custom-key-store-name payments-hsm`,
    output: Nothing,
    resource: 'nothing',
  })
  update(call: Call, @Body(UpdateCustomKeyStoreInput) input: UpdateCustomKeyStoreInput) {
    return this.change.execute(call, input);
  }

  @KmsOperation({
    name: 'DisconnectCustomKeyStore',
    summary: 'Disconnects a custom key store',
    description: 'Its keys are Unavailable until the store is connected again.',
    example: EXAMPLE,
    output: Nothing,
    resource: 'nothing',
  })
  disconnect(call: Call, @Body(NamedCustomKeyStoreInput) input: NamedCustomKeyStoreInput) {
    return this.disconnection.execute(call, input);
  }

  @KmsOperation({
    name: 'DeleteCustomKeyStore',
    summary: 'Deletes a custom key store',
    description:
      'The store must be disconnected and hold no KMS keys, including those that are pending deletion. The token, or the ' +
      'external key manager, stays as it is.',
    example: EXAMPLE,
    output: Nothing,
    resource: 'nothing',
  })
  delete(call: Call, @Body(NamedCustomKeyStoreInput) input: NamedCustomKeyStoreInput) {
    return this.deletion.execute(call, input);
  }
}
