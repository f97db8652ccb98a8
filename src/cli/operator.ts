import { type Logger, pino } from 'pino';
import type { AuditLog } from '../audit/audit-log.js';
import type { Call } from '../call.js';
import { Changes } from '../changes/changes.js';
import type { Api } from '../http/api.js';
import { type Deployment, withDeployment } from './deployment.js';
import { guardHostOperations } from './operator-approvals.js';
import { operatorAudit, operatorCall } from './operator-call.js';

/** Opens the deployment that the environment names, and runs the operator's work on it. */
export function withOperator(command: string, work: (operator: Operator) => Promise<void>): Promise<void> {
  return withDeployment(async (deployment) => {
    const logger = pino({ level: 'silent' });
    const audit = await operatorAudit(deployment, logger);
    await work(new Operator(command, deployment, audit, logger));
  });
}

/** The operator of a deployment, whose changes are audited as calls by the root without an access key. */
export class Operator {
  readonly changes: Changes;

  constructor(
    private readonly command: string,
    readonly deployment: Deployment,
    private readonly audit: AuditLog,
    private readonly logger: Logger,
  ) {
    const { database, clock } = deployment;
    this.changes = new Changes(database, audit, clock, logger);
  }

  /** Returns changes that wait for approval where a guard covers them. */
  guardedChanges(): Promise<Changes> {
    const { audit, deployment, logger } = this;
    const { database, clock } = deployment;
    return guardHostOperations(new Changes(database, audit, clock, logger), deployment, logger);
  }

  /**
   * Runs work that makes changes, with an open audit log. Commands that only read don't need one, and create no chain.
   */
  async audited<T>(work: () => Promise<T>): Promise<T> {
    await this.audit.open();
    try {
      return await work();
    } finally {
      await this.audit.close();
    }
  }

  /**
   * Represents a change by the operator as a call.
   *
   * @param operation name of the audit event
   * @param api       the API that has the operation; the admin API by default
   */
  call(operation: string, parameters: object, api?: Api): Call {
    return operatorCall(this.deployment, this.command, operation, parameters, api);
  }
}
