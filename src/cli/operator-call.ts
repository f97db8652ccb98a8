import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { ADMIN } from '../admin/api.js';
import { AuditLog } from '../audit/audit-log.js';
import { type Call, CallRecord } from '../call.js';
import { serviceSecret } from '../provider/service-secret.js';
import type { Api } from '../http/api.js';
import type { Deployment } from './deployment.js';

/** Returns an audit log for the changes that an operator makes on the command line. */
export async function operatorAudit(
  { config, database, masterKey, clock }: Deployment,
  logger: Logger,
): Promise<AuditLog> {
  const secret = await serviceSecret(database.manager, masterKey, 'audit');
  return new AuditLog({ database, secret, clock, logger, home: config });
}

/**
 * Represents a change that the operator makes on the command line as a call by the root without an access key, so that
 * it is audited like one.
 *
 * @param command the user agent that the event shows
 * @param api     the API that has the operation; the admin API by default
 */
export function operatorCall(
  { config, clock }: Pick<Deployment, 'config' | 'clock'>,
  command: string,
  operation: string,
  parameters: object,
  api: Api = ADMIN,
): Call {
  const { accountId, region } = config;
  const arn = `arn:aws:iam::${accountId}:root`;
  const record = new CallRecord();
  record.reads(parameters);
  return {
    requestId: randomUUID(),
    api,
    operation,
    principal: { arn, principalArn: arn, accountId, accessKeyId: '' },
    region,
    origin: { sourceIp: hostname(), secureTransport: false, userAgent: command, time: clock.now() },
    record,
  };
}
