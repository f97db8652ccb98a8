import { Injectable } from '@nestjs/common';
import { type Call, scopeOf } from '../call.js';
import { ResourceNotFoundException } from '../errors/exceptions.js';
import { authorize } from './authorization/authorize.js';
import { KEY_ROLES, keyMaterialOf } from './authorization/condition-keys.js';
import { keyArn, resourceArn } from './keys/arn.js';
import { KeyRepository } from './keys/key.repository.js';
import { MpaTeamAssociationRepository } from './keys/mpa-team-association.repository.js';
import type { MpaOperation } from './keys/mpa-team-association.entity.js';

/**
 * Resource type of each operation, from AWS's service authorization reference.
 *
 * - `key`: KeyRepository authorizes the call when it looks up the key, with the key's tags and aliases.
 * - `alias`: the alias is authorized here, and its key in KeyRepository.
 * - `team`: the approval team that the request names or that the association has.
 * - `nothing`: the resource is `*`.
 */
export const OPERATION_RESOURCES = {
  AddKeyReplicationRegions: 'key',
  AssociateMpaTeam: 'team',
  CreateAlias: 'alias',
  CreateKey: 'nothing',
  DeleteAlias: 'alias',
  DeleteKey: 'key',
  DeleteResourcePolicy: 'key',
  DisableDefaultKeyReplicationRegions: 'nothing',
  DisassociateMpaTeam: 'team',
  EnableDefaultKeyReplicationRegions: 'nothing',
  ExportKey: 'key',
  GetAlias: 'alias',
  GetCertificateSigningRequest: 'key',
  GetDefaultKeyReplicationRegions: 'nothing',
  GetKey: 'key',
  GetMpaTeamAssociation: 'team',
  GetParametersForExport: 'nothing',
  GetParametersForImport: 'nothing',
  GetPublicKeyCertificate: 'key',
  GetResourcePolicy: 'key',
  ImportKey: 'nothing',
  ListAliases: 'nothing',
  ListKeys: 'nothing',
  ListTagsForResource: 'key',
  PutResourcePolicy: 'key',
  RemoveKeyReplicationRegions: 'key',
  RestoreKey: 'key',
  StartKeyUsage: 'key',
  StopKeyUsage: 'key',
  TagResource: 'key',
  UntagResource: 'key',
  UpdateAlias: 'alias',
  DecryptData: 'key',
  EncryptData: 'key',
  GenerateAs2805KekValidation: 'key',
  GenerateAuthRequestCryptogram: 'key',
  GenerateCardValidationData: 'key',
  GenerateMac: 'key',
  GenerateMacEmvPinChange: 'key',
  GeneratePinData: 'key',
  ReEncryptData: 'key',
  TranslateKeyMaterial: 'key',
  TranslatePinData: 'key',
  VerifyAuthRequestCryptogram: 'key',
  VerifyCardValidationData: 'key',
  VerifyMac: 'key',
  VerifyPinData: 'key',
} as const;

/** Input members that determine the resource of an operation and the further permissions it needs. */
interface Input {
  AliasName?: string;
  MpaTeamArn?: string;
  Action?: MpaOperation;
  Tags?: readonly unknown[];
  ReplicationRegions?: readonly string[];
}

/** Authorizes an operation after its input has been validated and before it runs. */
@Injectable()
export class OperationAuthorizer {
  constructor(
    private readonly keys: KeyRepository,
    private readonly teams: MpaTeamAssociationRepository,
  ) {}

  /**
   * Authorizes a call.
   *
   * @returns undefined instead of a promise if nothing has to be looked up, as for every data plane operation
   * @throws AccessDeniedException
   */
  authorize(call: Call): Promise<void> | undefined {
    if (!Object.hasOwn(OPERATION_RESOURCES, call.operation))
      throw new Error(`OPERATION_RESOURCES lacks ${call.operation}`);
    const about = OPERATION_RESOURCES[call.operation as keyof typeof OPERATION_RESOURCES];
    const input = (call.input ?? {}) as Input;
    // Only a key's own policy can restrict the root; KeyRepository evaluates it and may need the key roles.
    const isRoot = call.principal.identity === undefined;
    if ('KeyMaterial' in input) return this.#withKeyRoles(call).then(() => this.#authorizeNew(call, about, input));
    if (isRoot || about === 'key') return undefined;
    if (about === 'team') return this.#teamArn(call, input).then((resource) => authorize(call, { resource }));
    if (about === 'alias')
      authorize(call, { resource: resourceArn({ ...scopeOf(call), resource: input.AliasName ?? '' }) });
    else this.#authorizeNew(call, about, input);
    return undefined;
  }

  /** Authorizes an operation on `*`. A new key with tags or replicas also needs permission to tag or replicate it. */
  #authorizeNew(call: Call, about: string, { Tags = [], ReplicationRegions = [] }: Input): void {
    if (about !== 'nothing') return;
    authorize(call, { resource: '*' });
    if (call.operation !== 'CreateKey' && call.operation !== 'ImportKey') return;
    const resource = keyArn(scopeOf(call), '*');
    if (Tags.length > 0) authorize(call, { resource, operation: 'TagResource' });
    if (ReplicationRegions.length > 0) authorize(call, { resource, operation: 'AddKeyReplicationRegions' });
  }

  /** Resolves the key roles to ARNs, because policy conditions name keys by ARN and would not match an alias. */
  async #withKeyRoles(call: Call): Promise<void> {
    const [, members = {}] = keyMaterialOf(call) ?? [];
    const roles = new Map<string, string>();
    for (const role of KEY_ROLES) {
      const identifier = (members as Partial<Record<typeof role, string>>)[role];
      const arn = identifier === undefined ? undefined : await this.keys.arnOf(call, identifier);
      if (arn !== undefined) roles.set(role, arn);
    }
    call.keyRoles = roles;
  }

  /** Returns the ARN of the team that the request names or that the association has, or `*` if there is none. */
  async #teamArn(call: Call, { MpaTeamArn, Action }: Input): Promise<string> {
    if (MpaTeamArn !== undefined || Action === undefined) return MpaTeamArn ?? '*';
    try {
      return (await this.teams.get(call, Action)).teamArn;
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return '*';
      throw error;
    }
  }
}
