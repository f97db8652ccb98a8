import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, In, LessThanOrEqual, MoreThan } from 'typeorm';
import { type Call, personOf } from '../call.js';
import { Clock } from '../clock.js';
import { ConflictException, ResourceNotFoundException, ValidationException } from '../errors/exceptions.js';
import { Changes } from '../changes/changes.js';
import { changeRows, removeRows } from '../provider/changed-rows.js';
import { MasterKey } from '../provider/master-key.js';
import { aadOf } from '../provider/sealed.js';
import { AccessChange, CHANGE_COUNTS_MS } from './access-change.entity.js';
import { AccessKeyRow } from './access-key.entity.js';
import { checkIdentityPolicy } from '../policy/policy-document.js';
import { hashPassword } from './password-hash.js';
import { PasswordRow } from './password.entity.js';
import { PrincipalPolicy } from './principal-policy.entity.js';
import { arnOfPrincipal, type PrincipalKind, PrincipalRow } from './principal.entity.js';
import { randomText } from './random-text.js';
import { tokenHash } from './session-token.js';

/** A name is a segment of the admin API's paths, in which clients resolve `.` and `..`. */
const NAME = /^(?!\.{1,2}$)[\w+=,.@-]{1,64}$/;
const SESSION_NAME = /^[\w+=,.@-]{2,64}$/;
const POLICY_NAME = /^(?!\.{1,2}$)[\w+=,.@-]{1,128}$/;
/** Operations that start sessions. */
const SESSIONS: ReadonlySet<string> = new Set(['AssumeRole', 'StartSession']);
const MIN_SESSION_SECONDS = 900;
const MAX_SESSION_SECONDS = 43_200;
/** Changes of access that one removal of a user or role removes. */
const MAX_REMOVED_CHANGES = 1000;

/** A new access key. Its secret is shown only once. */
export interface NewAccessKey {
  accessKeyId: string;
  secretAccessKey: string;
  /** Present for a temporary access key. */
  session?: { token: string; expiresAt: Date };
}

/** A temporary access key with its secret. */
export interface NewSession extends NewAccessKey {
  session: { token: string; expiresAt: Date };
  /** Unique id of the user or role. */
  uniqueId: string;
}

/** A user or a role with its policies and access keys, without secrets. */
export interface PrincipalSummary {
  principal: PrincipalRow;
  policies: PrincipalPolicy[];
  accessKeys: AccessKeyRow[];
  password?: PasswordRow;
}

/** Injection token of the id of the account that the principals belong to. */
export const ACCOUNT_ID = Symbol('account id');

/**
 * The users and roles of the account. Changes are notified to all nodes. Methods throw ResourceNotFoundException for a
 * principal, policy or access key that doesn't exist.
 */
@Injectable()
export class PrincipalRepository {
  /** The call that makes the changes; undefined for an operator's command. */
  #call?: Call;

  constructor(
    private readonly database: DataSource,
    private readonly changes: Changes,
    private readonly masterKey: MasterKey,
    private readonly clock: Clock,
    @Inject(ACCOUNT_ID) private readonly accountId: string,
  ) {}

  /** Returns a repository that acts for a call and writes the call's audit event with the changes. */
  by(call: Call): PrincipalRepository {
    const { database, changes, masterKey, clock, accountId } = this;
    const own = new PrincipalRepository(database, changes, masterKey, clock, accountId);
    own.#call = call;
    return own;
  }

