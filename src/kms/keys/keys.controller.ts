import type { Call } from '../../call.js';
import { Nothing } from '../../http/fields.js';
import { Body } from '../../http/input.js';
import { OperationsController } from '../../http/operation.js';
import { DEMO_KMS_KEY_ID } from '../fields.js';
import { KmsOperation } from '../operation.js';
import { CancelKeyDeletionOperation } from './cancel-key-deletion.operation.js';
import { CreateKeyOperation } from './create-key.operation.js';
import { DescribeKeyOperation } from './describe-key.operation.js';
import { DisableKeyOperation } from './disable-key.operation.js';
import { EnableKeyOperation } from './enable-key.operation.js';
import { GetKeyLastUsageOperation } from './get-key-last-usage.operation.js';
import {
  CancelKeyDeletionInput,
  CancelKeyDeletionOutput,
  CreateKeyInput,
  CreateKeyOutput,
  DescribeKeyInput,
  DescribeKeyOutput,
  DisableKeyInput,
  EnableKeyInput,
  GetKeyLastUsageInput,
  GetKeyLastUsageOutput,
  ListKeysInput,
  ListKeysOutput,
  ScheduleKeyDeletionInput,
  ScheduleKeyDeletionOutput,
  UpdateKeyDescriptionInput,
} from './keys.schema.js';
import { ListKeysOperation } from './list-keys.operation.js';
import { ScheduleKeyDeletionOperation } from './schedule-key-deletion.operation.js';
import { UpdateKeyDescriptionOperation } from './update-key-description.operation.js';

const EXAMPLE = `--key-id ${DEMO_KMS_KEY_ID}`;

@OperationsController('keys')
export class KmsKeysController {
  constructor(
    private readonly createKey: CreateKeyOperation,
    private readonly describeKey: DescribeKeyOperation,
    private readonly listKeys: ListKeysOperation,
    private readonly enableKey: EnableKeyOperation,
    private readonly disableKey: DisableKeyOperation,
    private readonly updateKeyDescription: UpdateKeyDescriptionOperation,
    private readonly scheduleKeyDeletion: ScheduleKeyDeletionOperation,
    private readonly cancelKeyDeletion: CancelKeyDeletionOperation,
    private readonly getKeyLastUsage: GetKeyLastUsageOperation,
  ) {}

  @KmsOperation({
    name: 'CreateKey',
    summary: 'Creates a KMS key',
    description:
      'Generates key material and seals it under the master key; with `Origin` `EXTERNAL`, the key waits for the import of its ' +
      'material. `KeySpec` and `KeyUsage` determine the key’s operations and can’t be changed later. Without `Policy`, the key ' +
      'gets the default key policy, which delegates to the policies of users and roles. The response never contains the key.',
    example: '--description "Encrypts the database of orders"',
    output: CreateKeyOutput,
    resource: 'nothing',
  })
  create(call: Call, @Body(CreateKeyInput) input: CreateKeyInput): Promise<CreateKeyOutput> {
    return this.createKey.execute(call, input);
  }

  @KmsOperation({
    name: 'DescribeKey',
    summary: 'Gets the metadata of a KMS key',
    description: 'Returns the properties and the state of a key. Works in every state. Key material is never returned.',
    example: '--key-id alias/orders',
    output: DescribeKeyOutput,
    resource: 'key',
  })
  describe(call: Call, @Body(DescribeKeyInput) input: DescribeKeyInput): Promise<DescribeKeyOutput> {
    return this.describeKey.execute(call, input);
  }

  @KmsOperation({
    name: 'ListKeys',
    summary: 'Lists KMS keys',
    description: 'Lists all keys of the account in the Region by id, 100 per page unless `Limit` is given.',
    example: '--limit 10',
    output: ListKeysOutput,
    resource: 'nothing',
  })
  list(call: Call, @Body(ListKeysInput) input: ListKeysInput): Promise<ListKeysOutput> {
    return this.listKeys.execute(call, input);
  }

  @KmsOperation({
    name: 'EnableKey',
    summary: 'Enables a key',
    description:
      'The key can be used again. If its automatic rotation became due while it was disabled, it is rotated at once.',
    example: EXAMPLE,
    output: Nothing,
    resource: 'key',
  })
  enable(call: Call, @Body(EnableKeyInput) input: EnableKeyInput): Promise<Nothing> {
    return this.enableKey.execute(call, input);
  }

  @KmsOperation({
    name: 'DisableKey',
    summary: 'Disables a key',
    description:
      'Cryptographic operations with the key are refused until EnableKey. Aliases, grants and the policy are kept.',
    example: EXAMPLE,
    output: Nothing,
    resource: 'key',
  })
  disable(call: Call, @Body(DisableKeyInput) input: DisableKeyInput): Promise<Nothing> {
    return this.disableKey.execute(call, input);
  }

  @KmsOperation({
    name: 'UpdateKeyDescription',
    summary: 'Changes the description of a key',
    description: 'Replaces the description. An empty one clears it.',
    example: `${EXAMPLE} --description "Encrypts the orders"`,
    output: Nothing,
    resource: 'key',
  })
  updateDescription(call: Call, @Body(UpdateKeyDescriptionInput) input: UpdateKeyDescriptionInput): Promise<Nothing> {
    return this.updateKeyDescription.execute(call, input);
  }

  @KmsOperation({
    name: 'ScheduleKeyDeletion',
    summary: 'Schedules the deletion of a key',
    description:
      'The key can no longer be used. After 30 days, or the 7 to 30 days in `PendingWindowInDays`, it is deleted with its materials, ' +
      'aliases, grants and tags, and data encrypted under it is lost permanently. CancelKeyDeletion keeps it. A primary key with ' +
      'replicas begins to wait when the last replica is deleted.',
    example: `${EXAMPLE} --pending-window-in-days 7`,
    output: ScheduleKeyDeletionOutput,
    resource: 'key',
  })
  scheduleDeletion(
    call: Call,
    @Body(ScheduleKeyDeletionInput) input: ScheduleKeyDeletionInput,
  ): Promise<ScheduleKeyDeletionOutput> {
    return this.scheduleKeyDeletion.execute(call, input);
  }

  @KmsOperation({
    name: 'CancelKeyDeletion',
    summary: 'Cancels the deletion of a key',
    description: 'The key is kept, and is disabled until EnableKey. Its automatic rotation setting is restored.',
    example: EXAMPLE,
    output: CancelKeyDeletionOutput,
    resource: 'key',
  })
  cancelDeletion(
    call: Call,
    @Body(CancelKeyDeletionInput) input: CancelKeyDeletionInput,
  ): Promise<CancelKeyDeletionOutput> {
    return this.cancelKeyDeletion.execute(call, input);
  }

  @KmsOperation({
    name: 'GetKeyLastUsage',
    summary: 'Gets the last use of a key',
    description:
      'Returns the last successful cryptographic operation with the key, with the ids of its request and of its audit event. ' +
      'ReEncrypt counts for both keys. A use on another node appears within a minute.',
    example: EXAMPLE,
    output: GetKeyLastUsageOutput,
    resource: 'key',
  })
  lastUsage(call: Call, @Body(GetKeyLastUsageInput) input: GetKeyLastUsageInput): Promise<GetKeyLastUsageOutput> {
    return this.getKeyLastUsage.execute(call, input);
  }
}
