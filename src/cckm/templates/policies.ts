import { Inject, Injectable } from '@nestjs/common';
import { authorize } from '../../access/authorize.js';
import { ACCOUNT_ID } from '../../access/principal.repository.js';
import type { Call } from '../../call.js';
import { CCKM } from '../api.js';
import { CckmException } from '../errors.js';
import { type Grantees, granteesOf } from '../keys/grantees.js';
import type { PolicyChoice } from '../keys/keys.schema.js';
import type { TemplateRow } from './template.entity.js';
import { TemplateRepository } from './template.repository.js';

/** The key of the KMS tag that names the template of a key's policy. */
export const TEMPLATE_TAG = 'cckm_policy_template_id';

/** A key policy and its source. */
export interface ChosenPolicy {
  /** JSON */
  text: string;
  grantees: Grantees;
  /** Id of its template. */
  template?: string;
}

const ADMINISTRATION = [
  'kms:Create*',
  'kms:Describe*',
  'kms:Enable*',
  'kms:List*',
  'kms:Put*',
  'kms:Update*',
  'kms:Revoke*',
  'kms:Disable*',
  'kms:Get*',
  'kms:Delete*',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:ScheduleKeyDeletion',
  'kms:CancelKeyDeletion',
  'kms:RotateKeyOnDemand',
];
const USE = ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'];
const GRANTS = ['kms:CreateGrant', 'kms:ListGrants', 'kms:RevokeGrant'];

/** Reads the policies of requests: as JSON, by a template, or by lists of grantees. */
@Injectable()
export class Policies {
  constructor(
    private readonly templates: TemplateRepository,
    @Inject(ACCOUNT_ID) private readonly accountId: string,
  ) {}

  /**
   * @param stated the policy that the request states as JSON: see `policyIn`
   * @returns undefined if the request has no policy
   * @throws CckmException NCERRBadRequest for more than one of the three ways
   * @throws as `template`
   */
  async choose(
    call: Call,
    { policytemplate = '', ...lists }: PolicyChoice,
    stated?: string,
  ): Promise<ChosenPolicy | undefined> {
    const grantees = granteesOf(lists);
    const hasGrantees = Object.keys(grantees).length > 0;
    if ([stated !== undefined, policytemplate !== '', hasGrantees].filter(Boolean).length > 1)
      throw new CckmException(
        'NCERRBadRequest',
        'policy, policytemplate and lists of users are mutually exclusive: give one of them',
      );
    if (policytemplate !== '') {
      const { id, policy: text } = await this.template(call, policytemplate);
      return { text, grantees: {}, template: id };
    }
    if (hasGrantees) return { text: this.#build(grantees), grantees };
    return stated === undefined ? undefined : { text: stated, grantees: {} };
  }

  /**
   * Finds a template for a key. The caller must be able to read it, because the key shows its policy.
   *
   * @throws AccessDeniedException; CckmException NCERRResourceNotFound
   */
  async template(call: Call, id: string): Promise<TemplateRow> {
    authorize(call, { action: `${CCKM.name}:GetTemplate`, resource: '*' });
    return this.templates.find(id);
  }

  /** Builds a policy: the account's own policies decide, administrators manage the key, users use it. */
  #build({ key_admins, key_admins_roles, key_users, key_users_roles, external_accounts = [] }: Grantees): string {
    const admins = [...this.#arns('user', key_admins), ...this.#arns('role', key_admins_roles)];
    const foreign = external_accounts.map((id) => (/^\d{12}$/.test(id) ? `arn:aws:iam::${id}:root` : id));
    const users = [...this.#arns('user', key_users), ...this.#arns('role', key_users_roles), ...foreign];
    const ofAwsResources = { Bool: { 'kms:GrantIsForAWSResource': 'true' } };
    const statements = [
      statement('Enable IAM User Permissions', [`arn:aws:iam::${this.accountId}:root`], ['kms:*']),
      ...(admins.length > 0 ? [statement('Allow access for Key Administrators', admins, ADMINISTRATION)] : []),
      ...(users.length > 0
        ? [
            statement('Allow use of the key', users, USE),
            { ...statement('Allow attachment of persistent resources', users, GRANTS), Condition: ofAwsResources },
          ]
        : []),
    ];
    return JSON.stringify({ Version: '2012-10-17', Id: 'cckm-key-policy', Statement: statements });
  }

  #arns(kind: 'user' | 'role', names: readonly string[] = []): string[] {
    return names.map((name) => (name.startsWith('arn:') ? name : `arn:aws:iam::${this.accountId}:${kind}/${name}`));
  }
}

function statement(Sid: string, AWS: readonly string[], Action: readonly string[]) {
  return { Sid, Effect: 'Allow', Principal: { AWS }, Action, Resource: '*' };
}

/**
 * Reads a policy from the text of a body, because the members of the parsed body lack those that are null: KMS must
 * receive the policy unchanged. A policy may be an object, or JSON in a string; empty ones count as absent.
 *
 * @param body  valid JSON
 * @param paths possible locations of the policy, as names from the outermost inwards
 */
export function policyIn(body: string, ...paths: readonly (readonly string[])[]): string | undefined {
  if (body === '') return undefined;
  const whole: unknown = JSON.parse(body);
  for (const path of paths) {
    const policy = path.reduce<unknown>(
      (value, name) => (value as Record<string, unknown> | null | undefined)?.[name],
      whole,
    );
    if (policy === undefined || policy === null || policy === '') continue;
    return typeof policy === 'string' ? policy : JSON.stringify(policy);
  }
  return undefined;
}
