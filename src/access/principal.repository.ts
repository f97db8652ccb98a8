import { randomBytes, randomInt } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, IsNull, LessThanOrEqual } from 'typeorm';
import type { Identity, Principal } from '../call.js';
import { Clock } from '../clock.js';
import { ConflictException, ResourceNotFoundException, ValidationException } from '../errors/exceptions.js';
import { KeyChanges } from '../keys/key-changes.js';
import { MasterKey } from '../provider/master-key.js';
import { AccessKeyRow } from './access-key.entity.js';
import { checkIdentityPolicy } from './policy-document.js';
import { identityStatements, Statements } from './policy.js';
import { PrincipalPolicy } from './principal-policy.entity.js';
import { type PrincipalKind, PrincipalRow } from './principal.entity.js';
import { tokenHash } from './session-token.js';

const NAME = /^[\w+=,.@-]{1,64}$/;
const SESSION_NAME = /^[\w+=,.@-]{2,64}$/;
const POLICY_NAME = /^[\w+=,.@-]{1,128}$/;
const MIN_SESSION_SECONDS = 900;
const MAX_SESSION_SECONDS = 43_200;

/** An access key that may sign, with whose it is. */
export interface Credential {
  accessKeyId: string;
  secretAccessKey: string;
  principal: Principal;
  /** Where it is a session's. */
  session?: { tokenHash: Buffer; expiresAt: Date };
}

/** What is shown once, when an access key is made. */
export interface NewAccessKey {
  accessKeyId: string;
  secretAccessKey: string;
  /** With when it ends, where it is a session's. */
  session?: { token: string; expiresAt: Date };
}

/** A user or a role with all that is known of it but its secrets. */
export interface PrincipalSummary {
  principal: PrincipalRow;
  policies: PrincipalPolicy[];
  accessKeys: AccessKeyRow[];
}

/** Account whose principals are kept. */
export const ACCOUNT_ID = Symbol('account id');

/** The users and roles of the account. Every change is told to all nodes, and throws ResourceNotFoundException for what isn't there. */
@Injectable()
export class PrincipalRepository {
  constructor(
    private readonly database: DataSource,
    private readonly changes: KeyChanges,
    private readonly masterKey: MasterKey,
    private readonly clock: Clock,
    @Inject(ACCOUNT_ID) private readonly accountId: string,
  ) {}

  /** @throws ValidationException for a name that can't be, ConflictException where there is one */
  async create(kind: PrincipalKind, name: string): Promise<PrincipalRow> {
    if (!NAME.test(name)) throw new ValidationException('A name has 1 to 64 letters, digits or any of _+=,.@-');
    const principal = {
      arn: this.arnOf(kind, name),
      accountId: this.accountId,
      kind,
      name,
      uniqueId: `${kind === 'user' ? 'AIDA' : 'AROA'}${randomText(16)}`,
      createdAt: this.clock.now(),
    };
    const inserted = await this.database
      .createQueryBuilder()
      .insert()
      .into(PrincipalRow)
      .values(principal)
      .orIgnore()
      .returning(['arn'])
      .execute();
    if ((inserted.raw as unknown[]).length === 0) throw new ConflictException(`There is a ${kind} ${name} already.`);
    return principal;
  }

  /** ARN of a user or a role of the account. */
  arnOf(kind: PrincipalKind, name: string): string {
    return `arn:aws:iam::${this.accountId}:${kind}/${name}`;
  }

  /** Removes a user or a role with its policies and access keys. */
  async remove(arn: string): Promise<void> {
    await this.#change(arn, (manager) => manager.delete(PrincipalRow, { arn }));
  }

  /** All users and roles by ARN. */
  async list(): Promise<PrincipalSummary[]> {
    const { manager } = this.database;
    const principals = await manager.find(PrincipalRow, { order: { arn: 'ASC' } });
    const policies = await manager.find(PrincipalPolicy, { order: { name: 'ASC' } });
    const accessKeys = await manager.find(AccessKeyRow, { order: { createdAt: 'ASC' } });
    const own = <T extends { principalArn: string }>(rows: T[], arn: string) =>
      rows.filter(({ principalArn }) => principalArn === arn);
    return principals.map((principal) => ({
      principal,
      policies: own(policies, principal.arn),
      accessKeys: own(accessKeys, principal.arn),
    }));
  }

