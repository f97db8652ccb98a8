import { Req } from '@nestjs/common';
import { OperationsController } from '../../../http/operation.js';
import { Body } from '../../../http/input.js';
import type { SignedRequest } from '../../../http/request.js';
import { ControlPlaneOperation } from '../../operation.js';
import { Nothing } from '../../../http/fields.js';
import { DeleteResourcePolicyOperation } from './delete-resource-policy.operation.js';
import { GetResourcePolicyOperation } from './get-resource-policy.operation.js';
import {
  DeleteResourcePolicyInput,
  GetResourcePolicyInput,
  PutResourcePolicyInput,
  type ResourceInput,
  ResourcePolicyOutput,
} from './policies.schema.js';
import { PutResourcePolicyOperation } from './put-resource-policy.operation.js';

@OperationsController('policies')
export class PoliciesController {
  constructor(
    private readonly putResourcePolicy: PutResourcePolicyOperation,
    private readonly getResourcePolicy: GetResourcePolicyOperation,
    private readonly deleteResourcePolicy: DeleteResourcePolicyOperation,
  ) {}

  @ControlPlaneOperation({
    name: 'PutResourcePolicy',
    summary: 'Gives a key a policy',
    description:
      'In place of the one it has. The policy is checked and kept as written; **it is not enforced yet**. Its `Resource` ' +
      'is `"*"` or the ARN of the key. One that allows any principal something, without a condition on who calls, is a ' +
      'PublicPolicyException. Not for a key whose deletion is scheduled.',
    example: '--resource-arn $KEY_ARN --policy file://policy.json',
    output: ResourcePolicyOutput,
    resource: 'key',
  })
  put(
    @Req() { call }: SignedRequest,
    @Body(PutResourcePolicyInput) input: PutResourcePolicyInput,
  ): Promise<ResourcePolicyOutput> {
    return this.putResourcePolicy.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'GetResourcePolicy',
    summary: 'Shows the policy of a key',
    description: 'As it was written. A key without one is a ResourceNotFoundException.',
    example: '--resource-arn $KEY_ARN',
    output: ResourcePolicyOutput,
    resource: 'key',
  })
  get(
    @Req() { call }: SignedRequest,
    @Body(GetResourcePolicyInput) input: ResourceInput,
  ): Promise<ResourcePolicyOutput> {
    return this.getResourcePolicy.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'DeleteResourcePolicy',
    summary: 'Takes the policy of a key away',
    description: 'Whatever the state of the key. A key without one is a ResourceNotFoundException.',
    example: '--resource-arn $KEY_ARN',
    output: Nothing,
    resource: 'key',
  })
  delete(@Req() { call }: SignedRequest, @Body(DeleteResourcePolicyInput) input: ResourceInput): Promise<Nothing> {
    return this.deleteResourcePolicy.execute(call, input);
  }
}
