import type { Call } from '../../call.js';
import { Nothing } from '../../http/fields.js';
import { Body } from '../../http/input.js';
import { OperationsController } from '../../http/operation.js';
import { DEMO_KMS_KEY_ID } from '../fields.js';
import { KmsOperation } from '../operation.js';
import { DisableKeyRotationOperation } from './disable-key-rotation.operation.js';
import { EnableKeyRotationOperation } from './enable-key-rotation.operation.js';
import { GetKeyRotationStatusOperation } from './get-key-rotation-status.operation.js';
import { ListKeyRotationsOperation } from './list-key-rotations.operation.js';
import { RotateKeyOnDemandOperation } from './rotate-key-on-demand.operation.js';
import {
  DisableKeyRotationInput,
  EnableKeyRotationInput,
  GetKeyRotationStatusInput,
  GetKeyRotationStatusOutput,
  ListKeyRotationsInput,
  ListKeyRotationsOutput,
  RotateKeyOnDemandInput,
  RotateKeyOnDemandOutput,
} from './rotation.schema.js';

const EXAMPLE = `--key-id ${DEMO_KMS_KEY_ID}`;

@OperationsController('rotation')
export class RotationController {
  constructor(
    private readonly enableKeyRotation: EnableKeyRotationOperation,
    private readonly disableKeyRotation: DisableKeyRotationOperation,
    private readonly getKeyRotationStatus: GetKeyRotationStatusOperation,
    private readonly rotateKeyOnDemand: RotateKeyOnDemandOperation,
    private readonly listKeyRotations: ListKeyRotationsOperation,
  ) {}

  @KmsOperation({
    name: 'EnableKeyRotation',
    summary: 'Turns on automatic rotation',
    description:
      'A symmetric encryption key gets new key material every 365 days, or every `RotationPeriodInDays`. Its id, its ARN and ' +
      'its policy stay, and so do the former materials: whatever they encrypted can be decrypted. For a key that is already rotated ' +
      'automatically, this changes the period. Related keys of several Regions are rotated together, as set for the primary key.',
    example: `${EXAMPLE} --rotation-period-in-days 180`,
    output: Nothing,
    resource: 'key',
  })
  enable(call: Call, @Body(EnableKeyRotationInput) input: EnableKeyRotationInput): Promise<Nothing> {
    return this.enableKeyRotation.execute(call, input);
  }

  @KmsOperation({
    name: 'DisableKeyRotation',
    summary: 'Turns off automatic rotation',
    description: 'The key keeps all of its materials, and can still be rotated on demand.',
    example: EXAMPLE,
    output: Nothing,
    resource: 'key',
  })
  disable(call: Call, @Body(DisableKeyRotationInput) input: DisableKeyRotationInput): Promise<Nothing> {
    return this.disableKeyRotation.execute(call, input);
  }

  @KmsOperation({
    name: 'GetKeyRotationStatus',
    summary: 'Gets the automatic rotation setting of a key',
    description:
      'Returns the period and the next date of automatic rotation. A disabled key is not rotated until it is enabled again. A ' +
      'key that is pending deletion is reported without rotation; CancelKeyDeletion restores the setting.',
    example: EXAMPLE,
    output: GetKeyRotationStatusOutput,
    resource: 'key',
  })
  status(
    call: Call,
    @Body(GetKeyRotationStatusInput) input: GetKeyRotationStatusInput,
  ): Promise<GetKeyRotationStatusOutput> {
    return this.getKeyRotationStatus.execute(call, input);
  }

  @KmsOperation({
    name: 'RotateKeyOnDemand',
    summary: 'Rotates a key at once',
    description:
      'Gives a symmetric encryption key new key material; for imported material, this is the material that was imported for ' +
      'this rotation. The dates of automatic rotation don’t change. A key can be rotated on demand 25 times.',
    example: EXAMPLE,
    output: RotateKeyOnDemandOutput,
    resource: 'key',
  })
  rotate(call: Call, @Body(RotateKeyOnDemandInput) input: RotateKeyOnDemandInput): Promise<RotateKeyOnDemandOutput> {
    return this.rotateKeyOnDemand.execute(call, input);
  }

  @KmsOperation({
    name: 'ListKeyRotations',
    summary: 'Lists the rotations of a key',
    description:
      'Lists the materials that rotations made current, oldest first, 100 per page unless `Limit` is given. ' +
      '`IncludeKeyMaterial` `ALL_KEY_MATERIAL` adds the first material, and an imported one that waits for a rotation.',
    example: EXAMPLE,
    output: ListKeyRotationsOutput,
    resource: 'key',
  })
  list(call: Call, @Body(ListKeyRotationsInput) input: ListKeyRotationsInput): Promise<ListKeyRotationsOutput> {
    return this.listKeyRotations.execute(call, input);
  }
}
