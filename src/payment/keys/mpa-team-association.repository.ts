import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { ApprovalGuard } from '../../approvals/approval-guard.entity.js';
import { type ApprovalSession, sessionArn } from '../../approvals/approval-session.entity.js';
import { ApprovalSessions } from '../../approvals/approval-sessions.js';
import { ApprovalTeam } from '../../approvals/approval-team.entity.js';
import { ApprovalTeams, lockRules, ROOT_CERTIFICATES } from '../../approvals/approval-teams.js';
import type { Fact } from '../../approvals/guarded-operations.js';
import { canonicalJson, sha256, shownParameters } from '../../approvals/request-hash.js';
import { rulesArn } from '../../approvals/rules.js';
import type { ServiceAct } from '../../audit/audit-event.js';
import { type Call, scopeOf, uniqueIdOf } from '../../call.js';
import { Changes } from '../../changes/changes.js';
import { ConflictException, ResourceNotFoundException } from '../../errors/exceptions.js';
import type { Key } from './key.entity.js';

export { ROOT_CERTIFICATES };

/** The operations that need a team's approval. */
export const MPA_OPERATIONS = [ROOT_CERTIFICATES] as const;
export type MpaOperation = (typeof MPA_OPERATIONS)[number];

export const ASSOCIATION_STATES = ['ACTIVE', 'UPDATE_PENDING', 'DELETE_PENDING'] as const;
export type AssociationState = (typeof ASSOCIATION_STATES)[number];

/** The team that approves an operation in an account and Region, and the latest request to change that. */
export interface MpaTeamAssociation {
  action: MpaOperation;
  teamArn: string;
  state: AssociationState;
  session: ApprovalSession | undefined;
}

/** A request for the approval of a call that the service executes itself. */
interface MpaRequest {
  manager: EntityManager;
  note: (act: ServiceAct) => void;
  /** By the database's clock. */
  now: Date;
  /** The resource that changes: a key, or the association. */
  subject: string;
  comment?: string | undefined;
}

type Note = MpaRequest['note'];

/**
 * The teams that approve protected operations of the caller's account and Region. The first team takes effect at once.
 * To change or remove a team, the current one must approve. An association is stored as a guard.
 */
@Injectable()
export class MpaTeamAssociationRepository implements OnApplicationBootstrap {
  constructor(
    private readonly database: DataSource,
    private readonly changes: Changes,
    private readonly teams: ApprovalTeams,
    private readonly sessions: ApprovalSessions,
  ) {}

  /** Returns the association of an operation, or undefined. */
  async find(call: Call, action: MpaOperation): Promise<MpaTeamAssociation | undefined> {
    const guard = await this.database.manager.findOneBy(ApprovalGuard, { ...scopeOf(call), operation: action });
    return guard ? present(guard, await this.sessions.about(associationOf(guard))) : undefined;
  }

  /** Returns the association of an operation. @throws ResourceNotFoundException if it has none */
  async get(call: Call, action: MpaOperation): Promise<MpaTeamAssociation> {
    const found = await this.find(call, action);
    if (!found) throw new ResourceNotFoundException(action);
    return found;
  }

  /**
   * Associates an operation with its first team, or requests a change to another team. Does nothing if the team is the
   * current one.
   *
   * @throws ResourceNotFoundException for a team that doesn't exist, ConflictException while another change is pending
   */
  async associate(
    call: Call,
    action: MpaOperation,
    teamArn: string,
    comment: string | undefined,
  ): Promise<MpaTeamAssociation> {
    const now = await this.sessions.now();
    await this.changes.transaction(call, async (manager, changed, note) => {
      const scope = scopeOf(call);
      await lockRules(manager, scope.accountId);
      if (!(await manager.findOneBy(ApprovalTeam, { ...scope, arn: teamArn })))
        throw new ResourceNotFoundException(teamArn);
      const guard = await this.#lockSettled(call, manager, action, now);
      if (!guard) {
        await this.teams.saveGuard(manager, { ...scope, operation: action, teamArn, condition: null });
        changed(rulesArn(scope.accountId));
      } else if (guard.teamArn !== teamArn)
        await this.request(call, { manager, note, subject: associationOf(guard), comment, now });
    });
    return this.get(call, action);
  }

  /**
   * Requests the removal of an association.
   *
   * @throws ResourceNotFoundException if the operation has none, ConflictException while another change is pending
   */
  async disassociate(call: Call, action: MpaOperation, comment: string | undefined): Promise<MpaTeamAssociation> {
    const now = await this.sessions.now();
    await this.changes.transaction(call, async (manager, _, note) => {
      const guard = await this.#lockSettled(call, manager, action, now);
      if (!guard) throw new ResourceNotFoundException(action);
      await this.request(call, { manager, note, subject: associationOf(guard), comment, now });
    });
    return this.get(call, action);
  }

