import type { Logger } from 'pino';
import { ApprovalGate } from '../approvals/approval-gate.js';
import { ApprovalSessions } from '../approvals/approval-sessions.js';
import { GuardedOperations } from '../approvals/guarded-operations.js';
import { HOST_OPERATIONS } from '../approvals/host-operations.js';
import { RulesCache } from '../approvals/rules.js';
import type { Changes } from '../changes/changes.js';
import { DatabaseTime } from '../changes/database-time.js';
import { serviceSecret } from '../provider/service-secret.js';
import type { Deployment } from './deployment.js';

/**
 * Makes an operator's changes wait for approval where a guard covers them: see HOST_OPERATIONS. @returns the changes
 */
export async function guardHostOperations(
  changes: Changes,
  { database, masterKey }: Deployment,
  logger: Logger,
): Promise<Changes> {
  const operations = new GuardedOperations();
  operations.register(...HOST_OPERATIONS);
  const sessions = new ApprovalSessions(database, changes, new DatabaseTime(database), logger);
  const secret = await serviceSecret(database.manager, masterKey, 'audit');
  changes.guardBy(
    new ApprovalGate({ database, operations, sessions, cache: new RulesCache(changes.freshness), secret }),
  );
  return changes;
}
