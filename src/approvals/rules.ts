import type { EntityManager } from 'typeorm';
import { contextOf } from '../access/request-context.js';
import type { Call } from '../call.js';
import { FreshCache } from '../changes/fresh-cache.js';
import { condition } from '../policy/conditions.js';
import { ApprovalGuard } from './approval-guard.entity.js';
import type { ApprovalSession } from './approval-session.entity.js';
import { ApprovalTeam } from './approval-team.entity.js';
import type { GuardedOperation, Subject } from './guarded-operations.js';

/** The ARN under which changes of an account's teams and guards are notified. */
export const rulesArn = (accountId: string): string => `arn:aws:mpa::${accountId}:rules`;

/** A team that must approve a call. */
export interface Needed {
  readonly team: ApprovalTeam;
  /** Undefined if the team is required independently of guards. */
  readonly guard?: ApprovalGuard;
}

/** The condition block of a guard: values by operator and condition key. */
export type GuardCondition = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** The teams and guards of an account, in all Regions. */
export class Rules {
  readonly teams: ReadonlyMap<string, ApprovalTeam>;

  constructor(
    readonly accountId: string,
    teams: readonly ApprovalTeam[],
    readonly guards: readonly ApprovalGuard[],
  ) {
    this.teams = new Map(teams.map((team) => [team.arn, team]));
  }

  /** Reads and verifies the rows. @throws BoundRowError */
  static async read(manager: EntityManager, accountId: string): Promise<Rules> {
    const teams = await manager.find(ApprovalTeam, { where: { accountId }, order: { arn: 'ASC' } });
    const guards = await manager.find(ApprovalGuard, { where: { accountId }, order: { region: 'ASC' } });
    return new Rules(accountId, teams, guards);
  }

  /** True if calls of an operation can need approvals. */
  canConcern(call: Call, operation: GuardedOperation): boolean {
    if (operation.requiresTeams && this.teams.size > 0) return true;
    return this.#guardsOf(call, operation).length > 0;
  }

  /** Returns the teams that must approve a call, each once. */
  needed(call: Call, operation: GuardedOperation, subject: Subject): Needed[] {
    const found = new Map<string, Needed>();
    for (const guard of this.#guardsOf(call, operation))
      if (holds(guard, call, subject)) found.set(guard.teamArn, { team: this.#team(guard.teamArn), guard });
    for (const arn of subject.teams ?? []) if (!found.has(arn)) found.set(arn, { team: this.#team(arn) });
    return [...found.values()];
  }

  /** Returns the ARNs of the teams that a user belongs to. */
  teamsOf(userId: string): string[] {
    return [...this.teams.values()].filter(({ approvers }) => approvers.includes(userId)).map(({ arn }) => arn);
  }

  /** False for a session whose team or guard was changed or removed since it was opened. */
  isCurrent({ teamArn, teamVersion, region, guard, guardVersion }: ApprovalSession): boolean {
    if (this.teams.get(teamArn)?.version !== teamVersion) return false;
    if (guard === null) return true;
    const now = this.guards.find((each) => each.region === region && each.operation === guard);
    return now?.version === guardVersion && now.teamArn === teamArn;
  }

  #guardsOf({ region }: Call, { guard, isGlobal }: GuardedOperation): ApprovalGuard[] {
    if (guard === undefined) return [];
    return this.guards.filter((each) => each.operation === guard && (isGlobal === true || each.region === region));
  }

  #team(arn: string): ApprovalTeam {
    const team = this.teams.get(arn);
    if (!team) throw new Error(`The team ${arn} of a guard doesn't exist: restore its row`);
    return team;
  }
}

/** True if a guard applies to a call. */
function holds({ condition: written }: ApprovalGuard, call: Call, { tags, conditionKeys }: Subject): boolean {
  if (written === null) return true;
  const context = contextOf({ call, tags, conditionKeys });
  return Object.entries(JSON.parse(written) as GuardCondition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, values]) => condition(operator, key, values, false)(context)),
  );
}

/** The rules of accounts, by `rulesArn`. */
export class RulesCache extends FreshCache<Rules> {
  owns(arn: string): boolean {
    return arn.startsWith('arn:aws:mpa:');
  }

  protected sourceOf({ accountId }: Rules): string {
    return rulesArn(accountId);
  }
}
