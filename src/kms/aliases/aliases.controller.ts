import type { Call } from '../../call.js';
import { Nothing } from '../../http/fields.js';
import { Body } from '../../http/input.js';
import { OperationsController } from '../../http/operation.js';
import { KmsOperation } from '../operation.js';
import {
  CreateAliasInput,
  DeleteAliasInput,
  ListAliasesInput,
  ListAliasesOutput,
  UpdateAliasInput,
} from './aliases.schema.js';
import { CreateAliasOperation } from './create-alias.operation.js';
import { DeleteAliasOperation } from './delete-alias.operation.js';
import { ListAliasesOperation } from './list-aliases.operation.js';
import { UpdateAliasOperation } from './update-alias.operation.js';

@OperationsController('aliases')
export class KmsAliasesController {
  constructor(
    private readonly createAlias: CreateAliasOperation,
    private readonly updateAlias: UpdateAliasOperation,
    private readonly deleteAlias: DeleteAliasOperation,
    private readonly listAliases: ListAliasesOperation,
  ) {}

  @KmsOperation({
    name: 'CreateAlias',
    summary: 'Creates an alias for a KMS key',
    description:
      'An alias names one key, and can be given as the `KeyId` of DescribeKey, GetPublicKey and the cryptographic operations. Its ' +
      'name begins with `alias/`, is case-sensitive and unique in the account and Region; `alias/aws/` is reserved. A key has ' +
      '50 aliases at most. The caller needs permission on the alias and on the key.',
    example: '--alias-name alias/orders --target-key-id $KEY_ID',
    output: Nothing,
    resource: 'alias',
  })
  create(call: Call, @Body(CreateAliasInput) input: CreateAliasInput): Promise<Nothing> {
    return this.createAlias.execute(call, input);
  }

  @KmsOperation({
    name: 'UpdateAlias',
    summary: 'Points an alias at another KMS key',
    description:
      'The new key must have the same usage and the same type (symmetric, asymmetric or HMAC) as the former one. The caller needs ' +
      'permission on the alias and on both keys.',
    example: '--alias-name alias/orders --target-key-id $KEY_ID',
    output: Nothing,
    resource: 'alias',
  })
  update(call: Call, @Body(UpdateAliasInput) input: UpdateAliasInput): Promise<Nothing> {
    return this.updateAlias.execute(call, input);
  }

  @KmsOperation({
    name: 'DeleteAlias',
    summary: 'Deletes an alias',
    description: 'The key is not affected. The caller needs permission on the alias and on the key.',
    example: '--alias-name alias/orders',
    output: Nothing,
    resource: 'alias',
  })
  delete(call: Call, @Body(DeleteAliasInput) input: DeleteAliasInput): Promise<Nothing> {
    return this.deleteAlias.execute(call, input);
  }

  @KmsOperation({
    name: 'ListAliases',
    summary: 'Lists aliases',
    description:
      'Lists all aliases of the account in the Region by name, 50 per page unless `Limit` is given. `KeyId` restricts the ' +
      'list to the aliases of one key.',
    example: '--key-id $KEY_ID',
    output: ListAliasesOutput,
    resource: 'nothing',
  })
  list(call: Call, @Body(ListAliasesInput) input: ListAliasesInput): Promise<ListAliasesOutput> {
    return this.listAliases.execute(call, input);
  }
}
