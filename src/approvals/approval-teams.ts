import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, In } from 'typeorm';
import { PrincipalRow } from '../access/principal.entity.js';
import { type Call, type Scope, scopeOf } from '../call.js';
import { Changes } from '../changes/changes.js';
import { Clock } from '../clock.js';
import { lockTransaction, LOCKS } from '../database/locks.js';
import { ConflictException, ResourceNotFoundException, ValidationException } from '../errors/exceptions.js';
import { canCompare, isOperator } from '../policy/conditions.js';
import { removeRows } from '../provider/changed-rows.js';
import { ApprovalGuard } from './approval-guard.entity.js';
import { ApprovalSessions } from './approval-sessions.js';
import { ApprovalTeam } from './approval-team.entity.js';
import { GuardedOperations } from './guarded-operations.js';
import { type GuardCondition, rulesArn } from './rules.js';

/** Name of the guard that stores an associated MPA team. */
export const ROOT_CERTIFICATES = 'IMPORT_ROOT_PUBLIC_KEY_CERTIFICATE';

const MAX_TEAMS = 50;

/** The members of a team that can be changed. */
export interface TeamMembers {
  /** Names of users. */
  approvers: readonly string[];
  minApprovals: number;
  sessionSeconds: number;
}

/** A team with the names of its approvers, where the users still exist. */
export interface NamedTeam {
  team: ApprovalTeam;
  approvers: { uniqueId: string; name: string | undefined }[];
}

export function teamArn({ accountId, region }: Scope, name: string): string {
  return `arn:aws:mpa:${region}:${accountId}:approval-team/${name}`;
}

/**
 * The approval teams and guards of the account, each in its Region. The gate in `Changes` requires the current team's
 * approval for a change of them. A change ends the sessions that were opened before it.
 */
@Injectable()
export class ApprovalTeams {
  constructor(
    private readonly database: DataSource,
    private readonly changes: Changes,
    private readonly sessions: ApprovalSessions,
    private readonly operations: GuardedOperations,
    private readonly clock: Clock,
  ) {}

  /** @throws ConflictException if the name is taken; ValidationException for unknown users, or too few of them */
  async create(call: Call, name: string, members: TeamMembers): Promise<NamedTeam> {
    const arn = teamArn(scopeOf(call), name);
    await this.changes.transaction(call, async (manager, changed) => {
      const where = scopeOf(call);
      await lockRules(manager, where.accountId);
      if ((await manager.countBy(ApprovalTeam, where)) >= MAX_TEAMS)
        throw new ConflictException(`A Region has at most ${MAX_TEAMS} teams: delete one that isn't used.`);
      const team = {
        arn,
        ...where,
        name,
        approvers: await this.#idsOf(manager, call, members),
        minApprovals: members.minApprovals,
        sessionSeconds: members.sessionSeconds,
        version: firstVersion(),
        createdAt: this.clock.now(),
      };
      if (await manager.findOneBy(ApprovalTeam, { arn }))
        throw new ConflictException(`The team ${name} already exists.`);
      await manager.insert(ApprovalTeam, team);
      call.record.created({ team: { teamArn: arn } });
      changed(rulesArn(call.principal.accountId));
    });
    return this.get(call, name);
  }

