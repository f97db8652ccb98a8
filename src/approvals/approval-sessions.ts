import { Inject, Injectable } from '@nestjs/common';
import { Brackets, DataSource, type EntityManager, In } from 'typeorm';
import type { Logger } from 'pino';
import { randomText } from '../access/random-text.js';
import { ADMIN } from '../admin/api.js';
import type { ServiceAct } from '../audit/audit-event.js';
import { type Approval, type Call, CallRecord, personOf, uniqueIdOf } from '../call.js';
import { Changes } from '../changes/changes.js';
import { DatabaseTime } from '../changes/database-time.js';
import { lockTransaction, LOCKS } from '../database/locks.js';
import {
  AccessDeniedException,
  ConflictException,
  ResourceNotFoundException,
  ServiceException,
  ServiceQuotaExceededException,
} from '../errors/exceptions.js';
import type { Api } from '../http/api.js';
import { LOGGER } from '../logger.js';
import { changeRows } from '../provider/changed-rows.js';
import { ApprovalSession, sessionArn, type SessionState } from './approval-session.entity.js';
import type { ApprovalTeam } from './approval-team.entity.js';
import { ApprovalVote, type VoteDecision } from './approval-vote.entity.js';
import type { Fact } from './guarded-operations.js';
import { canonicalJson, sha256 } from './request-hash.js';
import { type Needed, Rules } from './rules.js';
import { DENIED, DUE, ended, IN_STATE, isLive, OUTDATED, presentState, stateAt } from './session-state.js';
import { barrierOf, countVotes } from './vote-count.js';

/** Time in which an approved call can be repeated. */
const APPROVED_MS = 3_600_000;
/** Live sessions of one requester and team, so that calls can't fill the table. */
const MAX_LIVE = 100;
const UNCOUNTED = 'Votes no longer count: an approver was deleted, or the access of one was changed.';

/** The details of a request that approvers see. */
export interface SessionDetails {
  facts: readonly Fact[];
  /** The call's parameters as its audit event has them. */
  parameters?: unknown;
  /** ARNs of the keys and other resources, with their descriptions. */
  resources: readonly string[];
  before?: string | undefined;
  after?: string | undefined;
}

/** A request for approval. */
export interface Request {
  call: Call;
  requestHash: string;
  details: SessionDetails;
  comment?: string | undefined;
  /** Present if the service executes the call itself once it is approved. */
  execution?: { subject: string; input: string };
}

/** A session with its votes, its state at the time of reading, and what the caller may do. */
export interface SessionView {
  session: ApprovalSession;
  votes: ApprovalVote[];
  minApprovals: number;
  /** Reason why the caller can't vote; undefined if the caller can. */
  barrier: string | undefined;
  /** The caller's vote so far. */
  ownVote: VoteDecision | undefined;
}

/** Changes what an approved session asks for. Checks everything before it writes. @throws ServiceException */
export type Executor = (
  session: ApprovalSession,
  now: Date,
  manager: EntityManager,
  changed: (arn: string) => void,
) => Promise<void>;

type Note = (act: ServiceAct) => void;

/** A transaction in which a session is executed. */
interface Work {
  manager: EntityManager;
  changed: (arn: string) => void;
  note: Note;
}

/** The end of a session. */
interface End {
  state: SessionState;
  statusMessage?: string | null;
  now: Date;
  note?: Note;
}

/** Approval sessions and their votes. All times are by the database's clock. */
@Injectable()
export class ApprovalSessions {
  readonly #executors = new Map<string, { api: Api; execute: Executor }>();

