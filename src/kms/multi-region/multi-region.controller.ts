import type { Call } from '../../call.js';
import { Nothing } from '../../http/fields.js';
import { Body } from '../../http/input.js';
import { OperationsController } from '../../http/operation.js';
import { KmsOperation } from '../operation.js';
import { ReplicateKeyInput, ReplicateKeyOutput, UpdatePrimaryRegionInput } from './multi-region.schema.js';
import { ReplicateKeyOperation } from './replicate-key.operation.js';
import { UpdatePrimaryRegionOperation } from './update-primary-region.operation.js';

@OperationsController('multi-Region keys')
export class MultiRegionController {
  constructor(
    private readonly replicateKey: ReplicateKeyOperation,
    private readonly updatePrimaryRegion: UpdatePrimaryRegionOperation,
  ) {}

  @KmsOperation({
    name: 'ReplicateKey',
    summary: 'Replicates a multi-Region key to another Region',
    description:
      'Creates a replica with the id and the key material of a multi-Region primary key: each can decrypt the other’s ciphertexts. The ' +
      'replica has a key policy, grants, aliases, tags and a description of its own, and can be disabled and deleted by itself. The ' +
      'deployment must serve `ReplicaRegion`. The replica is `Creating` for about a second. The caller needs `kms:ReplicateKey` on ' +
      'the primary key and `kms:CreateKey` in the replica’s Region.',
    example: '--key-id mrk-1234abcd12ab34cd56ef1234567890ab --replica-region eu-west-1',
    output: ReplicateKeyOutput,
    resource: 'key',
  })
  replicate(call: Call, @Body(ReplicateKeyInput) input: ReplicateKeyInput): Promise<ReplicateKeyOutput> {
    return this.replicateKey.execute(call, input);
  }

  @KmsOperation({
    name: 'UpdatePrimaryRegion',
    summary: 'Makes a replica the primary key',
    description:
      'Exchanges the roles of the primary key and of one replica. Both are `Updating` for about a second, but remain usable. ' +
      'Only a primary key can be replicated and rotated. The caller needs the permission on both keys.',
    example: '--key-id mrk-1234abcd12ab34cd56ef1234567890ab --primary-region eu-west-1',
    output: Nothing,
    resource: 'key',
  })
  updatePrimary(call: Call, @Body(UpdatePrimaryRegionInput) input: UpdatePrimaryRegionInput): Promise<Nothing> {
    return this.updatePrimaryRegion.execute(call, input);
  }
}
