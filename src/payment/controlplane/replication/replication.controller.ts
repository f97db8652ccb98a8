import { Req } from '@nestjs/common';
import { OperationsController } from '../../../http/operation.js';
import { Body } from '../../../http/input.js';
import type { SignedRequest } from '../../../http/request.js';
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
    summary: 'Replicates a key to more Regions',
    description:
      'The key becomes a PRIMARY one and gets a read-only REPLICA in each Region: same key id, same material, same state. ' +
      '`ReplicationStatus` goes from IN_PROGRESS to SYNCHRONIZED within seconds, and again after each change. The key must be ' +
      'exportable and in use, and each Region another one that this deployment serves. Aliases, tags and policies stay where ' +
      'they are.',
    example: '--key-identifier $KEY_ARN --replication-regions eu-west-1',
    output: KeyOutput,
    resource: 'key',
  })
  add(
    @Req() { call }: SignedRequest,
    @Body(AddKeyReplicationRegionsInput) input: KeyReplicationRegionsInput,
  ): Promise<KeyOutput> {
    return this.addKeyReplicationRegions.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'RemoveKeyReplicationRegions',
    summary: 'Destroys the replicas of a key in Regions',
    description:
      'The Regions are DELETE_IN_PROGRESS until their replicas are gone, which can not be taken back; then they are no ' +
      'longer in `ReplicationStatus`. Without any Region left the key is an ordinary one again. Aliases of a replica stay ' +
      'without a key.',
    example: '--key-identifier $KEY_ARN --replication-regions eu-west-1',
    output: KeyOutput,
    resource: 'key',
  })
  remove(
    @Req() { call }: SignedRequest,
    @Body(RemoveKeyReplicationRegionsInput) input: KeyReplicationRegionsInput,
  ): Promise<KeyOutput> {
    return this.removeKeyReplicationRegions.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'EnableDefaultKeyReplicationRegions',
    summary: 'Replicates new keys to Regions by default',
    description:
      'A setting of the account in the Region of the call. Exportable keys that are created afterwards go to these Regions ' +
      'unless `ReplicationRegions` says otherwise; keys that are there already stay as they are.',
    example: '--replication-regions eu-west-1',
    output: DefaultKeyReplicationRegionsOutput,
    resource: 'nothing',
  })
  enable(
    @Req() { call }: SignedRequest,
    @Body(EnableDefaultKeyReplicationRegionsInput) input: DefaultKeyReplicationRegionsInput,
  ): Promise<DefaultKeyReplicationRegionsOutput> {
    return this.enableDefaultKeyReplicationRegions.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'DisableDefaultKeyReplicationRegions',
    summary: 'No longer replicates new keys to Regions by default',
    description: 'Answers the Regions that remain. Keys that are there already keep their replicas.',
    example: '--replication-regions eu-west-1',
    output: DefaultKeyReplicationRegionsOutput,
    resource: 'nothing',
  })
  disable(
    @Req() { call }: SignedRequest,
    @Body(DisableDefaultKeyReplicationRegionsInput) input: DefaultKeyReplicationRegionsInput,
  ): Promise<DefaultKeyReplicationRegionsOutput> {
    return this.disableDefaultKeyReplicationRegions.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'GetDefaultKeyReplicationRegions',
    summary: 'Shows where new keys are replicated to by default',
    description: 'The setting of the account in the Region of the call; an empty list where there is none.',
    example: '',
    output: DefaultKeyReplicationRegionsOutput,
    resource: 'nothing',
  })
  get(
    @Req() { call }: SignedRequest,
    @Body(GetDefaultKeyReplicationRegionsInput) _input: object,
  ): Promise<DefaultKeyReplicationRegionsOutput> {
    return this.getDefaultKeyReplicationRegions.execute(call);
  }
}
