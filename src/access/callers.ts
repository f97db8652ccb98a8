import { Inject, Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import type { Identity, Principal } from '../call.js';
import { Clock } from '../clock.js';
import { ResourceNotFoundException } from '../errors/exceptions.js';
import { readIdentityPolicy } from '../policy/policy-document.js';
import { identityStatements, Statements } from '../policy/policy.js';
import { MasterKey } from '../provider/master-key.js';
import { aadOf } from '../provider/sealed.js';
import { AccessKeyRow } from './access-key.entity.js';
import type { Credential } from './credential.js';
import { PasswordRow } from './password.entity.js';
import { PrincipalPolicy } from './principal-policy.entity.js';
import { arnOfPrincipal, PrincipalRow } from './principal.entity.js';
import { ACCOUNT_ID } from './principal.repository.js';

const ROLE_SESSION = /^arn:aws:sts::(\d{12}):assumed-role\/([^/]+)\/([\w+=,.@-]{2,64})$/;
const USER_OR_ROLE = /^arn:aws:iam::(\d{12}):(?:user|role)\//;

/** The users and roles of the account as callers: with their policies, and by access key with its secret. */
@Injectable()
export class Callers {
  constructor(
    private readonly database: DataSource,
    private readonly masterKey: MasterKey,
    private readonly clock: Clock,
    @Inject(ACCOUNT_ID) private readonly accountId: string,
  ) {}

  /** Reads an active access key with its secret. Doesn't check whether a temporary access key has expired. */
  async credential(accessKeyId: string): Promise<Credential | undefined> {
    const row = await this.database
      .createQueryBuilder(AccessKeyRow, 'key')
      .addSelect('key.sealed')
      .where({ id: accessKeyId, active: true })
      .getOne();
    const found = row && (await this.#principal(row.principalArn));
    if (!row || found?.principal.accountId !== this.accountId) return undefined;
    const clear = this.masterKey.open(aadOf(AccessKeyRow, row), row.sealed);
    const secretAccessKey = clear.toString();
    clear.fill(0);
    const { expiresAt, sessionTokenHash: tokenHash } = row;
    return {
      accessKeyId,
      secretAccessKey,
      principal: principalOf(found, row),
      session: expiresAt && tokenHash ? { tokenHash, expiresAt } : undefined,
    };
  }

  /** Returns a user, a role or a session of a role; undefined for a missing one. */
  async find(arn: string): Promise<Principal | undefined> {
    const principalArn = this.#principalArnOf(arn);
    const found = await this.#principal(principalArn);
    if (!found) return undefined;
    if (principalArn === arn) return principalOf(found);
    const now = this.clock.now();
    const sessionName = arn.slice(arn.lastIndexOf('/') + 1);
    return principalOf(found, { id: '', sessionName, createdAt: now, expiresAt: now, startedBy: null });
  }

  /** Does the same as `find`. @throws ResourceNotFoundException for a missing one */
  async get(arn: string): Promise<Principal> {
    const found = await this.find(arn);
    if (!found) throw new ResourceNotFoundException(arn);
    return found;
  }

  /** Returns when the password of a user was last changed; undefined for a user without one. */
  async passwordChangedAt(principalArn: string): Promise<Date | undefined> {
    return (await this.database.manager.findOneBy(PasswordRow, { principalArn }))?.changedAt;
  }

  /** Returns the first users and roles in the order of their ARNs. */
  async first(limit: number): Promise<Principal[]> {
    const { manager } = this.database;
    const where = { accountId: this.accountId };
    const principals = await manager.find(PrincipalRow, { where, order: { arn: 'ASC' }, take: limit });
    const of = { principalArn: In(principals.map(({ arn }) => arn)) };
    const policies = await manager.find(PrincipalPolicy, { where: of, order: { name: 'ASC' } });
    return principals.map((principal) =>
      principalOf({ principal, policies: policies.filter(({ principalArn }) => principalArn === principal.arn) }),
    );
  }

  /**
   * Returns the ARNs that name users, roles or role sessions of the account that don't exist. ARNs of other accounts
   * can't be checked.
   */
  async unknown(arns: readonly string[], manager = this.database.manager): Promise<string[]> {
    const own = arns
      .map((arn) => ({ arn, principalArn: this.#principalArnOf(arn) }))
      .filter(({ principalArn }) => USER_OR_ROLE.exec(principalArn)?.[1] === this.accountId);
    if (own.length === 0) return [];
    const found = await manager.find(PrincipalRow, {
      where: { arn: In(own.map(({ principalArn }) => principalArn)) },
    });
    const known = new Set(found.map(({ arn }) => arn));
    return own.filter(({ principalArn }) => !known.has(principalArn)).map(({ arn }) => arn);
  }

  /** The ARN of the role of a session of the account; any other ARN unchanged. */
  #principalArnOf(arn: string): string {
    const [, account, role] = ROLE_SESSION.exec(arn) ?? [];
    return account === this.accountId && role !== undefined ? arnOfPrincipal(this.accountId, 'role', role) : arn;
  }

  async #principal(arn: string): Promise<{ principal: PrincipalRow; policies: PrincipalPolicy[] } | undefined> {
    const principal = await this.database.manager.findOneBy(PrincipalRow, { arn });
    if (!principal) return undefined;
    return { principal, policies: await this.database.manager.findBy(PrincipalPolicy, { principalArn: arn }) };
  }
}

function principalOf(
  { principal, policies }: { principal: PrincipalRow; policies: PrincipalPolicy[] },
  key?: Pick<AccessKeyRow, 'id' | 'sessionName' | 'createdAt' | 'expiresAt' | 'startedBy'>,
): Principal {
  const { arn, accountId, kind, name, uniqueId } = principal;
  const statements = new Statements(
    policies.flatMap((policy) => identityStatements(policy.name, readIdentityPolicy(policy.document))),
  );
  const session = kind === 'role' ? (key?.sessionName ?? undefined) : undefined;
  const identity: Identity = {
    type: kind === 'user' ? 'User' : 'AssumedRole',
    name,
    userId: session === undefined ? uniqueId : `${uniqueId}:${session}`,
    statements,
    sessionIssuedAt: key?.expiresAt ? key.createdAt : undefined,
    sessionExpiresAt: key?.expiresAt ?? undefined,
    startedBy: key?.startedBy ?? undefined,
  };
  return {
    arn: session === undefined ? arn : `arn:aws:sts::${accountId}:assumed-role/${name}/${session}`,
    principalArn: arn,
    accountId,
    accessKeyId: key?.id ?? '',
    identity,
  };
}
