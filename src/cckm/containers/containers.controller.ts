import { Inject } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Call } from '../../call.js';
import { CONFIG, type Config } from '../../config/config.js';
import { Nothing } from '../../http/fields.js';
import { Body, Param, Query } from '../../http/input.js';
import { OperationsController } from '../../http/operation.js';
import { CONNECTION } from '../connections/connection.js';
import { CckmException } from '../errors.js';
import { KeyRecord } from '../keys/key-record.entity.js';
import { regionOf } from '../keys/key-record.repository.js';
import { type Envelope, matches, pageOf } from '../lists.js';
import { CckmOperation } from '../operation.js';
import { resource } from '../resources.js';
import { StoreRecord } from '../stores/store-record.entity.js';
import { IdPath } from '../tokens/tokens.schema.js';
import { isUuid } from '../uris.js';
import { type Acl, aclsOf } from './acls.js';
import type { ContainerRow } from './container.entity.js';
import { ContainerRepository } from './container.repository.js';
import {
  AccountsInput,
  AccountsOutput,
  Container,
  Containers,
  CreateContainerInput,
  ListContainersQuery,
  RegionsOutput,
  UpdateAclsInput,
  UpdateContainerInput,
} from './containers.schema.js';

@OperationsController('KMS containers')
export class ContainersController {
  constructor(
    private readonly containers: ContainerRepository,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @CckmOperation({
    name: 'ListKms',
    route: ['GET', 'cckm/aws/kms'],
    resource: 'self',
    summary: 'Lists KMS containers',
    description:
      'Filters by `id`, `name`, `account_id`, `region` and `connection`. Keyblock creates one container, `kms`, at its first start.',
    output: Containers,
  })
  async list(_call: Call, @Query(ListContainersQuery) query: ListContainersQuery): Promise<Envelope<Container>> {
    const found = (await this.containers.list())
      .map(presentContainer)
      .filter(
        ({ id, name, account_id, regions, connection }) =>
          matches(query.id, id) &&
          matches(query.name, name) &&
          matches(query.account_id, account_id) &&
          matches(query.region, ...regions) &&
          matches(query.connection, connection),
      );
    return pageOf(found, query, {
      name: ({ name }) => name,
      createdAt: ({ createdAt }) => createdAt,
      updatedAt: ({ updatedAt }) => updatedAt,
    });
  }

  @CckmOperation({
    name: 'CreateKms',
    route: ['POST', 'cckm/aws/kms'],
    resource: 'nothing',
    status: 201,
    summary: 'Creates a KMS container',
    description:
      'A container holds keys of this account in some of the Regions that Keyblock serves. A key is in the container that it was created ' +
      'or first synchronized in.',
    example: '-d \'{"name":"payments","account_id":"000000000000","regions":["us-east-1"]}\'',
    output: Container,
  })
  async create(
    call: Call,
    @Body(CreateContainerInput) { name, account_id, regions, connection = '' }: CreateContainerInput,
  ): Promise<Container> {
    const { accountId } = this.config;
    if (account_id !== accountId)
      throw new CckmException('NCERRInvalidParamValue', `account_id must be ${accountId}, the account of this service`);
    if (isUuid(name)) throw new CckmException('NCERRInvalidParamValue', 'name must not look like an id');
    requireConnection(connection);
    this.#requireRegions(regions);
    return presentContainer(await this.containers.create(call, { name, regions: [...new Set(regions)] }));
  }

  @CckmOperation({
    name: 'GetKms',
    route: ['GET', 'cckm/aws/kms/:id'],
    resource: 'self',
    summary: 'Gets a KMS container',
    description: 'Accepts its id or its name.',
    output: Container,
  })
  async get(_call: Call, @Param(IdPath) { id }: IdPath): Promise<Container> {
    return presentContainer(await this.containers.find(id));
  }

  @CckmOperation({
    name: 'UpdateKms',
    route: ['PATCH', 'cckm/aws/kms/:id'],
    resource: 'nothing',
    summary: 'Changes the Regions of a KMS container',
    description:
      'Replaces the list of its Regions. A Region in which the container has keys can’t be left out. Name and account are fixed.',
    example: '-d \'{"regions":["us-east-1"]}\'',
    output: Container,
  })
  async update(
    call: Call,
    @Param(IdPath) { id }: IdPath,
    @Body(UpdateContainerInput) { regions, connection = '' }: UpdateContainerInput,
  ): Promise<Container> {
    requireConnection(connection);
    if (regions) this.#requireRegions(regions);
    const changed = await this.containers.change(call, id, async (row, manager) => {
      if (!regions) return;
      const kept = new Set(regions);
      for (const [kind, region] of await contentsOf(row, manager))
        if (!kept.has(region))
          throw new CckmException('NCERRConflict', `The region ${region} has ${kind}s of this KMS: keep it`);
      row.regions = [...kept].join();
    });
    return presentContainer(changed);
  }

  @CckmOperation({
    name: 'DeleteKms',
    route: ['DELETE', 'cckm/aws/kms/:id'],
    resource: 'nothing',
    status: 204,
    summary: 'Deletes a KMS container',
    description: 'A container that has keys can’t be deleted: delete their records first, or archive the container.',
    output: Nothing,
  })
  async delete(call: Call, @Param(IdPath) { id }: IdPath): Promise<Nothing> {
    await this.containers.remove(call, id, async (row, manager) => {
      const [kind] = (await contentsOf(row, manager))[0] ?? [];
      if (kind) throw new CckmException('NCERRConflict', `The KMS ${row.name} has one or more ${kind} associated`);
    });
    return {};
  }

  @CckmOperation({
    name: 'ArchiveKms',
    route: ['POST', 'cckm/aws/kms/:id/archive'],
    resource: 'nothing',
    summary: 'Archives a KMS container',
    description:
      'Resources of an archived container can’t be changed or synchronized until it is recovered. KMS itself isn’t affected.',
    output: Container,
  })
  archive(call: Call, @Param(IdPath) { id }: IdPath): Promise<Container> {
    return this.#setArchived(call, id, true);
  }

  @CckmOperation({
    name: 'RecoverKms',
    route: ['POST', 'cckm/aws/kms/:id/recover'],
    resource: 'nothing',
    summary: 'Recovers an archived KMS container',
    description: 'Its keys can be changed again.',
    output: Container,
  })
  recover(call: Call, @Param(IdPath) { id }: IdPath): Promise<Container> {
    return this.#setArchived(call, id, false);
  }

  @CckmOperation({
    name: 'UpdateAcls',
    route: ['POST', 'cckm/aws/kms/:id/update-acls'],
    resource: 'nothing',
    summary: 'Replaces the ACLs of a KMS container',
    description:
      'An entry applies to a user or a group. Without entries, policies alone decide. With entries, a user needs one that permits the action, and none ' +
      'that forbids it, besides the permissions in KMS: ACLs never grant more than policies do. Callers who may call this operation ' +
      'aren’t bound by ACLs.',
    example: '-d \'{"acls":[{"group":"CCKM Users","permit":true,"actions":["viewnative"]}]}\'',
    output: Container,
  })
  async updateAcls(
    call: Call,
    @Param(IdPath) { id }: IdPath,
    @Body(UpdateAclsInput) { acls }: UpdateAclsInput,
  ): Promise<Container> {
    for (const acl of acls) requireSubject(acl);
    return presentContainer(
      await this.containers.change(call, id, (row) => {
        row.acls = JSON.stringify(acls);
      }),
    );
  }

  @CckmOperation({
    name: 'ListAccounts',
    route: ['POST', 'cckm/aws/accounts'],
    resource: 'self',
    summary: 'Lists the accounts of a connection',
    description: 'There is one: the account of this service.',
    output: AccountsOutput,
  })
  accounts(_call: Call, @Body(AccountsInput) { connection = '' }: AccountsInput): AccountsOutput {
    requireConnection(connection);
    const { accountId } = this.config;
    return { accounts: [{ account_id: accountId, arn: `arn:aws:iam::${accountId}:root` }] };
  }

  @CckmOperation({
    name: 'ListRegions',
    route: ['POST', 'cckm/aws/get-all-regions'],
    resource: 'self',
    summary: 'Lists the Regions of an account',
    description: 'Returns the Regions that this service serves.',
    output: RegionsOutput,
  })
  regions(_call: Call, @Body(AccountsInput) { connection = '' }: AccountsInput): RegionsOutput {
    requireConnection(connection);
    return { regions: [...this.config.regions] };
  }

  async #setArchived(call: Call, id: string, isArchived: boolean): Promise<Container> {
    return presentContainer(
      await this.containers.change(call, id, (row) => {
        if (row.isArchived === isArchived)
          throw new CckmException(
            'NCERRConflict',
            `The KMS ${row.name} is ${isArchived ? 'archived already' : 'not archived'}`,
          );
        row.isArchived = isArchived;
      }),
    );
  }

