import type { DataSource, EntityManager } from 'typeorm';
import type { Call } from '../call.js';
import { type Gate, type Passage, Unapproved } from '../changes/gate.js';
import { inTime } from '../changes/in-time.js';
import { ApprovalRequiredException, ConflictException } from '../errors/exceptions.js';
import { sessionArn } from './approval-session.entity.js';
import { approvals, type ApprovalSessions, type SessionDetails } from './approval-sessions.js';
import type { GuardedOperation, GuardedOperations, Subject } from './guarded-operations.js';
import { keysOf, requestHash, shownParameters } from './request-hash.js';
import { type Needed, Rules, type RulesCache, rulesArn } from './rules.js';

export interface ApprovalGateOptions {
  database: DataSource;
  operations: GuardedOperations;
  sessions: ApprovalSessions;
  cache: RulesCache;
  /** Secret of the deployment, 32 bytes. */
  secret: Buffer;
}

/**
 * Requires approvals before every change to which a guard applies, in all APIs. A call without a guard costs only the
 * look-up of its operation and, if a guard could apply, of the cached rules.
 */
export class ApprovalGate implements Gate {
  constructor(private readonly options: ApprovalGateOptions) {}

  of(call: Call): Passage | undefined | Promise<Passage | undefined> {
    const operation = this.options.operations.find(call);
    if (!operation) return undefined;
    const { database, cache } = this.options;
    const { accountId } = call.principal;
    const name = rulesArn(accountId);
    const known = cache.known(name);
    const passage = (rules: Rules) => (rules.canConcern(call, operation) ? this.#passage(call, operation) : undefined);
    if (known) return passage(known.value);
    return cache.read(name, () => inTime(Rules.read(database.manager, accountId))).then(passage);
  }

  async #passage(call: Call, operation: GuardedOperation): Promise<Passage> {
    return new ApprovalPassage(this.options, call, operation, await this.options.sessions.now());
  }
}

/** A team that has to approve the call, whose approval is missing. */
interface Missing {
  needed: Needed;
  /** ARN of the pending session; undefined if there is none. */
  session: string | undefined;
}

class ApprovalPassage implements Passage {
  #subject?: Subject;
  #rules?: Rules;
  #missing: Missing[] = [];
  #requestHash = '';
  /** The subject of a call that lacks an approval. */
  #unapproved?: Subject;

  constructor(
    private readonly options: ApprovalGateOptions,
    private readonly call: Call,
    private readonly operation: GuardedOperation,
    private readonly now: Date,
  ) {}

  async enter(manager: EntityManager): Promise<void> {
    this.#subject = await this.operation.read(this.call, manager);
    // Read after the subject's locks are taken: a change of a team must be decided by its latest version.
    this.#rules = await Rules.read(manager, this.call.principal.accountId);
  }

  async leave(manager: EntityManager): Promise<void> {
    const { call, operation, options } = this;
    const [rules, before] = [this.#rules, this.#subject];
    if (!rules || !before) throw new Error('The passage was not entered');
    const subject = operation.readCreated ? await operation.readCreated(call, manager) : before;
    const needed = subject ? rules.needed(call, operation, subject) : [];
    if (!subject || needed.length === 0) return;
    if (subject.target !== undefined && !keysOf(call).includes(subject.target))
      throw new ConflictException('The alias that names the key was moved meanwhile. Repeat the call.');
    this.#requestHash = requestHash(options.secret, call, subject);
    const sessions = [];
    for (const each of needed) {
      const session = await options.sessions.find(manager, each, this.#requestHash, { rules, now: this.now });
      if (session?.state === 'APPROVED') sessions.push({ needed: each, session });
      else this.#missing.push({ needed: each, session: session && sessionArn(session) });
    }
    for (const { needed: each, session } of this.#missing.length === 0 ? sessions : []) {
      const approval = await options.sessions.use(manager, each, session, this.now);
      if (approval) call.record.approvedBy(approval);
      // Its votes no longer suffice: another session has to be opened.
      else this.#missing.push({ needed: each, session: undefined });
    }
    if (this.#missing.length === 0) return;
    this.#unapproved = subject;
    throw new Unapproved();
  }

  async request(): Promise<Error> {
    const { call, options } = this;
    if (!this.#unapproved) throw new Error('Nothing is missing');
    const details = await this.#detailsOf(this.#unapproved);
    const sentences: string[] = [];
    const arns: string[] = [];
    for (const { needed, session } of this.#missing) {
      const request = { call, requestHash: this.#requestHash, details };
      const arn = session ?? sessionArn(await options.sessions.open(request, needed));
      arns.push(arn);
      sentences.push(`needs ${approvals(needed.team)}: session ${arn}`);
    }
    return new ApprovalRequiredException(
      `${call.operation} ${sentences.join('; and it ')}. Repeat the same call when it is approved.`,
      arns,
    );
  }

  /** Describes the keys as they are after the rollback: approvers must not read a state that the call would bring about. */
  async #detailsOf({ facts, before, after }: Subject): Promise<SessionDetails> {
    const { database, operations } = this.options;
    const resources = [];
    for (const arn of keysOf(this.call)) resources.push(await operations.describe(arn, database.manager));
    return { facts, parameters: shownParameters(this.call), resources, before, after };
  }
}
