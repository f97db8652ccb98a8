import { Global, Module } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { Changes } from '../changes/changes.js';
import { Clock } from '../clock.js';
import { CONFIG, type Config } from '../config/config.js';
import { Metrics } from '../http/metrics.js';
import { LOGGER } from '../logger.js';
import { MasterKey } from '../provider/master-key.js';
import { serviceSecret } from '../provider/service-secret.js';
import { ApprovalGate } from './approval-gate.js';
import { ApprovalNotices } from './approval-notices.js';
import { ApprovalSessions } from './approval-sessions.js';
import { ApprovalSettler } from './approval-settler.js';
import { ApprovalTeams } from './approval-teams.js';
import { GuardedOperations } from './guarded-operations.js';
import { RulesCache } from './rules.js';
import { type NoticeOutcome, Webhook } from './webhook.js';

/** Approvals: teams, guards, sessions, and the gate for all changes. */
@Global()
@Module({
  providers: [
    GuardedOperations,
    ApprovalSessions,
    ApprovalTeams,
    ApprovalSettler,
    {
      provide: ApprovalNotices,
      useFactory: (
        { approvalsWebhook }: Config,
        database: DataSource,
        clock: Clock,
        metrics: Metrics,
        logger: Logger,
      ) => {
        const count = (outcome: NoticeOutcome) => metrics.countApprovalNotice(outcome);
        const webhook = approvalsWebhook && new Webhook({ ...approvalsWebhook, clock, logger, count });
        const notices = new ApprovalNotices(logger, webhook);
        database.subscribers.push(notices);
        return notices;
      },
      inject: [CONFIG, DataSource, Clock, Metrics, LOGGER],
    },
    {
      provide: ApprovalGate,
      useFactory: async (
        database: DataSource,
        changes: Changes,
        masterKey: MasterKey,
        operations: GuardedOperations,
        sessions: ApprovalSessions,
      ) => {
        const secret = await serviceSecret(database.manager, masterKey, 'audit');
        const cache = changes.subscribe(new RulesCache(changes.freshness));
        const gate = new ApprovalGate({ database, operations, sessions, cache, secret });
        changes.guardBy(gate);
        return gate;
      },
      inject: [DataSource, Changes, MasterKey, GuardedOperations, ApprovalSessions],
    },
  ],
  exports: [GuardedOperations, ApprovalSessions, ApprovalTeams],
})
export class ApprovalsModule {}
