import { OperationsController } from '../../../http/operation.js';
import { Body } from '../../../http/input.js';
import type { Call } from '../../../call.js';
import { ControlPlaneOperation } from '../../operation.js';
import { KeyOutput } from '../keys/keys.schema.js';
import { AddKeyReplicationRegionsOperation } from './add-key-replication-regions.operation.js';
import { DisableDefaultKeyReplicationRegionsOperation } from './disable-default-key-replication-regions.operation.js';
import { EnableDefaultKeyReplicationRegionsOperation } from './enable-default-key-replication-regions.operation.js';
import { GetDefaultKeyReplicationRegionsOperation } from './get-default-key-replication-regions.operation.js';
import { RemoveKeyReplicationRegionsOperation } from './remove-key-replication-regions.operation.js';
import {
  AddKeyReplicationRegionsInput,
  type DefaultKeyReplicationRegionsInput,
  DefaultKeyReplicationRegionsOutput,
  DisableDefaultKeyReplicationRegionsInput,
  EnableDefaultKeyReplicationRegionsInput,
  GetDefaultKeyReplicationRegionsInput,
  type KeyReplicationRegionsInput,
  RemoveKeyReplicationRegionsInput,
} from './replication.schema.js';

@OperationsController('replication')
export class ReplicationController {
  constructor(
    private readonly addKeyReplicationRegions: AddKeyReplicationRegionsOperation,
    private readonly removeKeyReplicationRegions: RemoveKeyReplicationRegionsOperation,
    private readonly enableDefaultKeyReplicationRegions: EnableDefaultKeyReplicationRegionsOperation,
    private readonly disableDefaultKeyReplicationRegions: DisableDefaultKeyReplicationRegionsOperation,
    private readonly getDefaultKeyReplicationRegions: GetDefaultKeyReplicationRegionsOperation,
  ) {}

  @ControlPlaneOperation({
    name: 'AddKeyReplicationRegions',
    summary: 'Adds replication Regions to a key',
    description:
      'The key becomes a PRIMARY key and gets a read-only REPLICA in each Region, with the same key ID, ' +
      'material and state. `ReplicationStatus` changes from IN_PROGRESS to SYNCHRONIZED within seconds, and ' +
      'does so again after each change of the key. The key must be exportable and enabled. This deployment ' +
      'must serve the Regions, and none may be the key’s own. Aliases, tags and policies are not replicated.',
    example: '--key-identifier $KEY_ARN --replication-regions eu-west-1',
    output: KeyOutput,
    resource: 'key',
  })
  add(call: Call, @Body(AddKeyReplicationRegionsInput) input: KeyReplicationRegionsInput): Promise<KeyOutput> {
    return this.addKeyReplicationRegions.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'RemoveKeyReplicationRegions',
    summary: 'Removes replication Regions from a key',
    description:
      'The replicas are destroyed irreversibly. Each Region is DELETE_IN_PROGRESS until its replica is removed, ' +
      'and then disappears from `ReplicationStatus`. Once no Region is left, the key is an ordinary key again. ' +
      'Aliases of a replica remain without a key.',
    example: '--key-identifier $KEY_ARN --replication-regions eu-west-1',
    output: KeyOutput,
    resource: 'key',
  })
  remove(call: Call, @Body(RemoveKeyReplicationRegionsInput) input: KeyReplicationRegionsInput): Promise<KeyOutput> {
    return this.removeKeyReplicationRegions.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'EnableDefaultKeyReplicationRegions',
    summary: 'Enables default replication Regions for new keys',
    description:
      'Applies to the account in the Region of the request. Exportable keys created afterwards are replicated ' +
      'to these Regions unless `ReplicationRegions` is given; existing keys are not affected.',
    example: '--replication-regions eu-west-1',
    output: DefaultKeyReplicationRegionsOutput,
    resource: 'nothing',
  })
  enable(
    call: Call,
    @Body(EnableDefaultKeyReplicationRegionsInput) input: DefaultKeyReplicationRegionsInput,
  ): Promise<DefaultKeyReplicationRegionsOutput> {
    return this.enableDefaultKeyReplicationRegions.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'DisableDefaultKeyReplicationRegions',
    summary: 'Disables default replication Regions for new keys',
    description: 'Returns the Regions that remain. Existing keys keep their replicas.',
    example: '--replication-regions eu-west-1',
    output: DefaultKeyReplicationRegionsOutput,
    resource: 'nothing',
  })
  disable(
    call: Call,
    @Body(DisableDefaultKeyReplicationRegionsInput) input: DefaultKeyReplicationRegionsInput,
  ): Promise<DefaultKeyReplicationRegionsOutput> {
    return this.disableDefaultKeyReplicationRegions.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'GetDefaultKeyReplicationRegions',
    summary: 'Gets the default replication Regions for new keys',
    description: 'Returns the setting of the account in the Region of the request; an empty list if there is none.',
    example: '',
    output: DefaultKeyReplicationRegionsOutput,
    resource: 'nothing',
  })
  get(
    call: Call,
    @Body(GetDefaultKeyReplicationRegionsInput) _input: object,
  ): Promise<DefaultKeyReplicationRegionsOutput> {
    return this.getDefaultKeyReplicationRegions.execute(call);
  }
}
