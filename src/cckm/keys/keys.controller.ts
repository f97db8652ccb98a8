import type { Call } from '../../call.js';
import { Nothing } from '../../http/fields.js';
import { Body, BodyText, Param, Query } from '../../http/input.js';
import { OperationsController } from '../../http/operation.js';
import { ContainerRepository, requireRegion } from '../containers/container.repository.js';
import { KmsCalls } from '../kms-calls.js';
import type { Envelope } from '../lists.js';
import { CckmOperation } from '../operation.js';
import { policyIn } from '../templates/policies.js';
import { IdPath } from '../tokens/tokens.schema.js';
import { aliasNameOf } from './aliases.js';
import { CckmKeys, requireChangeable } from './cckm-keys.js';
import { CreateKeyOperation, isTaken } from './create-key.operation.js';
import { KeyRecordRepository } from './key-record.repository.js';
import { CreateKeyInput, Key, Keys, ListKeysQuery, VerifyAliasInput, VerifyAliasOutput } from './keys.schema.js';
import { ListKeysOperation } from './list-keys.operation.js';

@OperationsController('keys')
export class KeysController {
  constructor(
    private readonly listKeys: ListKeysOperation,
    private readonly createKey: CreateKeyOperation,
    private readonly keys: CckmKeys,
    private readonly records: KeyRecordRepository,
    private readonly containers: ContainerRepository,
    private readonly kms: KmsCalls,
  ) {}

  @CckmOperation({
    name: 'ListAwsKeys',
    route: ['GET', 'cckm/aws/keys'],
    resource: 'key',
    summary: 'Lists keys',
    description:
      'Returns the recorded keys that the caller may describe in KMS, the newest first. Filters combine with AND, the values of a repeated ' +
      'one with OR. Unknown query parameters are ignored.',
    output: Keys,
  })
  list(call: Call, @Query(ListKeysQuery) query: ListKeysQuery): Promise<Envelope<Key>> {
    return this.listKeys.execute(call, query);
  }

  @CckmOperation({
    name: 'CreateAwsKey',
    route: ['POST', 'cckm/aws/keys'],
    resource: 'key',
    status: 201,
    summary: 'Creates a key',
    description:
      'Creates a KMS key, its alias if `aws_param.Alias` names one, and its record. The key policy is given as `aws_param.Policy`, by a ' +
      'template, or by lists of users; without one, KMS’s default key policy delegates to the policies of users. The caller needs `kms:CreateKey`, and ' +
      '`kms:TagResource` and `kms:CreateAlias` for tags and an alias.',
    example: '-d \'{"kms":"kms","region":"us-east-1","aws_param":{"Alias":"orders"}}\'',
    output: Key,
  })
  create(call: Call, @Body(CreateKeyInput) input: CreateKeyInput, @BodyText() written: string): Promise<Key> {
    return this.createKey.execute(call, input, policyIn(written, ['aws_param', 'Policy']));
  }

  @CckmOperation({
    name: 'GetAwsKey',
    route: ['GET', 'cckm/aws/keys/:id'],
    resource: 'key',
    summary: 'Gets a key',
    description:
      'Reads the key from KMS. The caller needs `kms:DescribeKey`; policy, aliases, tags and rotation are left out of `aws_param` for a caller ' +
      'who may not read them.',
    output: Key,
  })
  async get(call: Call, @Param(IdPath) { id }: IdPath): Promise<Key> {
    return (await this.keys.view(call, id)).present();
  }

  @CckmOperation({
    name: 'DeleteKeyRecord',
    route: ['DELETE', 'cckm/aws/keys/:id'],
    resource: 'nothing',
    status: 204,
    summary: 'Deletes the record of a key',
    description: 'The KMS key stays. A synchronization records it again, with another id.',
    output: Nothing,
  })
  async delete(call: Call, @Param(IdPath) { id }: IdPath): Promise<Nothing> {
    const recorded = await this.records.find(id);
    requireChangeable(call, recorded.container, 'keydelete');
    await this.records.remove(call, recorded);
    return {};
  }

  @CckmOperation({
    name: 'VerifyAlias',
    route: ['POST', 'cckm/aws/alias/verify'],
    resource: 'key',
    summary: 'Checks whether an alias is available',
    description:
      'An alias of a key that the caller may not describe is reported as available; KMS refuses to create it a second time.',
    example: '-d \'{"alias":"orders","region":"us-east-1","kms":"kms"}\'',
    output: VerifyAliasOutput,
  })
  async verifyAlias(
    call: Call,
    @Body(VerifyAliasInput) { alias, region, kms }: VerifyAliasInput,
  ): Promise<VerifyAliasOutput> {
    requireRegion(await this.containers.find(kms), region, 'region');
    const name = aliasNameOf(alias);
    return { alias: name, available: !(await isTaken(this.kms, call, region, name)) };
  }
}
