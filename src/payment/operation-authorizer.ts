import { Injectable } from '@nestjs/common';
import { type Call, scopeOf } from '../call.js';
import { ResourceNotFoundException } from '../errors/exceptions.js';
import { authorize } from './authorization/authorize.js';
import { KEY_ROLES, keyMaterialOf, roleKey } from './authorization/condition-keys.js';
import { keyArn, resourceArn } from './keys/arn.js';
import { KeyRepository } from './keys/key.repository.js';
import { MpaTeamAssociationRepository } from './keys/mpa-team-association.repository.js';
import type { MpaOperation } from './keys/mpa-team-association.entity.js';

/**
 * What each operation is about, as the service authorization reference has it. `key` asks nothing here: each key is asked
 * about where it is found, in KeyRepository, with its tags and aliases. `alias` is the alias itself; the key of it is found
 * there, too. `nothing` is `*`.
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

/** The members of inputs that say what an operation is about, and what more it needs. */
interface Input {
  AliasName?: string;
  MpaTeamArn?: string;
  Action?: MpaOperation;
  Tags?: readonly unknown[];
  ReplicationRegions?: readonly string[];
}

/** Asks policies about an operation when its input is read, before it runs. */
@Injectable()
export class OperationAuthorizer {
  constructor(
    private readonly keys: KeyRepository,
    private readonly teams: MpaTeamAssociationRepository,
  ) {}

  /**
   * Lets a call of an operation go on.
   *
   * @returns nothing at once where nothing has to be looked up, as for every operation of the data plane
   * @throws AccessDeniedException
   */
  authorize(call: Call): Promise<void> | undefined {
    if (!Object.hasOwn(OPERATION_RESOURCES, call.operation))
      throw new Error(`Nobody said what ${call.operation} is about`);
    const about = OPERATION_RESOURCES[call.operation as keyof typeof OPERATION_RESOURCES];
    const input = (call.record.input ?? {}) as Input;
    // Of the root only a key's own policy is asked, where the key is found; it may ask for the keys' roles.
    const isRoot = call.principal.identity === undefined;
    if ('KeyMaterial' in input) return this.#withKeyRoles(call).then(() => this.#authorizeNew(call, about, input));
    if (isRoot || about === 'key') return undefined;
    if (about === 'team') return this.#teamArn(call, input).then((resource) => authorize(call, { resource }));
    if (about === 'alias')
      authorize(call, { resource: resourceArn({ ...scopeOf(call), resource: input.AliasName ?? '' }) });
    else this.#authorizeNew(call, about, input);
    return undefined;
  }

  /** What is about no resource; a key made with tags or replicas needs what tagging and replicating it would. */
  #authorizeNew(call: Call, about: string, { Tags = [], ReplicationRegions = [] }: Input): void {
    if (about !== 'nothing') return;
    authorize(call, { resource: '*' });
    if (call.operation !== 'CreateKey' && call.operation !== 'ImportKey') return;
    const resource = keyArn(scopeOf(call), '*');
    if (Tags.length > 0) authorize(call, { resource, operation: 'TagResource' });
    if (ReplicationRegions.length > 0) authorize(call, { resource, operation: 'AddKeyReplicationRegions' });
  }

  /** An alias won't do: a policy that names the key would not see it. */
  async #withKeyRoles(call: Call): Promise<void> {
    const [, members = {}] = keyMaterialOf(call) ?? [];
    const arns = new Map<string, string>();
    for (const role of KEY_ROLES) {
      const identifier = (members as Partial<Record<typeof role, string>>)[role];
      const arn = identifier === undefined ? undefined : await this.keys.arnOf(call, identifier);
      if (arn !== undefined) arns.set(roleKey(role), arn);
    }
    call.record.looksUp(arns);
  }

  /** The team that an association is to have, or has. */
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
