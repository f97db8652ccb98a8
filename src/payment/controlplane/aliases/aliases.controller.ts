import { OperationsController } from '../../../http/operation.js';
import { Body } from '../../../http/input.js';
import type { Call } from '../../../call.js';
import { ControlPlaneOperation } from '../../operation.js';
import { Nothing } from '../../../http/fields.js';
import {
  AliasOutput,
  CreateAliasInput,
  DeleteAliasInput,
  GetAliasInput,
  ListAliasesInput,
  ListAliasesOutput,
  UpdateAliasInput,
} from './aliases.schema.js';
import { CreateAliasOperation } from './create-alias.operation.js';
import { DeleteAliasOperation } from './delete-alias.operation.js';
import { GetAliasOperation } from './get-alias.operation.js';
import { ListAliasesOperation } from './list-aliases.operation.js';
import { UpdateAliasOperation } from './update-alias.operation.js';

@OperationsController('aliases')
export class AliasesController {
  constructor(
    private readonly createAlias: CreateAliasOperation,
    private readonly getAlias: GetAliasOperation,
    private readonly listAliases: ListAliasesOperation,
    private readonly updateAlias: UpdateAliasOperation,
    private readonly deleteAlias: DeleteAliasOperation,
  ) {}

  @ControlPlaneOperation({
    name: 'CreateAlias',
    summary: 'Creates an alias for a key',
    description:
      'An alias can be given wherever a `KeyIdentifier` is expected. Its name is case-sensitive and unique in ' +
      'the account and Region. Without `KeyArn`, the alias refers to no key until UpdateAlias. Fails with ' +
      'ConflictException if the name is taken. A key whose deletion is scheduled can’t get a new alias.',
    example: '--alias-name alias/acquirer/mac --key-arn $KEY_ARN',
    output: AliasOutput,
    resource: 'alias',
  })
  create(call: Call, @Body(CreateAliasInput) input: CreateAliasInput): Promise<AliasOutput> {
    return this.createAlias.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'GetAlias',
    summary: 'Gets the key that an alias refers to',
    description: 'The response has no `KeyArn` if the alias refers to no key.',
    example: '--alias-name alias/acquirer/mac',
    output: AliasOutput,
    resource: 'alias',
  })
  get(call: Call, @Body(GetAliasInput) input: GetAliasInput): Promise<AliasOutput> {
    return this.getAlias.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'ListAliases',
    summary: 'Lists aliases',
    description:
      'Lists all aliases of the account in the Region in the order of their names, 50 per page unless ' +
      '`MaxResults` is given. `KeyArn` restricts the list to the aliases of one key.',
    example: '--key-arn $KEY_ARN',
    output: ListAliasesOutput,
    resource: 'nothing',
  })
  list(call: Call, @Body(ListAliasesInput) input: ListAliasesInput): Promise<ListAliasesOutput> {
    return this.listAliases.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'UpdateAlias',
    summary: 'Associates an alias with another key',
    description:
      'Without `KeyArn`, the alias remains but refers to no key. The attributes of the two keys are not ' +
      'compared: make sure that applications that use the alias can work with both.',
    example: '--alias-name alias/acquirer/mac --key-arn $KEY_ARN',
    output: AliasOutput,
    resource: 'alias',
  })
  update(call: Call, @Body(UpdateAliasInput) input: UpdateAliasInput): Promise<AliasOutput> {
    return this.updateAlias.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'DeleteAlias',
    summary: 'Deletes an alias',
    description: 'The key is not affected.',
    example: '--alias-name alias/acquirer/mac',
    output: Nothing,
    resource: 'alias',
  })
  delete(call: Call, @Body(DeleteAliasInput) input: DeleteAliasInput): Promise<Nothing> {
    return this.deleteAlias.execute(call, input);
  }
}
