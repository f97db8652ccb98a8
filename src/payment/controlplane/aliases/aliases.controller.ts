import { Req } from '@nestjs/common';
import { OperationsController } from '../../../http/operation.js';
import { Body } from '../../../http/input.js';
import type { SignedRequest } from '../../../http/request.js';
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
    summary: 'Gives a key a name',
    description:
      'An alias stands for its key wherever a `KeyIdentifier` is asked for. It is unique in the account and Region, and ' +
      'upper and lower case differ. Without `KeyArn` it names no key until UpdateAlias. A name that is taken is a ' +
      'ConflictException; a key whose deletion is scheduled gets no new alias.',
    example: '--alias-name alias/acquirer/mac --key-arn $KEY_ARN',
    output: AliasOutput,
    resource: 'alias',
  })
  create(@Req() { call }: SignedRequest, @Body(CreateAliasInput) input: CreateAliasInput): Promise<AliasOutput> {
    return this.createAlias.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'GetAlias',
    summary: 'Shows which key an alias names',
    description: 'The answer has no `KeyArn` when the alias names no key.',
    example: '--alias-name alias/acquirer/mac',
    output: AliasOutput,
    resource: 'alias',
  })
  get(@Req() { call }: SignedRequest, @Body(GetAliasInput) input: GetAliasInput): Promise<AliasOutput> {
    return this.getAlias.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'ListAliases',
    summary: 'Lists aliases',
    description:
      'All aliases of the account in the Region, in the order of their names, 50 a page unless `MaxResults` says ' +
      'otherwise. `KeyArn` narrows the list to the aliases of one key.',
    example: '--key-arn $KEY_ARN',
    output: ListAliasesOutput,
    resource: 'nothing',
  })
  list(@Req() { call }: SignedRequest, @Body(ListAliasesInput) input: ListAliasesInput): Promise<ListAliasesOutput> {
    return this.listAliases.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'UpdateAlias',
    summary: 'Makes an alias name another key',
    description:
      'Without `KeyArn` the alias stays and names no key. The attributes of the keys are not compared: what calls with ' +
      'the alias must be fit for both.',
    example: '--alias-name alias/acquirer/mac --key-arn $KEY_ARN',
    output: AliasOutput,
    resource: 'alias',
  })
  update(@Req() { call }: SignedRequest, @Body(UpdateAliasInput) input: UpdateAliasInput): Promise<AliasOutput> {
    return this.updateAlias.execute(call, input);
  }

  @ControlPlaneOperation({
    name: 'DeleteAlias',
    summary: 'Deletes an alias',
    description: 'The key stays as it is.',
    example: '--alias-name alias/acquirer/mac',
    output: Nothing,
    resource: 'alias',
  })
  delete(@Req() { call }: SignedRequest, @Body(DeleteAliasInput) input: DeleteAliasInput): Promise<Nothing> {
    return this.deleteAlias.execute(call, input);
  }
}