  /** Gives a policy in place of the one of this name. @throws ValidationException for what is no policy */
  async putPolicy(principalArn: string, name: string, document: string): Promise<void> {
    if (!POLICY_NAME.test(name))
      throw new ValidationException('The name of a policy has 1 to 128 letters, digits or any of _+=,.@-');
    checkIdentityPolicy(document);
    await this.#change(principalArn, (manager) =>
      manager.upsert(PrincipalPolicy, { principalArn, name, document }, ['principalArn', 'name']),
    );
  }

  async removePolicy(principalArn: string, name: string): Promise<void> {
    await this.#change(principalArn, async (manager) => {
      const { affected } = await manager.delete(PrincipalPolicy, { principalArn, name });
      if (!affected) throw new ResourceNotFoundException(name);
    });
  }

  /** A new access key. Its secret is never shown again. */
  async createAccessKey(principalArn: string): Promise<NewAccessKey> {
    return this.#change(principalArn, (manager) => this.#addAccessKey(manager, principalArn));
  }

  /** A new access key in place of one, which can't sign any more. */
  async rotateAccessKey(id: string): Promise<NewAccessKey> {
    const { principalArn } = await this.#lasting(id);
    return this.#change(principalArn, async (manager) => {
      await manager.update(AccessKeyRow, { id }, { active: false });
      return this.#addAccessKey(manager, principalArn);
    });
  }

  /** Lets an access key sign, or not; also that of a session. */
  async setActive(id: string, active: boolean): Promise<void> {
    const { principalArn } = await this.#accessKey(id);
    await this.#change(principalArn, (manager) => manager.update(AccessKeyRow, { id }, { active }));
  }

  async removeAccessKey(id: string): Promise<void> {
    const { principalArn } = await this.#accessKey(id);
    await this.#change(principalArn, (manager) => manager.delete(AccessKeyRow, { id }));
  }

  /**
   * Temporary credentials of a user, or of a role in a session. Those that have expired go.
   *
   * @param name of the session; it is in the ARN of a role's
   */
  async startSession(principalArn: string, name: string, seconds: number): Promise<NewAccessKey> {
    if (!SESSION_NAME.test(name))
      throw new ValidationException('The name of a session has 2 to 64 letters, digits or any of _+=,.@-');
    if (!Number.isInteger(seconds) || seconds < MIN_SESSION_SECONDS || seconds > MAX_SESSION_SECONDS)
      throw new ValidationException(`A session lasts ${MIN_SESSION_SECONDS} to ${MAX_SESSION_SECONDS} seconds.`);
    const now = this.clock.now();
    const expiresAt = new Date(now.getTime() + seconds * 1000);
    return this.#change(principalArn, async (manager) => {
      await manager.delete(AccessKeyRow, { principalArn, expiresAt: LessThanOrEqual(now) });
      return this.#addAccessKey(manager, principalArn, { name, expiresAt });
    });
  }

  /** The access key of this id, if it may sign; a session's may have expired. */
  async credential(accessKeyId: string): Promise<Credential | undefined> {
    const row = await this.database
      .createQueryBuilder(AccessKeyRow, 'key')
      .addSelect('key.sealed')
      .where({ id: accessKeyId, active: true })
      .getOne();
    const found = row && (await this.#principal(row.principalArn));
    if (!row || found?.principal.accountId !== this.accountId) return undefined;
    const clear = this.masterKey.open(boundOf(row), row.sealed);
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

  /** A user or a role as it would call, for a decision about it. */
  async principal(arn: string): Promise<Principal> {
    const found = await this.#principal(arn);
    if (!found) throw new ResourceNotFoundException(arn);
    return principalOf(found);
  }

  /** Notes when access keys were last used, by id; an older time changes nothing. */
  async noteUse(times: ReadonlyMap<string, Date>): Promise<void> {
    if (times.size === 0) return;
    await this.database.manager.query(
      `UPDATE access_keys SET last_used_at = used.at
         FROM unnest($1::text[], $2::timestamptz[]) AS used (id, at)
        WHERE access_keys.id = used.id AND (last_used_at IS NULL OR last_used_at < used.at)`,
      [[...times.keys()], [...times.values()].map((time) => time.toISOString())],
    );
  }

  async #principal(arn: string): Promise<{ principal: PrincipalRow; policies: PrincipalPolicy[] } | undefined> {
    const principal = await this.database.manager.findOneBy(PrincipalRow, { arn });
    if (!principal) return undefined;
    return { principal, policies: await this.database.manager.findBy(PrincipalPolicy, { principalArn: arn }) };
  }

  async #accessKey(id: string): Promise<AccessKeyRow> {
    const found = await this.database.manager.findOneBy(AccessKeyRow, { id });
    if (!found) throw new ResourceNotFoundException(id);
    return found;
  }

  async #lasting(id: string): Promise<AccessKeyRow> {
    const found = await this.database.manager.findOneBy(AccessKeyRow, { id, expiresAt: IsNull() });
    if (!found) throw new ResourceNotFoundException(id);
    return found;
  }

  async #addAccessKey(
    manager: EntityManager,
    principalArn: string,
    session?: { name: string; expiresAt: Date },
  ): Promise<NewAccessKey> {
    const secretAccessKey = randomBytes(30).toString('base64');
    const token = session && randomBytes(96).toString('base64');
    const row = {
      id: `${session ? 'ASIA' : 'AKIA'}${randomText(16)}`,
      principalArn,
      active: true,
      createdAt: this.clock.now(),
      lastUsedAt: null,
      expiresAt: session?.expiresAt ?? null,
      sessionName: session?.name ?? null,
      sessionTokenHash: token === undefined ? null : tokenHash(token),
    };
    const clear = Buffer.from(secretAccessKey);
    const sealed = this.masterKey.seal(boundOf(row), clear);
    clear.fill(0);
    await manager.insert(AccessKeyRow, { ...row, sealed });
    return {
      accessKeyId: row.id,
      secretAccessKey,
      session: session && token !== undefined ? { token, expiresAt: session.expiresAt } : undefined,
    };
  }

  /** Alone with a user or a role. */
  async #change<T>(arn: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.changes.transaction(async (manager, changed) => {
      const found = await manager.findOne(PrincipalRow, { where: { arn }, lock: { mode: 'pessimistic_write' } });
      if (!found) throw new ResourceNotFoundException(arn);
      changed(arn);
      return work(manager);
    });
  }
}