  #requireRegions(regions: readonly string[]): void {
    const other = regions.find((region) => !this.config.regions.includes(region));
    if (other !== undefined)
      throw new CckmException(
        'NCERRInvalidParamValue',
        `regions must be among those that this service serves: ${this.config.regions.join(', ')}`,
      );
  }
}

/** Returns the Regions of the keys and custom key stores of a container. */
async function contentsOf({ id: containerId }: ContainerRow, manager: EntityManager) {
  const keys = await manager.findBy(KeyRecord, { containerId });
  const stores = await manager.findBy(StoreRecord, { containerId });
  return [
    ...keys.map(({ keyArn }) => ['key', regionOf(keyArn)] as const),
    ...stores.map(({ storeArn }) => ['custom key store', regionOf(storeArn)] as const),
  ];
}

function requireConnection(connection: string): void {
  if (connection !== '' && connection !== CONNECTION.name && connection !== CONNECTION.id)
    throw new CckmException('NCERRInvalidParamValue', `connection must be ${CONNECTION.name}, the only one`);
}

function requireSubject({ user_id = '', group = '' }: Acl): void {
  if ((user_id === '') === (group === ''))
    throw new CckmException('NCERRInvalidParamValue', 'An entry of acls has either user_id or group');
}

export function presentContainer(row: ContainerRow): Container {
  const { id, accountId, name, regions, isArchived, autoAdded } = row;
  return {
    ...resource('kms', id, row),
    name,
    account_id: accountId,
    arn: `arn:aws:iam::${accountId}:root`,
    connection: CONNECTION.name,
    regions: regions.split(','),
    acls: aclsOf(row),
    assume_role_arn: '',
    assume_role_external_id: '',
    auto_added: autoAdded,
    status: isArchived ? 'ARCHIVED' : 'ACTIVE',
  };
}
