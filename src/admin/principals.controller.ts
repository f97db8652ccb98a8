import { PrincipalRepository } from '../access/principal.repository.js';
import { AdminOperation } from './admin-operation.js';
import { OperationsController } from '../http/operation.js';
import { Nothing } from '../http/fields.js';
import { Body, BodyText, Param, Query } from '../http/input.js';
import type { Call } from '../call.js';
import { PageTokens } from '../http/page-tokens.js';
import { presentPrincipal } from './admin.presenter.js';
import {
  CreatePrincipalInput,
  FormerPolicyPath,
  FormerPrincipalPath,
  ListPrincipalsOutput,
  ListPrincipalsQuery,
  PolicyDocument,
  PolicyPath,
  PrincipalOutput,
  PrincipalPath,
  PrincipalPolicyOutput,
  PrincipalsPath,
} from './admin.schema.js';
import { arnOf, kindOf } from './principal-path.js';

@OperationsController('principals')
export class PrincipalsController {
  constructor(
    private readonly principals: PrincipalRepository,
    private readonly tokens: PageTokens,
  ) {}

  @AdminOperation({
    name: 'ListPrincipals',
    route: ['GET', ':kind'],
    resource: 'nothing',
    summary: 'Lists users or roles',
    description:
      'Lists users or roles in the order of their names, each with the names of its policies and its access ' + 'keys.',
    example: 'http://127.0.0.1:8080/admin/users',
    output: ListPrincipalsOutput,
  })
  async list(
    call: Call,
    @Param(PrincipalsPath) path: PrincipalsPath,
    @Query(ListPrincipalsQuery) paging: ListPrincipalsQuery,
  ): Promise<ListPrincipalsOutput> {
    const kind = kindOf(path);
    const { items, NextToken } = await this.tokens.page(
      call,
      ['ListPrincipals', kind],
      paging,
      (from) => this.principals.list({ kind, ...from }),
      ({ principal }) => principal.arn,
    );
    return { Principals: items.map(presentPrincipal), NextToken };
  }

  @AdminOperation({
    name: 'CreatePrincipal',
    route: ['POST', ':kind'],
    resource: 'principal',
    about: (call: Call, { kind }: PrincipalsPath, { Name }: CreatePrincipalInput) => arnOf(call, { kind, name: Name }),
    summary: 'Creates a user or a role',
    description:
      'A new user or role has no permissions until it gets a policy, and can’t sign requests until it gets an ' +
      'access key or a session.',
    example: '-d \'{"Name":"line-3"}\' http://127.0.0.1:8080/admin/users',
    output: PrincipalOutput,
  })
  async create(
    call: Call,
    @Param(PrincipalsPath) path: PrincipalsPath,
    @Body(CreatePrincipalInput) { Name }: CreatePrincipalInput,
  ): Promise<PrincipalOutput> {
    const principal = await this.principals.by(call).create(kindOf(path), Name);
    return { Principal: presentPrincipal({ principal, policies: [], accessKeys: [] }) };
  }

  @AdminOperation({
    name: 'GetPrincipal',
    route: ['GET', ':kind/:name'],
    resource: 'principal',
    summary: 'Gets a user or a role',
    description: 'Returns the names of its policies and its access keys, including those of its sessions.',
    example: 'http://127.0.0.1:8080/admin/users/line-3',
    output: PrincipalOutput,
  })
  async get(call: Call, @Param(PrincipalPath) path: PrincipalPath): Promise<PrincipalOutput> {
    return { Principal: presentPrincipal(await this.principals.get(arnOf(call, path))) };
  }

  @AdminOperation({
    name: 'DeletePrincipal',
    route: ['DELETE', ':kind/:name'],
    resource: 'principal',
    summary: 'Deletes a user or a role',
    description:
      'Its policies, access keys and sessions are deleted with it. Key policies that name the user or role remain, and ' +
      'would apply to a later one with the same name.',
    example: '-X DELETE http://127.0.0.1:8080/admin/users/line-3',
    output: Nothing,
  })
  async delete(call: Call, @Param(FormerPrincipalPath) path: PrincipalPath): Promise<Nothing> {
    await this.principals.by(call).remove(arnOf(call, path));
    return {};
  }

  @AdminOperation({
    name: 'PutPrincipalPolicy',
    route: ['PUT', ':kind/:name/policies/:policy'],
    resource: 'principal',
    summary: 'Adds or replaces a policy of a user or a role',
    description:
      'Replaces the policy of the same name, if any. An invalid policy is rejected with a ValidationException ' +
      'that describes the fault. **A caller that may put policies for a principal can grant it any ' +
      'permission**, even if that principal is the caller itself.',
    example: '-X PUT -d @cvv.json http://127.0.0.1:8080/admin/users/line-3/policies/cvv',
    output: Nothing,
  })
  async putPolicy(
    call: Call,
    @Param(PolicyPath) path: PolicyPath,
    @Body(PolicyDocument) _document: PolicyDocument,
    @BodyText() written: string,
  ): Promise<Nothing> {
    // The policy is validated as written, because parsing JSON drops duplicate names, which are an error.
    await this.principals.by(call).putPolicy(arnOf(call, path), path.policy, written);
    return {};
  }

  @AdminOperation({
    name: 'GetPrincipalPolicy',
    route: ['GET', ':kind/:name/policies/:policy'],
    resource: 'principal',
    summary: 'Gets a policy of a user or a role',
    description: 'Returns the policy as it was written.',
    example: 'http://127.0.0.1:8080/admin/users/line-3/policies/cvv',
    output: PrincipalPolicyOutput,
  })
  async getPolicy(call: Call, @Param(PolicyPath) path: PolicyPath): Promise<PrincipalPolicyOutput> {
    const { principalArn, name, document } = await this.principals.policy(arnOf(call, path), path.policy);
    return { Arn: principalArn, PolicyName: name, PolicyDocument: JSON.parse(document) as PolicyDocument };
  }

  @AdminOperation({
    name: 'DeletePrincipalPolicy',
    route: ['DELETE', ':kind/:name/policies/:policy'],
    resource: 'principal',
    summary: 'Deletes a policy of a user or a role',
    description:
      'Requests that only this policy allowed are then denied, and requests that it denied may be ' +
      'allowed by another policy.',
    example: '-X DELETE http://127.0.0.1:8080/admin/users/line-3/policies/cvv',
    output: Nothing,
  })
  async deletePolicy(call: Call, @Param(FormerPolicyPath) path: PolicyPath): Promise<Nothing> {
    await this.principals.by(call).removePolicy(arnOf(call, path), path.policy);
    return {};
  }
}
