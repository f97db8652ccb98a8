import { DataSource } from 'typeorm';
import { AuditLog } from '../../src/audit/audit-log.js';
import type { ChainReport } from '../../src/audit/chain-check.js';
import { verifyTable } from '../../src/audit/verify.js';
import { MasterKey } from '../../src/provider/master-key.js';
import { serviceSecret } from '../../src/provider/service-secret.js';
import { useService } from './api.js';
import { stopReplication } from './replication.js';
import { type RawRequest, type RawResponse, target } from './service.js';

/** Calls, and the audit events that they cause. */

export interface AuditEvent {
  eventName: string;
  eventType: string;
  requestID: string;
  errorCode?: string;
  errorMessage?: string;
  userIdentity: { type: string; arn?: string; accessKeyId?: string; userName?: string };
  requestParameters: Record<string, unknown> | null;
  responseElements: object | null;
  resources: { ARN: string }[];
  sourceIPAddress: string;
  readOnly: boolean;
}

export const idOf = (response: RawResponse) => response.headers.get('x-amzn-requestid')!;

export const mac = (KeyIdentifier: string) => ({
  path: '/mac/generate',
  body: JSON.stringify({ KeyIdentifier, MessageData: '3132333435363738', GenerationAttributes: { Algorithm: 'CMAC' } }),
});

/** Starts a service of two Regions with low limits, and returns the calls that the specs of the audit log share. */
export function useAudit() {
  const service = useService({
    KEYBLOCK_REGIONS: 'us-east-1,eu-west-1',
    KEYBLOCK_BODY_LIMIT_BYTES: '20000',
    KEYBLOCK_CONTROL_PLANE_RATE: '1000',
    KEYBLOCK_DATA_PLANE_RATE: '20',
  });
  const stored = {} as { database: DataSource };
  beforeAll(async () => {
    stored.database = service.app.get(DataSource);
    await stored.database.query(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''refused''; END'`,
    );
    await stopReplication(service);
  });

  async function events(): Promise<AuditEvent[]> {
    await service.app.get(AuditLog).flush();
    const sql = 'SELECT event FROM audit_events ORDER BY chain, sequence';
    return (await stored.database.query<{ event: AuditEvent }[]>(sql)).map(({ event }) => event);
  }

  return {
    service,
    stored,
    events,
    /** Makes the database reject every audit event until `acceptEvents` is called. */
    rejectEvents: () =>
      stored.database.query('CREATE TRIGGER refuse BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION refuse()'),
    acceptEvents: () => stored.database.query('DROP TRIGGER refuse ON audit_log'),
    async countEvents(): Promise<number> {
      await service.app.get(AuditLog).flush();
      const [row] = await stored.database.query<{ count: string }[]>('SELECT count(*) AS count FROM audit_events');
      return Number(row!.count);
    },
    /** Returns the event of a call, which must be the only one. */
    async eventOf(response: RawResponse): Promise<AuditEvent> {
      const found = (await events()).filter(({ requestID }) => requestID === idOf(response));
      expect(found).toHaveLength(1);
      return found[0]!;
    },
    /** Verifies the chains of the log. */
    async reports(): Promise<ChainReport[]> {
      const found: ChainReport[] = [];
      const secret = await serviceSecret(stored.database.manager, service.app.get(MasterKey), 'audit');
      await verifyTable(stored.database, secret, (report) => found.push(report));
      return found;
    },
    control: (operation: string, input: object, more: Partial<RawRequest> = {}) =>
      service.send({ headers: target(operation), body: JSON.stringify(input), ...more }),
    /** Sends a request to the data plane, and retries while the rate limit rejects it. */
    async data(request: Partial<RawRequest>): Promise<RawResponse> {
      for (;;) {
        const response = await service.send(request);
        if (response.status !== 429) return response;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
  };
}