  /** Changes the approvers, and the number of required approvals. @throws as `create`; ResourceNotFoundException */
  async update(call: Call, name: string, members: TeamMembers): Promise<NamedTeam> {
    await this.#change(call, async (manager) => {
      const team = await this.#lockTeam(manager, call, name);
      Object.assign(team, {
        approvers: await this.#idsOf(manager, call, members),
        minApprovals: members.minApprovals,
        sessionSeconds: members.sessionSeconds,
        version: team.version + 1,
      });
      await manager.save(team);
    });
    return this.get(call, name);
  }

  /** @throws ResourceNotFoundException; ConflictException for a team that a guard names */
  async remove(call: Call, name: string): Promise<void> {
    await this.#change(call, async (manager) => {
      const team = await this.#lockTeam(manager, call, name);
      const guards = await manager.findBy(ApprovalGuard, { teamArn: team.arn });
      if (guards.length > 0)
        throw new ConflictException(
          `The team guards ${guards.map(({ operation }) => operation).join(', ')}: remove or change these guards first.`,
        );
      await manager.remove(team);
    });
  }

  /** @throws ResourceNotFoundException */
  async get(call: Call, name: string): Promise<NamedTeam> {
    const [named] = await this.#named(
      await this.database.manager.findBy(ApprovalTeam, { arn: teamArn(scopeOf(call), name) }),
    );
    if (!named) throw new ResourceNotFoundException(name);
    return named;
  }

  /** Lists the teams of the call's Region. */
  async list(call: Call): Promise<NamedTeam[]> {
    const where = scopeOf(call);
    return this.#named(await this.database.manager.find(ApprovalTeam, { where, order: { name: 'ASC' } }));
  }

  /** Lists the guards of the call's Region. */
  guards(call: Call): Promise<ApprovalGuard[]> {
    const where = scopeOf(call);
    return this.database.manager.find(ApprovalGuard, { where, order: { operation: 'ASC' } });
  }

  /**
   * Sets the team that must approve an operation, or changes it.
   *
   * @throws ValidationException for an operation that can't be guarded, and for an invalid condition
   * @throws ResourceNotFoundException for a team that doesn't exist
   */
  async putGuard(
    call: Call,
    operation: string,
    guard: { teamArn: string; condition?: GuardCondition | undefined },
  ): Promise<ApprovalGuard> {
    this.#requireGuardable(operation);
    if (guard.condition) checkCondition(guard.condition);
    return this.#change(call, async (manager) => {
      const { accountId, region } = scopeOf(call);
      const condition = guard.condition ? JSON.stringify(guard.condition) : null;
      return this.saveGuard(manager, { accountId, region, operation, teamArn: guard.teamArn, condition });
    });
  }

  /** @throws ResourceNotFoundException */
  async removeGuard(call: Call, operation: string): Promise<void> {
    this.#requireGuardable(operation);
    await this.#change(call, async (manager) => {
      const removed = await removeRows(manager, ApprovalGuard, { ...scopeOf(call), operation });
      if (removed === 0) throw new ResourceNotFoundException(operation);
    });
  }

  /**
   * Stores a guard within a transaction that calls `changed` with the ARN of the rules.
   *
   * @throws ResourceNotFoundException for a team that the account doesn't have in the guard's Region
   */
  async saveGuard(
    manager: EntityManager,
    guard: Pick<ApprovalGuard, 'accountId' | 'region' | 'operation' | 'teamArn' | 'condition'>,
  ): Promise<ApprovalGuard> {
    const { accountId, region, operation, teamArn: arn } = guard;
    await lockRules(manager, accountId);
    // Locked, so that it can't be removed meanwhile.
    const team = await manager.findOne(ApprovalTeam, {
      where: { arn, accountId, region },
      lock: { mode: 'pessimistic_write' },
    });
    if (!team) throw new ResourceNotFoundException(arn);
    const known = await manager.findOne(ApprovalGuard, {
      where: { accountId, region, operation },
      lock: { mode: 'pessimistic_write' },
    });
    if (known) return manager.save(Object.assign(known, guard, { version: known.version + 1 }));
    const added = manager.create(ApprovalGuard, { ...guard, version: firstVersion(), createdAt: this.clock.now() });
    await manager.insert(ApprovalGuard, added);
    return added;
  }

  /** Runs a change of the rules, and then ends the sessions that it has outdated. */
  async #change<T>(call: Call, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const result = await this.changes.transaction(call, async (manager, changed) => {
      changed(rulesArn(call.principal.accountId));
      return work(manager);
    });
    await this.sessions.settle();
    return result;
  }

  #requireGuardable(operation: string): void {
    const { guards } = this.operations;
    if (operation === ROOT_CERTIFICATES)
      throw new ValidationException('This guard is the association of an MPA team: call AssociateMpaTeam.');
    if (!guards.includes(operation))
      throw new ValidationException(`${operation} can't be guarded. Operations that can: ${guards.join(', ')}.`);
  }

  async #lockTeam(manager: EntityManager, call: Call, name: string): Promise<ApprovalTeam> {
    const where = { arn: teamArn(scopeOf(call), name) };
    const team = await manager.findOne(ApprovalTeam, { where, lock: { mode: 'pessimistic_write' } });
    if (!team) throw new ResourceNotFoundException(name);
    return team;
  }

  /** @returns the unique ids of the users, sorted */
  async #idsOf(manager: EntityManager, call: Call, { approvers, minApprovals }: TeamMembers): Promise<string[]> {
    const { accountId } = call.principal;
    const names = [...new Set(approvers)];
    const users = await manager.findBy(PrincipalRow, { accountId, kind: 'user', name: In(names) });
    const known = new Set(users.map(({ name }) => name));
    const unknown = names.filter((name) => !known.has(name));
    if (unknown.length > 0) throw new ValidationException(`There is no user ${unknown.join(', ')}.`);
    if (names.length < 2 || names.length < minApprovals)
      throw new ValidationException(
        `A team has at least 2 approvers, and at least as many as MinApprovals, ${minApprovals}.`,
      );
    return users.map(({ uniqueId }) => uniqueId).toSorted();
  }

  async #named(teams: ApprovalTeam[]): Promise<NamedTeam[]> {
    const uniqueId = In(teams.flatMap(({ approvers }) => [...approvers]));
    const users = teams.length > 0 ? await this.database.manager.findBy(PrincipalRow, { uniqueId }) : [];
    const names = new Map(users.map((user) => [user.uniqueId, user.name]));
    const named = (id: string) => ({ uniqueId: id, name: names.get(id) });
    const inOrder = (a: { name: string | undefined }, b: { name: string | undefined }) =>
      (a.name ?? '').localeCompare(b.name ?? '');
    return teams.map((team) => ({ team, approvers: team.approvers.map(named).toSorted(inOrder) }));
  }
}

/**
 * Locks the rules of an account against new teams and guards until the transaction ends. A change that depends on a guard's
 * absence takes it before it looks: a guard that another transaction sets meanwhile must not be replaced without its team.
 */
export function lockRules(manager: EntityManager, accountId: string): Promise<void> {
  return lockTransaction(manager, LOCKS.approvalSessions, rulesArn(accountId));
}

/** A team or guard that is removed and made again must not revive the sessions of the first. */
function firstVersion(): number {
  return randomInt(1, 2 ** 30);
}

/** @throws ValidationException */
function checkCondition(condition: GuardCondition): void {
  for (const [operator, keys] of Object.entries(condition)) {
    if (!isOperator(operator)) throw new ValidationException(`Condition: ${operator} isn't a condition operator.`);
    for (const [key, values] of Object.entries(keys))
      for (const value of values)
        if (!canCompare(operator, value))
          throw new ValidationException(`Condition: ${operator} can't compare ${key} with ${JSON.stringify(value)}.`);
  }
}
