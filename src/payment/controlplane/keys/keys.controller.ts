import { OperationsController } from '../../../http/operation.js';
import { Body } from '../../../http/input.js';
import type { Call } from '../../../call.js';
import { ControlPlaneOperation } from '../../operation.js';
import { CreateKeyOperation } from './create-key.operation.js';
import { DeleteKeyOperation } from './delete-key.operation.js';
import { GetKeyOperation } from './get-key.operation.js';
import {
  CreateKeyInput,
  DeleteKeyInput,
  GetKeyInput,
  KeyOutput,
  ListKeysInput,
  ListKeysOutput,
  type NamedKeyInput,
  RestoreKeyInput,
  StartKeyUsageInput,
  StopKeyUsageInput,
} from './keys.schema.js';
import { ListKeysOperation } from './list-keys.operation.js';
import { RestoreKeyOperation } from './restore-key.operation.js';
import { StartKeyUsageOperation } from './start-key-usage.operation.js';
import { StopKeyUsageOperation } from './stop-key-usage.operation.js';

@OperationsController('keys')
export class KeysController {
  constructor(
    private readonly createKey: CreateKeyOperation,
    private readonly getKey: GetKeyOperation,
    private readonly listKeys: ListKeysOperation,
    private readonly deleteKey: DeleteKeyOperation,
    private readonly restoreKey: RestoreKeyOperation,
    private readonly startKeyUsage: StartKeyUsageOperation,
    private readonly stopKeyUsage: StopKeyUsageOperation,
  ) {}

  @ControlPlaneOperation({
    name: 'CreateKey',
    summary: 'Creates a key',
    description:
      'Generates key material and seals it under the master key. The usage (a TR-31 key usage code), ' +
      'algorithm, modes of use and exportability of a key can never be changed. TDES keys have odd parity and ' +
      'distinct components; RSA keys have the public exponent 65537. The response contains the key check value ' +
      'but never the key.',
    example:
      '--exportable --key-attributes "KeyUsage=TR31_M6_ISO_9797_5_CMAC_KEY,KeyClass=SYMMETRIC_KEY,KeyAlgorithm=AES_256,KeyModesOfUse={Generate=true,Verify=true}"',
    output: KeyOutput,
    resource: 'nothing',
  })
  create(call: Call, @Body(CreateKeyInput) input: CreateKeyInput): Promise<KeyOutput> {
    return this.createKey.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'GetKey',
    summary: 'Gets the metadata of a key',
    description:
      'Returns the attributes, state, key check value and timestamps of a key. Works for a deleted key, too. ' +
      'Key material is never returned.',
    example: '--key-identifier $KEY_ARN',
    output: KeyOutput,
    resource: 'key',
  })
  get(call: Call, @Body(GetKeyInput) input: NamedKeyInput): Promise<KeyOutput> {
    return this.getKey.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'ListKeys',
    summary: 'Lists keys',
    description:
      'Lists all keys of the account in the Region in order of creation, 50 per page unless `MaxResults` is ' +
      'given. Keys pending deletion and deleted keys are included; `KeyState` restricts the list to one state.',
    example: '--key-state CREATE_COMPLETE --max-results 10',
    output: ListKeysOutput,
    resource: 'nothing',
  })
  list(call: Call, @Body(ListKeysInput) input: ListKeysInput): Promise<ListKeysOutput> {
    return this.listKeys.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'DeleteKey',
    summary: 'Schedules the deletion of a key',
    description:
      'The key can no longer be used. At the end of the waiting period, 7 days unless `DeleteKeyInDays` is ' +
      'given (3 to 180), its material is destroyed irreversibly; until then RestoreKey cancels the deletion.',
    example: '--key-identifier $KEY_ARN --delete-key-in-days 7',
    output: KeyOutput,
    resource: 'key',
  })
  delete(call: Call, @Body(DeleteKeyInput) input: DeleteKeyInput): Promise<KeyOutput> {
    return this.deleteKey.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'RestoreKey',
    summary: 'Cancels a scheduled deletion',
    description: 'For a key in the state DELETE_PENDING. The restored key is disabled until StartKeyUsage enables it.',
    example: '--key-identifier $KEY_ARN',
    output: KeyOutput,
    resource: 'key',
  })
  restore(call: Call, @Body(RestoreKeyInput) input: NamedKeyInput): Promise<KeyOutput> {
    return this.restoreKey.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'StartKeyUsage',
    summary: 'Enables a key',
    description: 'Has no effect if the key is already enabled.',
    example: '--key-identifier $KEY_ARN',
    output: KeyOutput,
    resource: 'key',
  })
  start(call: Call, @Body(StartKeyUsageInput) input: NamedKeyInput): Promise<KeyOutput> {
    return this.startKeyUsage.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'StopKeyUsage',
    summary: 'Disables a key',
    description:
      'Operations refuse the key until StartKeyUsage enables it. Has no effect if the key is already disabled.',
    example: '--key-identifier $KEY_ARN',
    output: KeyOutput,
    resource: 'key',
  })
  stop(call: Call, @Body(StopKeyUsageInput) input: NamedKeyInput): Promise<KeyOutput> {
    return this.stopKeyUsage.execute(call, input);
  }
}