  /** Requests the approval of the current team for a call that the service then executes. */
  async request(call: Call, { manager, note, now, subject, comment }: MpaRequest): Promise<void> {
    const guard = await lockGuard(call, manager, ROOT_CERTIFICATES);
    const team = guard && (await manager.findOneBy(ApprovalTeam, { arn: guard.teamArn }));
    if (!guard) throw new ConflictException('The association has meanwhile been removed. Repeat the call.');
    if (!team)
      throw new ConflictException(`The team ${guard.teamArn} doesn't exist, and nobody can approve: create it.`);
    const { origin, principal, record } = call;
    const { sourceIp, secureTransport, userAgent } = origin;
    const requester = uniqueIdOf(principal);
    const input = JSON.stringify({ input: record.input, requester, origin: { sourceIp, secureTransport, userAgent } });
    const stated = [principal.accountId, call.region, call.operation, subject, input];
    const requestHash = sha256(canonicalJson(stated));
    const details = { facts: factsOf(call, guard), parameters: shownParameters(call), resources: [subject] };
    const execution = { subject, input };
    const session = await this.sessions.openWithin(
      manager,
      { call, requestHash, details, comment, execution },
      { team, guard },
      now,
    );
    this.#note(note, call, session);
  }

  /** Reads the database's clock, for `request`. */
  now(): Promise<Date> {
    return this.sessions.now();
  }

  /** Returns the approval session of a key's import. */
  async sessionOf({ arn, class: keyClass, origin, usage }: Key): Promise<ApprovalSession | undefined> {
    const isRoot = keyClass === 'PUBLIC_KEY' && usage === 'TR31_S0_ASYMMETRIC_KEY_FOR_DIGITAL_SIGNATURE';
    return isRoot && origin === 'EXTERNAL' ? this.sessions.about(arn) : undefined;
  }

  /** Converts associations from versions without approvals to guards, so that they remain in force. */
  async onApplicationBootstrap(): Promise<void> {
    if ((await this.database.query<unknown[]>('SELECT FROM mpa_team_associations LIMIT 1')).length === 0) return;
    await this.changes.ownTransaction(async (manager, changed) => {
      const former = await manager.query<{ account_id: string; region: string; team_arn: string }[]>(
        'SELECT account_id, region, team_arn FROM mpa_team_associations FOR UPDATE',
      );
      for (const { account_id: accountId, region, team_arn: teamArn } of former) {
        const of = { accountId, region, operation: ROOT_CERTIFICATES };
        if (await manager.findOneBy(ApprovalGuard, of)) continue;
        const guard = { ...of, teamArn, condition: null, version: 1, createdAt: new Date() };
        await manager.insert(ApprovalGuard, guard);
        changed(rulesArn(accountId));
      }
      await manager.query('DELETE FROM mpa_team_associations');
    });
  }

  #note(note: Note, call: Call, session: ApprovalSession): void {
    const details = {
      operation: session.operation,
      requester: call.principal.arn,
      requestHash: session.requestHash,
    };
    note({ api: call.api, name: 'RequestApproval', keyArn: sessionArn(session), details });
  }

  /** Locks an association without a pending change until the transaction ends. @throws ConflictException */
  async #lockSettled(
    call: Call,
    manager: EntityManager,
    action: MpaOperation,
    now: Date,
  ): Promise<ApprovalGuard | null> {
    const guard = await lockGuard(call, manager, action);
    const session = guard && (await this.sessions.aboutWithin(manager, associationOf(guard), now));
    const state = guard ? present(guard, session ?? undefined).state : 'ACTIVE';
    if (state !== 'ACTIVE')
      throw new ConflictException(`The team for ${action} is in ${state} state: a change is waiting for approval.`);
    return guard;
  }
}

function lockGuard(
  { principal, region }: Call,
  manager: EntityManager,
  operation: string,
): Promise<ApprovalGuard | null> {
  const where = { accountId: principal.accountId, region, operation };
  return manager.findOne(ApprovalGuard, { where, lock: { mode: 'pessimistic_write' } });
}

function present({ teamArn }: ApprovalGuard, session: ApprovalSession | undefined): MpaTeamAssociation {
  const pending = session?.operation === 'AssociateMpaTeam' ? 'UPDATE_PENDING' : 'DELETE_PENDING';
  const state = session?.state === 'PENDING' ? pending : 'ACTIVE';
  return { action: ROOT_CERTIFICATES, teamArn, state, session };
}

/** The name of an association as the subject of sessions. */
function associationOf({ region, accountId, operation }: ApprovalGuard): string {
  return `arn:aws:mpa:${region}:${accountId}:association/${operation}`;
}

function factsOf(call: Call, { teamArn }: ApprovalGuard): Fact[] {
  const { MpaTeamArn } = (call.record.input ?? {}) as { MpaTeamArn?: string };
  const change = {
    ImportKey: 'Imports a root certificate, whose authority then vouches for certificates of other keys.',
    AssociateMpaTeam: `Lets ${MpaTeamArn} approve imports of root certificates from now on, in place of ${teamArn}.`,
    DisassociateMpaTeam: `Lets root certificates be imported without an approval. So far, they need the approval of ${teamArn}.`,
  }[call.operation];
  return [{ name: 'Change', value: change ?? call.operation }];
}