function principalOf(
  { principal, policies }: { principal: PrincipalRow; policies: PrincipalPolicy[] },
  key?: AccessKeyRow,
): Principal {
  const { arn, accountId, kind, name, uniqueId } = principal;
  const statements = new Statements(
    policies.flatMap((policy) => identityStatements(policy.name, checkIdentityPolicy(policy.document))),
  );
  const session = kind === 'role' ? (key?.sessionName ?? undefined) : undefined;
  const identity: Identity = {
    type: kind === 'user' ? 'User' : 'AssumedRole',
    name,
    userId: session === undefined ? uniqueId : `${uniqueId}:${session}`,
    statements,
    sessionIssuedAt: key?.expiresAt ? key.createdAt : undefined,
  };
  return {
    arn: session === undefined ? arn : `arn:aws:sts::${accountId}:assumed-role/${name}/${session}`,
    principalArn: arn,
    accountId,
    accessKeyId: key?.id ?? '',
    identity,
  };
}

/** One spelling of what a secret is bound to: nobody makes it another's, or a session's last, in the database. */
function boundOf({ id, principalArn, expiresAt, sessionName, sessionTokenHash }: Omit<AccessKeyRow, 'sealed'>): Buffer {
  const token = sessionTokenHash?.toString('base64') ?? null;
  return Buffer.from(
    JSON.stringify(['access key', id, principalArn, expiresAt?.toISOString() ?? null, sessionName, token]),
  );
}

function randomText(length: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  return Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join('');
}
