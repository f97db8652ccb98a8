import { Injectable } from '@nestjs/common';
import { type Call, scopeOf } from '../call.js';
import type { Authorizer } from '../http/authorizer.js';
import { authorize } from './authorization/authorize.js';
import { KEY_ROLES, keyMaterialOf, roleKey } from './authorization/condition-keys.js';
import { keyArn, resourceArn } from './keys/arn.js';
import { KeyRepository } from './keys/key.repository.js';
import { type MpaOperation, MpaTeamAssociationRepository } from './keys/mpa-team-association.repository.js';
import type { Resource } from './operation.js';

/** Input members that determine the resource of an operation and the further permissions it needs. */
interface Input {
  AliasName?: string;
  MpaTeamArn?: string;
  Action?: MpaOperation;
  Tags?: readonly unknown[];
  ReplicationRegions?: readonly string[];
}

/** Authorizes an operation of either plane after its input has been validated and before it runs. */
@Injectable()
export class OperationAuthorizer implements Authorizer {
  constructor(
    private readonly keys: KeyRepository,
    private readonly teams: MpaTeamAssociationRepository,
  ) {}

  /**
   * Authorizes a call.
   *
   * @returns a promise only if something must be looked up, which is never the case on the data plane
   * @throws AccessDeniedException
   */
  authorize(call: Call, resource: Resource): Promise<void> | undefined {
    const input = (call.record.input ?? {}) as Input;
    // Only a key's own policy can restrict the root; KeyRepository evaluates it and may need the key roles.
    const isRoot = call.principal.identity === undefined;
    if ('KeyMaterial' in input)
      return this.#lookUpRoles(call).then(() => {
        if (resource === 'nothing') this.#authorizeNew(call, input);
      });
    if (isRoot || resource === 'key') return undefined;
    if (resource === 'team') return this.#teamArn(call, input).then((arn) => authorize(call, { resource: arn }));
    if (resource === 'alias')
      authorize(call, { resource: resourceArn({ ...scopeOf(call), resource: input.AliasName ?? '' }) });
    else this.#authorizeNew(call, input);
    return undefined;
  }

  /**
   * Authorizes an operation without a resource. Creating a key with tags or replicas needs permission for those as
   * well.
   */
  #authorizeNew(call: Call, { Tags = [], ReplicationRegions = [] }: Input): void {
    authorize(call, { resource: '*' });
    if (call.operation !== 'CreateKey' && call.operation !== 'ImportKey') return;
    const resource = keyArn(scopeOf(call), '*');
    if (Tags.length > 0) authorize(call, { resource, operation: 'TagResource' });
    if (ReplicationRegions.length > 0) authorize(call, { resource, operation: 'AddKeyReplicationRegions' });
  }

  /**
   * Looks up the keys of an import or export by their role. Policies name keys by ARN, so an alias must be resolved
   * first.
   */
  async #lookUpRoles(call: Call): Promise<void> {
    const [, members = {}] = keyMaterialOf(call) ?? [];
    const arns = new Map<string, string>();
    for (const role of KEY_ROLES) {
      const identifier = (members as Partial<Record<typeof role, string>>)[role];
      const arn = identifier === undefined ? undefined : await this.keys.arnOf(call, identifier);
      if (arn !== undefined) arns.set(roleKey(role), arn);
    }
    call.record.looksUp(arns);
  }

  /** Returns the ARN of the team in the request or in the association, or `*` if there is none. */
  async #teamArn(call: Call, { MpaTeamArn, Action }: Input): Promise<string> {
    if (MpaTeamArn !== undefined || Action === undefined) return MpaTeamArn ?? '*';
    return (await this.teams.find(call, Action))?.teamArn ?? '*';
  }
}
