import { Req } from '@nestjs/common';
import { OperationsController } from '../../../http/operation.js';
import { Body } from '../../../http/input.js';
import type { SignedRequest } from '../../../http/request.js';
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
    summary: 'Makes a key',
    description:
      'Generates key material and seals it under the master key. What the key is and may do is fixed for its life: a ' +
      'usage (the TR-31 code of its purpose), an algorithm, modes of use, and whether it may ever be exported. TDES keys ' +
      'have odd parity and different parts; RSA keys have the exponent 65537. The answer has the key check value and never the key.',
    example:
      '--exportable --key-attributes KeyUsage=TR31_M6_ISO_9797_5_CMAC_KEY,KeyClass=SYMMETRIC_KEY,KeyAlgorithm=AES_256,KeyModesOfUse={Generate=true,Verify=true}',
    output: KeyOutput,
    resource: 'nothing',
  })
  create(@Req() { call }: SignedRequest, @Body(CreateKeyInput) input: CreateKeyInput): Promise<KeyOutput> {
    return this.createKey.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'GetKey',
    summary: 'Shows a key',
    description:
      'Attributes, state, check value and times of a key, deleted ones included. The key itself never leaves.',
    example: '--key-identifier $KEY_ARN',
    output: KeyOutput,
    resource: 'key',
  })
  get(@Req() { call }: SignedRequest, @Body(GetKeyInput) input: NamedKeyInput): Promise<KeyOutput> {
    return this.getKey.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'ListKeys',
    summary: 'Lists keys',
    description:
      'All keys of the account in the Region, in the order of their creation, 50 a page unless `MaxResults` says ' +
      'otherwise. Keys pending deletion and deleted keys are in the list; `KeyState` narrows it to one state.',
    example: '--key-state CREATE_COMPLETE --max-results 10',
    output: ListKeysOutput,
    resource: 'nothing',
  })
  list(@Req() { call }: SignedRequest, @Body(ListKeysInput) input: ListKeysInput): Promise<ListKeysOutput> {
    return this.listKeys.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'DeleteKey',
    summary: 'Schedules the deletion of a key',
    description:
      'Stops the key at once. When the waiting period ends, 7 days unless `DeleteKeyInDays` says otherwise (3 to 180), ' +
      'its material is destroyed for good; until then RestoreKey brings it back.',
    example: '--key-identifier $KEY_ARN --delete-key-in-days 7',
    output: KeyOutput,
    resource: 'key',
  })
  delete(@Req() { call }: SignedRequest, @Body(DeleteKeyInput) input: DeleteKeyInput): Promise<KeyOutput> {
    return this.deleteKey.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'RestoreKey',
    summary: 'Takes the deletion of a key back',
    description: 'For a key in DELETE_PENDING. The key comes back stopped: StartKeyUsage lets it be used again.',
    example: '--key-identifier $KEY_ARN',
    output: KeyOutput,
    resource: 'key',
  })
  restore(@Req() { call }: SignedRequest, @Body(RestoreKeyInput) input: NamedKeyInput): Promise<KeyOutput> {
    return this.restoreKey.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'StartKeyUsage',
    summary: 'Lets a stopped key be used',
    description: 'A key that is in use already stays as it is.',
    example: '--key-identifier $KEY_ARN',
    output: KeyOutput,
    resource: 'key',
  })
  start(@Req() { call }: SignedRequest, @Body(StartKeyUsageInput) input: NamedKeyInput): Promise<KeyOutput> {
    return this.startKeyUsage.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'StopKeyUsage',
    summary: 'Stops the use of a key',
    description: 'Operations refuse the key until StartKeyUsage. A key that is stopped already stays as it is.',
    example: '--key-identifier $KEY_ARN',
    output: KeyOutput,
    resource: 'key',
  })
  stop(@Req() { call }: SignedRequest, @Body(StopKeyUsageInput) input: NamedKeyInput): Promise<KeyOutput> {
    return this.stopKeyUsage.execute(call, input);
  }
}
