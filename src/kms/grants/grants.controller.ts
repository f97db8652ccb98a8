import type { Call } from '../../call.js';
import { Nothing } from '../../http/fields.js';
import { Body } from '../../http/input.js';
import { OperationsController } from '../../http/operation.js';
import { KmsOperation } from '../operation.js';
import { CreateGrantOperation } from './create-grant.operation.js';
import {
  CreateGrantInput,
  CreateGrantOutput,
  ListGrantsInput,
  ListGrantsOutput,
  ListRetirableGrantsInput,
  RetireGrantInput,
  RevokeGrantInput,
} from './grants.schema.js';
import { ListGrantsOperation } from './list-grants.operation.js';
import { ListRetirableGrantsOperation } from './list-retirable-grants.operation.js';
import { RetireGrantOperation } from './retire-grant.operation.js';
import { RevokeGrantOperation } from './revoke-grant.operation.js';

@OperationsController('grants')
export class KmsGrantsController {
  constructor(
    private readonly createGrant: CreateGrantOperation,
    private readonly listGrants: ListGrantsOperation,
    private readonly listRetirableGrants: ListRetirableGrantsOperation,
    private readonly retireGrant: RetireGrantOperation,
    private readonly revokeGrant: RevokeGrantOperation,
  ) {}

  @KmsOperation({
    name: 'CreateGrant',
    summary: 'Grants a principal the use of a KMS key',
    description:
      'A grant allows one principal some operations on one key, optionally limited to an encryption context by `Constraints`. It is in ' +
      'force at once, and an explicit Deny in a policy beats it. A call with the same `Name` and the same parameters returns the ' +
      'grant that exists. A caller whose own permission comes from a grant can’t grant more than that one allows.',
    example: '--key-id $KEY_ID --grantee-principal arn:aws:iam::000000000000:user/line-3 --operations Encrypt Decrypt',
    output: CreateGrantOutput,
    resource: 'key',
  })
  create(call: Call, @Body(CreateGrantInput) input: CreateGrantInput): Promise<CreateGrantOutput> {
    return this.createGrant.execute(call, input);
  }

  @KmsOperation({
    name: 'ListGrants',
    summary: 'Lists the grants of a KMS key',
    description: 'Lists grants from the oldest, 50 per page unless `Limit` is given. Grant tokens are never listed.',
    example: '--key-id $KEY_ID',
    output: ListGrantsOutput,
    resource: 'key',
  })
  list(call: Call, @Body(ListGrantsInput) input: ListGrantsInput): Promise<ListGrantsOutput> {
    return this.listGrants.execute(call, input);
  }

  @KmsOperation({
    name: 'ListRetirableGrants',
    summary: 'Lists the grants that a principal may retire',
    description: 'Lists the grants in the Region that name the principal as their retiring principal, from the oldest.',
    example: '--retiring-principal arn:aws:iam::000000000000:user/line-3',
    output: ListGrantsOutput,
    resource: 'nothing',
  })
  listRetirable(
    call: Call,
    @Body(ListRetirableGrantsInput) input: ListRetirableGrantsInput,
  ): Promise<ListGrantsOutput> {
    return this.listRetirableGrants.execute(call, input);
  }

  @KmsOperation({
    name: 'RetireGrant',
    summary: 'Deletes a grant that is no longer needed',
    description:
      'Can be called by the retiring principal, the grantee of a grant that allows RetireGrant, the root of the account, and callers ' +
      'whose own policies allow it. Identify the grant by a grant token, or by key and grant ID.',
    example: '--key-id $KEY_ID --grant-id $GRANT_ID',
    output: Nothing,
    resource: 'key',
  })
  retire(call: Call, @Body(RetireGrantInput) input: RetireGrantInput): Promise<Nothing> {
    return this.retireGrant.execute(call, input);
  }

  @KmsOperation({
    name: 'RevokeGrant',
    summary: 'Deletes a grant',
    description: 'Needs permission from policies. The permissions of the grant end at once.',
    example: '--key-id $KEY_ID --grant-id $GRANT_ID',
    output: Nothing,
    resource: 'key',
  })
  revoke(call: Call, @Body(RevokeGrantInput) input: RevokeGrantInput): Promise<Nothing> {
    return this.revokeGrant.execute(call, input);
  }
}
