import { Global, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Changes } from '../changes/changes.js';
import { MasterKey } from '../provider/master-key.js';
import { serviceSecret } from '../provider/service-secret.js';
import { ApprovalGate } from './approval-gate.js';
import { ApprovalSessions } from './approval-sessions.js';
import { ApprovalSettler } from './approval-settler.js';
import { ApprovalTeams } from './approval-teams.js';
import { GuardedOperations } from './guarded-operations.js';
import { RulesCache } from './rules.js';

/** Approvals: teams, guards, sessions, and the gate for all changes. */
@Global()
@Module({
  providers: [
    GuardedOperations,
    ApprovalSessions,
    ApprovalTeams,
    ApprovalSettler,
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
