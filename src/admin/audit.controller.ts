import { Inject } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type EventFilter, Position, readEvents } from '../audit/read-events.js';
import type { Call } from '../call.js';
import { auditSinkText } from '../config/audit-sinks.js';
import { CONFIG, type Config } from '../config/config.js';
import { ThrottlingException } from '../errors/exceptions.js';
import { OperationsController } from '../http/operation.js';
import { PageTokens } from '../http/page-tokens.js';
import { Query } from '../http/input.js';
import { AdminOperation } from './admin-operation.js';
import { presentVerification } from './audit.presenter.js';
import { AuditVerificationOutput, ListAuditEventsOutput, ListAuditEventsQuery } from './audit.schema.js';
import { ChainVerification } from './chain-verification.js';

const DEFAULT_EVENTS = 50;
/** Number of concurrent reads of the log per process; each holds a connection for up to two seconds. */
const MAX_READS = 2;

@OperationsController('audit')
export class AuditController {
  #reads = 0;

  constructor(
    private readonly database: DataSource,
    private readonly tokens: PageTokens,
    private readonly verification: ChainVerification,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @AdminOperation({
    name: 'ListAuditEvents',
    route: ['GET', 'audit/events'],
    resource: 'nothing',
    summary: 'Lists audit events',
    description:
      'Returns the events that match all filters, the newest first: in the order in which they were written, row by row of the ' +
      'table. One call reads at most 20,000 events, and stops after two seconds. `Complete` is then false, and NextToken continues ' +
      'from there, even if the page has no events. Limit the period (`From`, `To`) to speed up a search. Events appear up to 50 ms after their ' +
      'call was answered. If KEYBLOCK_AUDIT doesn’t include the table, the events of the data plane are stored elsewhere: ' +
      'DataEventSinks says where.',
    example: '"http://127.0.0.1:8080/admin/audit/events?Changes=true&MaxResults=5"',
    output: ListAuditEventsOutput,
  })
  async list(
    call: Call,
    @Query(ListAuditEventsQuery) { NextToken, MaxResults: limit = DEFAULT_EVENTS, ...filters }: ListAuditEventsQuery,
  ): Promise<ListAuditEventsOutput> {
    const list = ['ListAuditEvents', filters];
    const token = NextToken === undefined ? undefined : this.tokens.read(call, list, NextToken);
    const after = token === undefined ? undefined : Position.parse(JSON.parse(token));
    if (this.#reads === MAX_READS)
      throw new ThrottlingException('Too many calls are reading the audit log. Try again in a second.');
    this.#reads += 1;
    try {
      const { events, next, isComplete } = await readEvents(this.database, filterOf(filters), { limit, after });
      return {
        Events: events as Record<string, unknown>[],
        NextToken: next && this.tokens.issue(call, list, JSON.stringify(next)),
        Complete: isComplete,
        DataEventSinks: this.#dataEventSinks(),
      };
    } finally {
      this.#reads -= 1;
    }
  }

  @AdminOperation({
    name: 'VerifyAuditChains',
    route: ['POST', 'audit/verifications'],
    resource: 'nothing',
    summary: 'Starts a verification of the audit chains',
    description:
      'Does the same as `keyblock audit verify`, in the background of the node that responds: it reads the whole log, using at most a quarter of ' +
      'its thread. Only one verification runs at a time in a deployment; another is refused with ConflictException. ' +
      'GetAuditVerification returns the result. Reading the result needs a separate permission.',
    example: '-X POST http://127.0.0.1:8080/admin/audit/verifications',
    output: AuditVerificationOutput,
  })
  async verify({ principal }: Call): Promise<AuditVerificationOutput> {
    return presentVerification(await this.verification.start(principal.arn));
  }

  @AdminOperation({
    name: 'GetAuditVerification',
    route: ['GET', 'audit/verifications/latest'],
    resource: 'nothing',
    summary: 'Gets the latest verification of the audit chains',
    description:
      'Returns its state and, once it has ended, the report of each chain. To notice that an older database was restored, keep ' +
      'the heads elsewhere and compare them.',
    example: 'http://127.0.0.1:8080/admin/audit/verifications/latest',
    output: AuditVerificationOutput,
  })
  async latest(_call: Call): Promise<AuditVerificationOutput> {
    const latest = await this.verification.latest();
    return latest ? presentVerification(latest) : { State: 'NONE' };
  }

  /** The sinks of data events that aren't in the table; without them, the list would look complete. */
  #dataEventSinks(): string[] | undefined {
    const { audit } = this.config;
    return audit.some(({ name }) => name === 'table') ? undefined : audit.map(auditSinkText);
  }
}

function filterOf(query: Omit<ListAuditEventsQuery, 'NextToken' | 'MaxResults'>): EventFilter {
  const { From, To, Caller, Operation, Source, Key, Outcome, Changes, RequestId } = query;
  return {
    from: From === undefined ? undefined : new Date(From * 1000),
    to: To === undefined ? undefined : new Date(To * 1000),
    caller: Caller,
    operation: Operation,
    source: Source,
    key: Key,
    outcome: Outcome,
    changes: Changes === 'true',
    requestId: RequestId,
  };
}