  constructor(
    private readonly database: DataSource,
    private readonly changes: Changes,
    private readonly time: DatabaseTime,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Reads the database's clock. Callers read it before their transaction, which holds a connection. */
  now(): Promise<Date> {
    return this.time.read();
  }

  /** Lets the service execute approved calls of an operation itself. */
  executeWith(api: Api, operation: string, execute: Executor): void {
    this.#executors.set(`${api.name}:${operation}`, { api, execute });
  }

  /**
   * Finds the live session of a request, and locks it.
   *
   * @param rules before the change
   */
  async find(
    manager: EntityManager,
    { team }: Needed,
    requestHash: string,
    { rules, now }: { rules: Rules; now: Date },
  ): Promise<ApprovalSession | undefined> {
    const sessions = await manager.find(ApprovalSession, {
      where: { teamArn: team.arn, requestHash, state: In(['PENDING', 'APPROVED']) },
      order: { createdAt: 'DESC' },
      lock: { mode: 'pessimistic_write' },
    });
    return sessions.find((session) => isLive(stateAt(session, now, rules)));
  }

  /**
   * Uses up the approval of an approved session that is locked, and counts its votes again.
   *
   * @returns undefined if too few votes still count
   */
  async use(
    manager: EntityManager,
    { team }: Needed,
    session: ApprovalSession,
    now: Date,
  ): Promise<Approval | undefined> {
    const { breakGlassReason } = session;
    const { approvers } = await countVotes(manager, session, team, now);
    if (breakGlassReason === null && approvers.length < team.minApprovals) return undefined;
    await this.#end(manager, session, { state: 'EXECUTED', now });
    return { session: sessionArn(session), approvers, ...(breakGlassReason !== null && { breakGlassReason }) };
  }

  /** Opens a session in a transaction of its own, or returns the live one of the same request. */
  async open(request: Request, needed: Needed): Promise<ApprovalSession> {
    const { call, requestHash } = request;
    const record = new CallRecord();
    const now = await this.now();
    const requesting: Call = { ...call, api: ADMIN, operation: 'RequestApproval', record };
    return this.changes.transaction(requesting, async (manager) => {
      const session = await this.openWithin(manager, request, needed, now);
      record.reads({
        Session: sessionArn(session),
        Operation: `${session.api}:${session.operation}`,
        RequestHash: requestHash,
      });
      return session;
    });
  }

  /** Opens a session within a transaction, or returns the live one of the same request. */
  async openWithin(manager: EntityManager, request: Request, needed: Needed, now: Date): Promise<ApprovalSession> {
    const { call, requestHash, details, comment, execution } = request;
    const { team, guard } = needed;
    const requesterId = personOf(call.principal);
    const others = team.approvers.filter((id) => id !== requesterId).length;
    if (others < team.minApprovals)
      throw new AccessDeniedException(
        `${call.operation} needs ${approvals(team)}, but only ${others} of its approvers may vote on a request of ${call.principal.arn}.`,
      );
    await lockTransaction(manager, LOCKS.approvalSessions, team.arn);
    const rules = await Rules.read(manager, team.accountId);
    const known = execution ? undefined : await this.find(manager, needed, requestHash, { rules, now });
    if (known && !(await this.#endUncounted(manager, known, team, now))) return known;
    const live = { teamArn: team.arn, requesterId, state: In(['PENDING', 'APPROVED']) };
    if ((await manager.countBy(ApprovalSession, live)) >= MAX_LIVE)
      throw new ServiceQuotaExceededException(
        `${call.principal.arn} has ${MAX_LIVE} sessions of ${team.arn} that wait: cancel some of them.`,
      );
    const id = randomText(26);
    const session = manager.create(ApprovalSession, {
      id,
      accountId: team.accountId,
      region: team.region,
      teamArn: team.arn,
      teamVersion: team.version,
      api: call.api.name,
      operation: call.operation,
      guard: guard?.operation ?? null,
      guardVersion: guard?.version ?? null,
      subject: execution?.subject ?? null,
      requesterId,
      requesterArn: call.principal.arn,
      // Unpredictable, so that nobody can prepare two requests whose hashes begin with the same digits.
      requestHash: execution ? sha256(canonicalJson([id, requestHash])) : requestHash,
      details: JSON.stringify(details),
      comment: comment ?? null,
      input: execution?.input ?? null,
      state: 'PENDING',
      statusMessage: null,
      breakGlassReason: null,
      createdAt: now,
      expiresAt: new Date(now.getTime() + team.sessionSeconds * 1000),
      approvedUntil: null,
      endedAt: null,
      version: 1,
    });
    await manager.insert(ApprovalSession, session);
    return session;
  }

  /**
   * Votes in a pending session; a later vote of an approver replaces the earlier one. The last required approval
   * approves the session, and a denial that makes approval impossible ends it.
   *
   * @param requestHash the hash that the approver has read
   * @throws ResourceNotFoundException
   * @throws ConflictException for a session that isn't pending, and for another hash
   * @throws AccessDeniedException for a caller who may not vote
   */
  async vote(
    call: Call,
    named: { teamArn: string; id: string },
    vote: { decision: VoteDecision; requestHash: string; comment?: string | undefined },
  ): Promise<SessionView> {
    const now = await this.now();
    await this.changes.transaction(call, async (manager, changed, note) => {
      const { session, team } = await this.#pending(manager, named, now);
      const barrier = await barrierOf(manager, session, team, call.principal, now);
      if (barrier !== undefined) throw new AccessDeniedException(barrier);
      if (vote.requestHash !== session.requestHash)
        throw new ConflictException(
          "The request hash isn't that of the session: read what it asks for before you vote.",
        );
      const of = { sessionId: session.id, voterId: uniqueIdOf(call.principal) };
      const values = {
        voterArn: call.principal.arn,
        decision: vote.decision,
        requestHash: vote.requestHash,
        comment: vote.comment ?? null,
        votedAt: now,
      };
      const replaced = await changeRows(manager, ApprovalVote, of, values);
      if (replaced.length === 0) await manager.insert(ApprovalVote, { ...of, ...values });
      const { approvers, denials, eligible } = await countVotes(manager, session, team, now);
      if (approvers.length >= team.minApprovals) {
        await this.#approve(manager, session, now);
        await this.#execute(session, now, { manager, changed, note });
      } else if (eligible - denials < team.minApprovals)
        await this.#end(manager, session, { state: 'FAILED', statusMessage: DENIED, now, note });
    });
    return this.view(call, named);
  }

  /** Cancels a live session of the caller. @throws as `vote` */
  async cancel(call: Call, named: { teamArn: string; id: string }): Promise<SessionView> {
    const now = await this.now();
    await this.changes.transaction(call, async (manager, _, note) => {
      const session = await this.#lock(manager, named);
      if (session.requesterId !== personOf(call.principal))
        throw new AccessDeniedException('Only the requester can cancel a session.');
      const rules = await Rules.read(manager, session.accountId);
      if (!isLive(stateAt(session, now, rules))) throw ended(presentState(session, now, rules));
      await this.#end(manager, session, { state: 'CANCELLED', now, note });
    });
    return this.view(call, named);
  }

  /**
   * Approves a session in place of its team, for an operator of the host.
   *
   * @param call of the operator's command
   */
  async breakGlass(call: Call, named: { teamArn: string; id: string }, reason: string): Promise<ApprovalSession> {
    const now = await this.now();
    return this.changes.transaction(call, async (manager) => {
      const { session } = await this.#pending(manager, named, now);
      Object.assign(session, { breakGlassReason: reason });
      await this.#approve(manager, session, now);
      return session;
    });
  }

  /** Returns a session. @throws ResourceNotFoundException */
  async view(call: Call, named: { teamArn: string; id: string }): Promise<SessionView> {
    const session = await this.database.manager.findOneBy(ApprovalSession, { ...named });
    const [view] = session ? await this.#views(call, [session]) : [];
    if (!view) throw new ResourceNotFoundException(named.id);
    return view;
  }

  /**
   * Lists sessions of the account and the call's Region, the newest first.
   *
   * @param after position of the last one of the previous page: its time and id
   */
  async list(
    call: Call,
    { state, after, limit }: { state?: SessionState | undefined; after?: string | undefined; limit: number },
  ): Promise<SessionView[]> {
    const { accountId } = call.principal;
    const query = this.database
      .createQueryBuilder(ApprovalSession, 'session')
      .where({ accountId, region: call.region })
      .orderBy('session.createdAt', 'DESC')
      .addOrderBy('session.id', 'DESC')
      .limit(limit + 1);
    const [time = '', id = ''] = after?.split('|') ?? [];
    if (after !== undefined)
      query.andWhere(
        new Brackets((where) => where.where('(session.createdAt, session.id) < (:time, :id)', { time, id })),
      );
    // A session that has just expired may still be stored as live.
    const now = await this.now();
    if (state !== undefined) query.andWhere(`(${IN_STATE[state]})`, { state, now });
    return this.#views(call, await query.getMany());
  }

  /** Returns the latest session about a subject that the service executes, in its state now. */
  async about(subject: string): Promise<ApprovalSession | undefined> {
    return this.aboutWithin(this.database.manager, subject, await this.now());
  }

  /** Does the same as `about` within a transaction. */
  async aboutWithin(manager: EntityManager, subject: string, now: Date): Promise<ApprovalSession | undefined> {
    const session = await manager.findOne(ApprovalSession, { where: { subject }, order: { createdAt: 'DESC' } });
    if (!session) return undefined;
    const rules = await Rules.read(manager, session.accountId);
    return presentState(session, now, rules);
  }

  /** Ends the sessions that have expired or whose team or guard was changed, and executes those that break glass approved. */
  async settle(): Promise<void> {
    const now = await this.now();
    const due = await this.database.query<{ id: string; team_arn: string }[]>(DUE, [now.toISOString()]);
    for (const { id, team_arn: teamArn } of due)
      try {
        await this.changes.ownTransaction((manager, changed, note) =>
          this.#settleOne({ id, teamArn }, now, { manager, changed, note }),
        );
      } catch (error) {
        this.logger.error({ session: id, error: (error as Error).message }, 'an approval session could not be settled');
      }
  }

  async #settleOne(named: { teamArn: string; id: string }, now: Date, work: Work): Promise<void> {
    const { manager, note } = work;
    const session = await this.#lock(manager, named);
    if (!isLive(session.state)) return;
    const rules = await Rules.read(manager, session.accountId);
    const state = stateAt(session, now, rules);
    if (state === 'FAILED') {
      const reason = rules.isCurrent(session) ? DENIED : OUTDATED;
      await this.#end(manager, session, { state, statusMessage: reason, now, note });
      note({ api: ADMIN, name: 'ApprovalExpired', keyArn: sessionArn(session), details: { reason } });
    } else if (state === 'APPROVED') await this.#execute(session, now, work);
  }

  /** Executes an approved session that doesn't wait for its requester. A failure ends it. */
  async #execute(session: ApprovalSession, now: Date, { manager, changed, note }: Work): Promise<void> {
    if (session.subject === null) return;
    const { execute } = this.#executorOf(session);
    try {
      await execute(session, now, manager, changed);
    } catch (error) {
      if (!(error instanceof ServiceException)) throw error;
      await this.#end(manager, session, { state: 'FAILED', statusMessage: error.message, now, note });
      return;
    }
    await this.#end(manager, session, { state: 'EXECUTED', now, note });
  }

  async #lock(manager: EntityManager, { teamArn, id }: { teamArn: string; id: string }): Promise<ApprovalSession> {
    const session = await manager.findOne(ApprovalSession, {
      where: { id, teamArn },
      lock: { mode: 'pessimistic_write' },
    });
    if (!session) throw new ResourceNotFoundException(id);
    return session;
  }

