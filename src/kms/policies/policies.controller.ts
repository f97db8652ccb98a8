import type { Call } from '../../call.js';
import { Nothing } from '../../http/fields.js';
import { Body } from '../../http/input.js';
import { OperationsController } from '../../http/operation.js';
import { KmsOperation } from '../operation.js';
import { GetKeyPolicyOperation } from './get-key-policy.operation.js';
import { ListKeyPoliciesOperation } from './list-key-policies.operation.js';
import {
  GetKeyPolicyInput,
  GetKeyPolicyOutput,
  ListKeyPoliciesInput,
  ListKeyPoliciesOutput,
  PutKeyPolicyInput,
} from './policies.schema.js';
import { PutKeyPolicyOperation } from './put-key-policy.operation.js';

@OperationsController('policies')
export class KmsPoliciesController {
  constructor(
    private readonly getKeyPolicy: GetKeyPolicyOperation,
    private readonly putKeyPolicy: PutKeyPolicyOperation,
    private readonly listKeyPolicies: ListKeyPoliciesOperation,
  ) {}

  @KmsOperation({
    name: 'GetKeyPolicy',
    summary: 'Gets the policy of a KMS key',
    description: 'Returns the key policy as written. Its name is always `default`.',
    example: '--key-id $KEY_ID --query Policy --output text',
    output: GetKeyPolicyOutput,
    resource: 'key',
  })
  get(call: Call, @Body(GetKeyPolicyInput) input: GetKeyPolicyInput): Promise<GetKeyPolicyOutput> {
    return this.getKeyPolicy.execute(call, input);
  }

  @KmsOperation({
    name: 'PutKeyPolicy',
    summary: 'Replaces the policy of a KMS key',
    description:
      'The key policy is evaluated first, even for the root of the account: other policies apply only if it allows the account. ' +
      'It must name existing users and roles, and allow the caller to replace it, unless ' +
      '`BypassPolicyLockoutSafetyCheck` is true. It has 32,768 bytes at most.',
    example: '--key-id $KEY_ID --policy file://policy.json',
    output: Nothing,
    resource: 'key',
  })
  put(call: Call, @Body(PutKeyPolicyInput) input: PutKeyPolicyInput): Promise<Nothing> {
    return this.putKeyPolicy.execute(call, input);
  }

  @KmsOperation({
    name: 'ListKeyPolicies',
    summary: 'Lists the names of the policies of a KMS key',
    description: 'A key has one policy, and its name is `default`.',
    example: '--key-id $KEY_ID',
    output: ListKeyPoliciesOutput,
    resource: 'key',
  })
  list(call: Call, @Body(ListKeyPoliciesInput) input: ListKeyPoliciesInput): Promise<ListKeyPoliciesOutput> {
    return this.listKeyPolicies.execute(call, input);
  }
}
