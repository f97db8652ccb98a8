import { OperationsController } from '../../../http/operation.js';
import { Body } from '../../../http/input.js';
import type { Call } from '../../../call.js';
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
    summary: 'Attaches a resource-based policy to a key',
    description:
      'Replaces the existing policy, if any. The policy is validated, stored as written and enforced. Its ' +
      '`Resource` must be `"*"` or the ARN of the key. A policy that grants access to any principal, without a ' +
      'condition on the caller, is rejected with PublicPolicyException. Not allowed for a key whose deletion ' +
      'is scheduled.',
    example: '--resource-arn $KEY_ARN --policy file://policy.json',
    output: ResourcePolicyOutput,
    resource: 'key',
  })
  put(call: Call, @Body(PutResourcePolicyInput) input: PutResourcePolicyInput): Promise<ResourcePolicyOutput> {
    return this.putResourcePolicy.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'GetResourcePolicy',
    summary: 'Gets the resource-based policy of a key',
    description: 'Returns the policy as written. Fails with ResourceNotFoundException if the key has none.',
    example: '--resource-arn $KEY_ARN',
    output: ResourcePolicyOutput,
    resource: 'key',
  })
  get(call: Call, @Body(GetResourcePolicyInput) input: ResourceInput): Promise<ResourcePolicyOutput> {
    return this.getResourcePolicy.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'DeleteResourcePolicy',
    summary: 'Deletes the resource-based policy of a key',
    description: 'Allowed in any state of the key. Fails with ResourceNotFoundException if the key has no policy.',
    example: '--resource-arn $KEY_ARN',
    output: Nothing,
    resource: 'key',
  })
  delete(call: Call, @Body(DeleteResourcePolicyInput) input: ResourceInput): Promise<Nothing> {
    return this.deleteResourcePolicy.execute(call, input);
  }
}