  async #pending(manager: EntityManager, named: { teamArn: string; id: string }, now: Date) {
    const session = await this.#lock(manager, named);
    const rules = await Rules.read(manager, session.accountId);
    const team = rules.teams.get(session.teamArn);
    if (!team || stateAt(session, now, rules) !== 'PENDING') throw ended(presentState(session, now, rules));
    return { session, team };
  }

  async #approve(manager: EntityManager, session: ApprovalSession, now: Date): Promise<void> {
    Object.assign(session, { state: 'APPROVED', approvedUntil: new Date(now.getTime() + APPROVED_MS) });
    await this.#save(manager, session);
  }

  async #end(
    manager: EntityManager,
    session: ApprovalSession,
    { state, statusMessage = null, now, note }: End,
  ): Promise<void> {
    Object.assign(session, { state, statusMessage, endedAt: now });
    await this.#save(manager, session);
    if (session.subject !== null && note) note(outcomeOf(session, this.#executorOf(session).api));
  }

  #executorOf({ api, operation }: ApprovalSession) {
    const executor = this.#executors.get(`${api}:${operation}`);
    if (!executor) throw new Error(`Nothing executes ${operation}`);
    return executor;
  }

  async #save(manager: EntityManager, session: ApprovalSession): Promise<void> {
    session.version += 1;
    await manager.save(session);
  }

  /** Ends an approved session whose votes no longer suffice, so that the call can be requested anew. @returns true if it has */
  async #endUncounted(
    manager: EntityManager,
    session: ApprovalSession,
    team: ApprovalTeam,
    now: Date,
  ): Promise<boolean> {
    if (session.state !== 'APPROVED' || session.breakGlassReason !== null) return false;
    const { approvers } = await countVotes(manager, session, team, now);
    if (approvers.length >= team.minApprovals) return false;
    await this.#end(manager, session, { state: 'FAILED', statusMessage: UNCOUNTED, now });
    return true;
  }

  async #views(call: Call, sessions: ApprovalSession[]): Promise<SessionView[]> {
    if (sessions.length === 0) return [];
    const { manager } = this.database;
    const rules = await Rules.read(manager, call.principal.accountId);
    const now = await this.now();
    const votes = await manager.find(ApprovalVote, {
      where: { sessionId: In(sessions.map(({ id }) => id)) },
      order: { votedAt: 'ASC' },
    });
    const views: SessionView[] = [];
    for (const stored of sessions) {
      const session = presentState(stored, now, rules);
      const team = rules.teams.get(session.teamArn);
      const barrier =
        session.state === 'PENDING' && team
          ? await barrierOf(manager, session, team, call.principal, now)
          : `The session is ${session.state}.`;
      const own = votes.filter(({ sessionId }) => sessionId === session.id);
      const ownVote = own.find(({ voterId }) => voterId === uniqueIdOf(call.principal))?.decision;
      views.push({ session, votes: own, minApprovals: team?.minApprovals ?? 0, barrier, ownVote });
    }
    return views;
  }
}

/** `2 approvals of team custodians` */
export function approvals({ minApprovals, name }: ApprovalTeam): string {
  return `${minApprovals} approval${minApprovals === 1 ? '' : 's'} of team ${name}`;
}

/** CloudTrail's event of the outcome of a call that the service executes after its approval. */
function outcomeOf(session: ApprovalSession, api: Api): ServiceAct {
  const { state, operation, subject } = session;
  const sessionStatus = state === 'EXECUTED' ? 'APPROVED' : state;
  const details = { keyArn: subject ?? '', operation, mpaSessionArn: sessionArn(session), sessionStatus };
  return { api, name: operation, keyArn: subject ?? '', details };
}
