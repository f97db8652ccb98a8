import type { OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import type {
  EntitySubscriberInterface,
  InsertEvent,
  QueryRunner,
  TransactionCommitEvent,
  TransactionRollbackEvent,
  UpdateEvent,
} from 'typeorm';
import { epochSeconds } from '../http/fields.js';
import { ApprovalSession, sessionArn, sessionId } from './approval-session.entity.js';
import type { Webhook } from './webhook.js';

/** The members of a notice that may leave the deployment: no comments, no parameters and no request hash. */
type Notice = ReturnType<typeof noticeOf>;

/**
 * Logs every change of the state of an approval session once it is committed, and sends a notice of it to the webhook. Of
 * several changes in a transaction, the last one counts.
 */
export class ApprovalNotices implements EntitySubscriberInterface<ApprovalSession>, OnApplicationShutdown {
  /** Notices of each connection's current transaction, by session. */
  readonly #waiting = new WeakMap<QueryRunner, Map<string, Notice>>();

  constructor(
    private readonly logger: Logger,
    private readonly webhook: Webhook | undefined,
  ) {}

  listenTo(): typeof ApprovalSession {
    return ApprovalSession;
  }

  afterInsert({ entity, queryRunner }: InsertEvent<ApprovalSession>): void {
    this.#note(entity, queryRunner);
  }

  afterUpdate({ entity, queryRunner }: UpdateEvent<ApprovalSession>): void {
    this.#note(entity as ApprovalSession, queryRunner);
  }

  afterTransactionCommit({ queryRunner }: TransactionCommitEvent): void {
    const notices = this.#waiting.get(queryRunner);
    this.#waiting.delete(queryRunner);
    for (const notice of notices?.values() ?? []) {
      const { SessionArn: session, Operation: operation, State: state } = notice;
      this.logger.info({ session, operation, state }, 'approval session changed');
      this.webhook?.send(`approval.${state.toLowerCase()}`, notice);
    }
  }

  afterTransactionRollback({ queryRunner }: TransactionRollbackEvent): void {
    this.#waiting.delete(queryRunner);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.webhook?.close();
  }

  #note(session: ApprovalSession, runner: QueryRunner): void {
    const notices = this.#waiting.get(runner) ?? new Map<string, Notice>();
    this.#waiting.set(runner, notices.set(session.id, noticeOf(session)));
  }
}

/** Approvers have to read the request to learn its hash, so a notice doesn't have it. */
function noticeOf(session: ApprovalSession) {
  return {
    Id: sessionId(session),
    SessionArn: sessionArn(session),
    TeamArn: session.teamArn,
    Operation: `${session.api}:${session.operation}`,
    Requester: session.requesterArn,
    State: session.state,
    CreateTimestamp: epochSeconds(session.createdAt),
    ExpirationTimestamp: epochSeconds(session.expiresAt),
    ApprovedUntil: session.approvedUntil ? epochSeconds(session.approvedUntil) : undefined,
    IsBreakGlass: session.breakGlassReason !== null,
  };
}