  /** @throws ValidationException for an invalid name, ConflictException if the name is taken */
  async create(kind: PrincipalKind, name: string): Promise<PrincipalRow> {
    if (!NAME.test(name))
      throw new ValidationException('A name has 1 to 64 letters, digits or any of _+=,.@-, and is neither . nor ..');
    const principal = {
      arn: arnOfPrincipal(this.accountId, kind, name),
      accountId: this.accountId,
      kind,
      name,
      uniqueId: `${kind === 'user' ? 'AIDA' : 'AROA'}${randomText(16)}`,
      createdAt: this.clock.now(),
    };
    await this.#transaction(async (manager, changed) => {
      const insert = manager.createQueryBuilder().insert().into(PrincipalRow).values(principal).orIgnore();
      const inserted = await insert.returning(['arn']).execute();
      if ((inserted.raw as unknown[]).length === 0) throw new ConflictException(`The ${kind} ${name} already exists.`);
      changed(principal.arn);
      await this.#noteChange(manager, principal);
      if (this.#call) this.#call.record.created({ principal: { arn: principal.arn } });
    });
    return principal;
  }

  /** Removes a user or a role with its policies and access keys. */
  async remove(arn: string): Promise<void> {
    await this.#change(arn, async (manager, principal) => {
      await removeRows(manager, PrincipalPolicy, { principalArn: arn });
      await removeRows(manager, AccessKeyRow, { principalArn: arn });
      await removeRows(manager, PasswordRow, { principalArn: arn });
      await manager.remove(principal);
      await this.#removeOldChanges(manager);
    });
  }

  /**
   * Lists users and roles of the account in the order of their ARNs.
   *
   * @param after ARN of the last user or role on the previous page
   * @param limit size of a page; one more row is returned if there is another page
   */
  async list({ kind, after, limit }: { kind?: PrincipalKind; after?: string; limit?: number } = {}): Promise<
    PrincipalSummary[]
  > {
    const principals = await this.database.manager.find(PrincipalRow, {
      where: { accountId: this.accountId, ...(kind && { kind }), ...(after !== undefined && { arn: MoreThan(after) }) },
      order: { arn: 'ASC' },
      ...(limit !== undefined && { take: limit + 1 }),
    });
    return this.#summaries(principals);
  }

  async get(arn: string): Promise<PrincipalSummary> {
    const [summary] = await this.#summaries(await this.database.manager.findBy(PrincipalRow, { arn }));
    if (!summary) throw new ResourceNotFoundException(arn);
    return summary;
  }

  /** Adds a policy, or replaces the policy of this name. @throws PolicyError for an invalid document */
  async putPolicy(principalArn: string, name: string, document: string): Promise<void> {
    if (!POLICY_NAME.test(name))
      throw new ValidationException(
        'The name of a policy has 1 to 128 letters, digits or any of _+=,.@-, and is neither . nor ..',
      );
    checkIdentityPolicy(document);
    await this.#change(principalArn, (manager) => manager.save(PrincipalPolicy, { principalArn, name, document }));
  }

  /** Reads a policy as it was written. */
  async policy(principalArn: string, name: string): Promise<PrincipalPolicy> {
    const found = await this.database.manager.findOneBy(PrincipalPolicy, { principalArn, name });
    if (!found) throw new ResourceNotFoundException(name);
    return found;
  }

  async removePolicy(principalArn: string, name: string): Promise<void> {
    await this.#change(principalArn, async (manager) => {
      const removed = await removeRows(manager, PrincipalPolicy, { principalArn, name });
      if (removed === 0) throw new ResourceNotFoundException(name);
    });
  }

  /** Creates a long-term access key. @param id random unless it is given */
  async createAccessKey(principalArn: string, id?: string): Promise<NewAccessKey> {
    return this.#change(principalArn, (manager) => this.#addAccessKey(manager, principalArn, { id }));
  }

  /** ARN of the user or role that an access key belongs to. */
  async ownerOf(accessKeyId: string): Promise<string> {
    const found = await this.database.manager.findOneBy(AccessKeyRow, { id: accessKeyId });
    if (!found) throw new ResourceNotFoundException(accessKeyId);
    return found.principalArn;
  }

  /**
   * Creates an access key and deactivates the old one.
   *
   * @throws ConflictException for a temporary access key, and for an inactive one, because it was deactivated to end
   *         its owner's access
   */
  async rotateAccessKey(principalArn: string, id: string): Promise<NewAccessKey> {
    return this.#changeAccessKey(principalArn, id, async (manager, key) => {
      if (key.expiresAt) throw new ConflictException('The access key belongs to a session. Start another session.');
      if (!key.active) throw new ConflictException('The access key is inactive. Activate it first, or create another.');
      await manager.save(Object.assign(key, { active: false }));
      return this.#addAccessKey(manager, principalArn);
    });
  }

  /** Activates or deactivates an access key, whether long-term or temporary. */
  async setActive(principalArn: string, id: string, active: boolean): Promise<void> {
    await this.#changeAccessKey(principalArn, id, (manager, key) => manager.save(Object.assign(key, { active })));
  }

  async removeAccessKey(principalArn: string, id: string): Promise<void> {
    await this.#changeAccessKey(principalArn, id, (manager, key) => manager.remove(key));
  }

  /**
   * Issues temporary credentials of a user or a role, and deletes expired ones.
   *
   * @param name name of the session, which is part of the session's ARN if the principal is a role
   */
  async startSession(principalArn: string, name: string, seconds: number): Promise<NewSession> {
    if (!SESSION_NAME.test(name))
      throw new ValidationException('The name of a session has 2 to 64 letters, digits or any of _+=,.@-');
    if (!Number.isInteger(seconds) || seconds < MIN_SESSION_SECONDS || seconds > MAX_SESSION_SECONDS)
      throw new ValidationException(`A session lasts ${MIN_SESSION_SECONDS} to ${MAX_SESSION_SECONDS} seconds.`);
    const now = this.clock.now();
    const expiresAt = new Date(now.getTime() + seconds * 1000);
    return this.#change(principalArn, async (manager, { uniqueId }) => {
      await removeRows(manager, AccessKeyRow, { principalArn, expiresAt: LessThanOrEqual(now) });
      const startedBy = this.#call ? personOf(this.#call.principal) : null;
      const key = await this.#addAccessKey(manager, principalArn, { session: { name, expiresAt, startedBy } });
      return { ...key, session: key.session as NewSession['session'], uniqueId };
    });
  }

  /**
   * Sets or replaces the password of a user, and unlocks the user.
   *
   * @throws ValidationException for a role, and for a password that is too short or too long
   */
  async setPassword(principalArn: string, password: string): Promise<void> {
    const { salt, hash } = await hashPassword(password);
    try {
      await this.#change(principalArn, async (manager, { kind, uniqueId: userId }) => {
        if (kind !== 'user') throw new ValidationException('Only a user has a password.');
        await removeRows(manager, PasswordRow, { principalArn });
        const row = { principalArn, userId, salt };
        const sealed = this.masterKey.seal(aadOf(PasswordRow, row), hash);
        const state = { changedAt: this.clock.now(), failures: 0, lockedUntil: null };
        await manager.insert(PasswordRow, manager.create(PasswordRow, { ...row, ...state, sealed }));
      });
    } finally {
      hash.fill(0);
    }
  }

  async removePassword(principalArn: string): Promise<void> {
    await this.#change(principalArn, async (manager) => {
      const removed = await removeRows(manager, PasswordRow, { principalArn });
      if (removed === 0) throw new ResourceNotFoundException('password');
    });
  }

  async #summaries(principals: PrincipalRow[]): Promise<PrincipalSummary[]> {
    const of = { principalArn: In(principals.map(({ arn }) => arn)) };
    const policies = await this.database.manager.find(PrincipalPolicy, { where: of, order: { name: 'ASC' } });
    const accessKeys = await this.database.manager.find(AccessKeyRow, { where: of, order: { createdAt: 'ASC' } });
    const passwords = await this.database.manager.find(PasswordRow, { where: of });
    const own = <T extends { principalArn: string }>(rows: T[], arn: string) =>
      rows.filter(({ principalArn }) => principalArn === arn);
    return principals.map((principal) => ({
      principal,
      policies: own(policies, principal.arn),
      accessKeys: own(accessKeys, principal.arn),
      password: own(passwords, principal.arn)[0],
    }));
  }

  async #addAccessKey(
    manager: EntityManager,
    principalArn: string,
    { id, session }: { id?: string; session?: { name: string; expiresAt: Date; startedBy: string | null } } = {},
  ): Promise<NewAccessKey> {
    const secretAccessKey = randomBytes(30).toString('base64');
    const token = session && randomBytes(96).toString('base64');
    const row = {
      id: id ?? `${session ? 'ASIA' : 'AKIA'}${randomText(16)}`,
      principalArn,
      active: true,
      createdAt: this.clock.now(),
      lastUsedAt: null,
      expiresAt: session?.expiresAt ?? null,
      sessionName: session?.name ?? null,
      sessionTokenHash: token === undefined ? null : tokenHash(token),
      startedBy: session?.startedBy ?? null,
    };
    const clear = Buffer.from(secretAccessKey);
    const sealed = this.masterKey.seal(aadOf(AccessKeyRow, row), clear);
    clear.fill(0);
    await manager.insert(AccessKeyRow, { ...row, sealed });
    if (this.#call) this.#call.record.created({ accessKey: { accessKeyId: row.id } });
    return {
      accessKeyId: row.id,
      secretAccessKey,
      session: session && token !== undefined ? { token, expiresAt: session.expiresAt } : undefined,
    };
  }

  /**
   * Changes an access key while its user or role is locked.
   *
   * @throws ResourceNotFoundException also for an access key of another principal
   */
  async #changeAccessKey<T>(
    principalArn: string,
    id: string,
    work: (manager: EntityManager, key: AccessKeyRow) => Promise<T>,
  ): Promise<T> {
    return this.#change(principalArn, async (manager) => {
      const key = await manager.findOneBy(AccessKeyRow, { id, principalArn });
      if (!key) throw new ResourceNotFoundException(id);
      return work(manager, key);
    });
  }

  #transaction<T>(work: (manager: EntityManager, changed: (arn: string) => void) => Promise<T>): Promise<T> {
    return this.#call ? this.changes.transaction(this.#call, work) : this.changes.ownTransaction(work);
  }

  /** Changes a user or a role while its row is locked. */
  async #change<T>(arn: string, work: (manager: EntityManager, principal: PrincipalRow) => Promise<T>): Promise<T> {
    return this.#transaction(async (manager, changed) => {
      const found = await manager.findOne(PrincipalRow, { where: { arn }, lock: { mode: 'pessimistic_write' } });
      if (!found) throw new ResourceNotFoundException(arn);
      changed(arn);
      await this.#noteChange(manager, found);
      return work(manager, found);
    });
  }

  /**
   * Removes changes that no longer count. Those of a user or role that is removed still count: whoever it has changed could be
   * used by whoever changed it. Rows locked by another transaction are skipped to avoid a deadlock.
   */
  async #removeOldChanges(manager: EntityManager): Promise<void> {
    const before = new Date(this.clock.now().getTime() - CHANGE_COUNTS_MS);
    const rows = await manager.find(AccessChange, {
      where: { changedAt: LessThanOrEqual(before) },
      lock: { mode: 'pessimistic_write', onLocked: 'skip_locked' },
      take: MAX_REMOVED_CHANGES,
    });
    await manager.remove(rows);
  }

  /**
   * Notes who changes the access of another user or role: for a while, neither of them can approve requests of the other. The
   * sessions of a role name their starter themselves.
   */
  async #noteChange(manager: EntityManager, { kind, uniqueId: principalId }: PrincipalRow): Promise<void> {
    const call = this.#call;
    const changedBy = call && personOf(call.principal);
    if (changedBy === undefined || changedBy === principalId) return;
    if (kind === 'role' && SESSIONS.has(call?.operation ?? '')) return;
    const change = { principalId, changedBy };
    const changedAt = this.clock.now();
    const changed = await changeRows(manager, AccessChange, change, { changedAt });
    if (changed.length === 0) await manager.insert(AccessChange, { ...change, changedAt });
  }
}
