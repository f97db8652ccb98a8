import { authorize } from '../../access/authorize.js';
import type { PrincipalKind, PrincipalRow } from '../../access/principal.entity.js';
import { PrincipalRepository } from '../../access/principal.repository.js';
import type { Call } from '../../call.js';
import { Body } from '../../http/input.js';
import { OperationsController } from '../../http/operation.js';
import { PageTokens } from '../../http/page-tokens.js';
import { ContainerRepository } from '../containers/container.repository.js';
import { CckmOperation } from '../operation.js';
import { timestamp } from '../uris.js';
import { ListPrincipalsInput, RolesOutput, UsersOutput } from './iam.schema.js';

const DEFAULT_ITEMS = 100;
const PATH = '/';

/** Lists the principals that a key policy can name. */
@OperationsController('IAM')
export class IamController {
  constructor(
    private readonly principals: PrincipalRepository,
    private readonly containers: ContainerRepository,
    private readonly tokens: PageTokens,
  ) {}

  @CckmOperation({
    name: 'ListIamUsers',
    route: ['POST', 'cckm/aws/get-iam-users'],
    resource: 'self',
    summary: 'Lists the users of the account',
    description: 'The caller needs `keyblock:ListPrincipals`, as for ListPrincipals of the admin API.',
    example: '-d \'{"kms":"kms"}\'',
    output: UsersOutput,
  })
  async users(call: Call, @Body(ListPrincipalsInput) input: ListPrincipalsInput): Promise<UsersOutput> {
    const { principals, ...page } = await this.#page(call, 'user', input);
    const Users = principals.map((row) => ({ ...present(row), UserId: row.uniqueId, UserName: row.name }));
    return { Users, ...page };
  }

  @CckmOperation({
    name: 'ListIamRoles',
    route: ['POST', 'cckm/aws/get-iam-roles'],
    resource: 'self',
    summary: 'Lists the roles of the account',
    description: 'The caller needs `keyblock:ListPrincipals`, as for ListPrincipals of the admin API.',
    example: '-d \'{"kms":"kms"}\'',
    output: RolesOutput,
  })
  async roles(call: Call, @Body(ListPrincipalsInput) input: ListPrincipalsInput): Promise<RolesOutput> {
    const { principals, ...page } = await this.#page(call, 'role', input);
    const Roles = principals.map((row) => ({ ...present(row), RoleId: row.uniqueId, RoleName: row.name }));
    return { Roles, ...page };
  }

  async #page(
    call: Call,
    kind: PrincipalKind,
    { kms, marker = '', max_items = 0, path_prefix = '' }: ListPrincipalsInput,
  ): Promise<{ principals: PrincipalRow[]; IsTruncated: boolean; Marker?: string }> {
    authorize(call, { action: 'keyblock:ListPrincipals', resource: '*' });
    await this.containers.find(kms);
    if (!PATH.startsWith(path_prefix)) return { principals: [], IsTruncated: false };
    const { items, NextToken: Marker } = await this.tokens.page(
      call,
      ['ListIamPrincipals', kind],
      { MaxResults: max_items || DEFAULT_ITEMS, ...(marker !== '' && { NextToken: marker }) },
      (from) => this.principals.list({ kind, ...from }),
      ({ principal }) => principal.arn,
    );
    const principals = items.map(({ principal }) => principal);
    return { principals, IsTruncated: Marker !== undefined, ...(Marker !== undefined && { Marker }) };
  }
}

function present({ arn, createdAt }: PrincipalRow) {
  return { Arn: arn, Path: PATH, CreateDate: timestamp(createdAt, 0) };
}
